CREATE TABLE `__new_usage_totals` (
	`tenant` text NOT NULL,
	`feature` text NOT NULL,
	`period_kind` text NOT NULL,
	`period_start` integer NOT NULL,
	`used` integer NOT NULL,
	`set_at` integer,
	`last_at` integer,
	`version` integer DEFAULT 0 NOT NULL,
	`written_by` integer DEFAULT 0 NOT NULL,
	`updated_at` integer NOT NULL,
	PRIMARY KEY(`tenant`, `feature`, `period_kind`, `period_start`)
);
--> statement-breakpoint
INSERT INTO `__new_usage_totals`("tenant", "feature", "period_kind", "period_start", "used", "set_at", "last_at", "version", "written_by", "updated_at") SELECT "tenant", "feature", CASE WHEN `period_start` = -1 THEN 'never' ELSE coalesce((SELECT f.`settings` ->> '$.resetPeriod' FROM `features` f WHERE f.`key` = `usage_totals`.`feature`), 'month') END, "period_start", "used", NULL, NULL, 0, 0, "updated_at" FROM `usage_totals`;--> statement-breakpoint
DROP TABLE `usage_totals`;--> statement-breakpoint
ALTER TABLE `__new_usage_totals` RENAME TO `usage_totals`;--> statement-breakpoint
CREATE INDEX `usage_totals_by_writer` ON `usage_totals` (`written_by`);--> statement-breakpoint
CREATE TABLE `__new_usage_history` (
	`tenant` text NOT NULL,
	`feature` text NOT NULL,
	`period_kind` text NOT NULL,
	`period_start` integer NOT NULL,
	`at` integer NOT NULL,
	`used_before` integer,
	PRIMARY KEY(`tenant`, `feature`, `period_kind`, `period_start`, `at`)
);
--> statement-breakpoint
INSERT INTO `__new_usage_history`("tenant", "feature", "period_kind", "period_start", "at", "used_before") SELECT "tenant", "feature", CASE WHEN `period_start` = -1 THEN 'never' ELSE coalesce((SELECT f.`settings` ->> '$.resetPeriod' FROM `features` f WHERE f.`key` = `usage_history`.`feature`), 'month') END, "period_start", "at", "used_before" FROM `usage_history`;--> statement-breakpoint
DROP TABLE `usage_history`;--> statement-breakpoint
ALTER TABLE `__new_usage_history` RENAME TO `usage_history`;--> statement-breakpoint
CREATE INDEX `usage_history_by_time` ON `usage_history` (`at`);--> statement-breakpoint
ALTER TABLE `usage_events` ADD `at` integer;--> statement-breakpoint
ALTER TABLE `usage_events` ADD `period_kind` text;--> statement-breakpoint
ALTER TABLE `usage_events` ADD `period_start` integer;--> statement-breakpoint
ALTER TABLE `usage_events` ADD `added` integer;--> statement-breakpoint
CREATE INDEX `usage_events_by_counter` ON `usage_events` (`tenant`,`feature`,`period_kind`,`period_start`,`at`,`added`);