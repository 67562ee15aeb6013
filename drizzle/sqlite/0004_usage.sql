CREATE TABLE `idempotent_answers` (
	`principal` text NOT NULL,
	`key` text NOT NULL,
	`fingerprint` text NOT NULL,
	`status` integer,
	`body` text,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`principal`, `key`)
);
--> statement-breakpoint
CREATE INDEX `idempotent_answers_by_time` ON `idempotent_answers` (`created_at`);--> statement-breakpoint
CREATE TABLE `usage_events` (
	`tenant` text NOT NULL,
	`idempotency_key` text NOT NULL,
	`feature` text NOT NULL,
	`report` text NOT NULL,
	`answer` text,
	`recorded_at` integer NOT NULL,
	PRIMARY KEY(`tenant`, `idempotency_key`)
);
--> statement-breakpoint
CREATE INDEX `usage_events_by_time` ON `usage_events` (`recorded_at`);--> statement-breakpoint
CREATE TABLE `usage_totals` (
	`tenant` text NOT NULL,
	`feature` text NOT NULL,
	`period_start` integer NOT NULL,
	`used` integer NOT NULL,
	`updated_at` integer NOT NULL,
	PRIMARY KEY(`tenant`, `feature`, `period_start`)
);
--> statement-breakpoint
CREATE INDEX `usage_totals_by_update` ON `usage_totals` (`updated_at`);--> statement-breakpoint
ALTER TABLE `api_keys` ADD `kind` text DEFAULT 'live' NOT NULL;--> statement-breakpoint
ALTER TABLE `api_keys` ADD `tenant` text;--> statement-breakpoint
ALTER TABLE `api_keys` ADD `origins` text;--> statement-breakpoint
ALTER TABLE `api_keys` ADD `replaces` text;--> statement-breakpoint
ALTER TABLE `tenants` ADD `usage_anchor` integer;