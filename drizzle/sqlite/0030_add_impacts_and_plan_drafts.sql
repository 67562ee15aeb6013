CREATE TABLE `impact_tenants` (
	`job_id` text NOT NULL,
	`effect` text NOT NULL,
	`tenant` text NOT NULL,
	`checks` integer NOT NULL,
	`features` integer NOT NULL,
	`named` text NOT NULL,
	PRIMARY KEY(`job_id`, `effect`, `tenant`)
);
--> statement-breakpoint
CREATE INDEX `impact_tenants_by_checks` ON `impact_tenants` (`job_id`,`effect`,`checks`,`tenant`);--> statement-breakpoint
CREATE TABLE `impacts` (
	`job_id` text PRIMARY KEY NOT NULL,
	`change` text NOT NULL,
	`gains` integer DEFAULT 0 NOT NULL,
	`loses` integer DEFAULT 0 NOT NULL,
	`changes` integer DEFAULT 0 NOT NULL,
	`over_limit` integer DEFAULT 0 NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `impacts_by_time` ON `impacts` (`created_at`);--> statement-breakpoint
CREATE TABLE `plan_drafts` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`owner` text NOT NULL,
	`owner_name` text NOT NULL,
	`cells` text NOT NULL,
	`revision` integer NOT NULL,
	`version` integer NOT NULL,
	`state` text NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`closed_by` text,
	`closed_at` integer
);
--> statement-breakpoint
CREATE INDEX `plan_drafts_by_owner` ON `plan_drafts` (`owner`,`state`);--> statement-breakpoint
CREATE INDEX `plan_drafts_by_state` ON `plan_drafts` (`state`,`updated_at`);--> statement-breakpoint
CREATE INDEX `tenants_by_plan_and_key` ON `tenants` (`plan`,`key`);