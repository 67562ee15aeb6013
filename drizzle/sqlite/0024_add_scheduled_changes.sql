CREATE TABLE `scheduled_changes` (
	`id` text PRIMARY KEY NOT NULL,
	`tenant` text NOT NULL,
	`at` integer NOT NULL,
	`problem` text,
	FOREIGN KEY (`tenant`) REFERENCES `tenants`(`key`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `scheduled_changes_by_tenant` ON `scheduled_changes` (`tenant`);--> statement-breakpoint
CREATE INDEX `scheduled_changes_by_time` ON `scheduled_changes` (`at`,`id`) WHERE "scheduled_changes"."problem" is null;--> statement-breakpoint
CREATE INDEX `scheduled_changes_refused` ON `scheduled_changes` (`at`,`id`) WHERE "scheduled_changes"."problem" is not null;--> statement-breakpoint
CREATE TABLE `scheduled_plans` (
	`plan` text NOT NULL,
	`change_id` text NOT NULL,
	`tenant` text NOT NULL,
	`at` integer NOT NULL,
	PRIMARY KEY(`plan`, `change_id`)
);
--> statement-breakpoint
CREATE INDEX `scheduled_plans_by_tenant` ON `scheduled_plans` (`tenant`);