CREATE TABLE `usage_history` (
	`tenant` text NOT NULL,
	`feature` text NOT NULL,
	`period_start` integer NOT NULL,
	`at` integer NOT NULL,
	`used_before` integer,
	PRIMARY KEY(`tenant`, `feature`, `period_start`, `at`)
);
--> statement-breakpoint
CREATE INDEX `usage_history_by_time` ON `usage_history` (`at`);--> statement-breakpoint
ALTER TABLE `usage_totals` ADD `used_before` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
INSERT INTO `usage_history` (`tenant`, `feature`, `period_start`, `at`, `used_before`) SELECT `tenant`, `feature`, `period_start`, `updated_at`, NULL FROM `usage_totals`;
