CREATE TABLE `csv_rows` (
	`upload_id` text NOT NULL,
	`seq` integer NOT NULL,
	`line` integer NOT NULL,
	`cells` text NOT NULL,
	PRIMARY KEY(`upload_id`, `seq`)
);
--> statement-breakpoint
CREATE TABLE `csv_uploads` (
	`id` text PRIMARY KEY NOT NULL,
	`actor_id` text NOT NULL,
	`name` text NOT NULL,
	`heads` text NOT NULL,
	`rows` integer,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `csv_uploads_by_time` ON `csv_uploads` (`created_at`);--> statement-breakpoint
CREATE INDEX `csv_uploads_by_actor` ON `csv_uploads` (`actor_id`,`created_at`);--> statement-breakpoint
ALTER TABLE `jobs` ADD `created` integer DEFAULT 0 NOT NULL;