CREATE TABLE `notice_marks` (
	`admin` text PRIMARY KEY NOT NULL,
	`read_up_to` integer NOT NULL,
	FOREIGN KEY (`admin`) REFERENCES `admins`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `notice_reads` (
	`admin` text NOT NULL,
	`notice` integer NOT NULL,
	`read_at` integer NOT NULL,
	PRIMARY KEY(`admin`, `notice`),
	FOREIGN KEY (`admin`) REFERENCES `admins`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `notice_reads_by_time` ON `notice_reads` (`read_at`);--> statement-breakpoint
CREATE TABLE `notices` (
	`seq` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`kind` text NOT NULL,
	`at` integer NOT NULL,
	`created_at` integer NOT NULL,
	`text` text NOT NULL,
	`about` text
);
--> statement-breakpoint
CREATE INDEX `notices_by_time` ON `notices` (`created_at`);--> statement-breakpoint
CREATE INDEX `notices_by_kind` ON `notices` (`kind`,`seq`);--> statement-breakpoint
CREATE TABLE `signals` (
	`kind` text NOT NULL,
	`subject` text NOT NULL,
	`feature` text NOT NULL,
	`level` integer NOT NULL,
	`until` integer,
	PRIMARY KEY(`kind`, `subject`, `feature`)
);
--> statement-breakpoint
CREATE INDEX `signals_by_end` ON `signals` (`until`);--> statement-breakpoint
CREATE TABLE `webhook_deliveries` (
	`seq` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`endpoint` text NOT NULL,
	`event` integer NOT NULL,
	`type` text NOT NULL,
	`lane` text NOT NULL,
	`is_manual` integer NOT NULL,
	`state` text NOT NULL,
	`attempts` integer NOT NULL,
	`next_attempt_at` integer,
	`created_at` integer NOT NULL,
	`attempted_at` integer,
	`duration_ms` integer,
	`status` integer,
	`error` text,
	`request` text,
	`answer` text
);
--> statement-breakpoint
CREATE INDEX `webhook_deliveries_by_endpoint` ON `webhook_deliveries` (`endpoint`,`seq`);--> statement-breakpoint
CREATE INDEX `webhook_deliveries_by_state` ON `webhook_deliveries` (`endpoint`,`state`,`seq`);--> statement-breakpoint
CREATE INDEX `webhook_deliveries_by_lane` ON `webhook_deliveries` (`endpoint`,`lane`,`seq`) WHERE "webhook_deliveries"."state" = 'pending';--> statement-breakpoint
CREATE INDEX `webhook_deliveries_by_due` ON `webhook_deliveries` (`endpoint`,`is_manual`,`next_attempt_at`,`seq`) WHERE "webhook_deliveries"."next_attempt_at" is not null;--> statement-breakpoint
CREATE INDEX `webhook_deliveries_by_time` ON `webhook_deliveries` (`created_at`);--> statement-breakpoint
CREATE TABLE `webhook_endpoints` (
	`id` text PRIMARY KEY NOT NULL,
	`url` text NOT NULL,
	`kind` text NOT NULL,
	`events` text NOT NULL,
	`secret` text,
	`old_secret` text,
	`old_secret_ends_at` integer,
	`state` text NOT NULL,
	`disabled_reason` text,
	`active_since` integer NOT NULL,
	`created_at` integer NOT NULL,
	`created_by` text NOT NULL,
	`failures` integer NOT NULL,
	`failing_since` integer,
	`paused_until` integer,
	`last_delivered_at` integer
);
--> statement-breakpoint
CREATE TABLE `webhook_events` (
	`seq` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`id` text NOT NULL,
	`type` text NOT NULL,
	`tenant` text NOT NULL,
	`at` integer NOT NULL,
	`created_at` integer NOT NULL,
	`data` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `webhook_events_by_id` ON `webhook_events` (`id`);--> statement-breakpoint
CREATE INDEX `webhook_events_by_time` ON `webhook_events` (`created_at`);