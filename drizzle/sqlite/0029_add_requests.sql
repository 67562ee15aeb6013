CREATE TABLE `requests` (
	`id` text PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`tenant` text,
	`feature` text,
	`act` text NOT NULL,
	`actor` text NOT NULL,
	`user_id` text,
	`note` text,
	`state` text NOT NULL,
	`answer` text,
	`created_at` integer NOT NULL,
	`decided_at` integer,
	`decided_by` text
);
--> statement-breakpoint
CREATE INDEX `requests_by_state` ON `requests` (`state`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `requests_by_tenant` ON `requests` (`tenant`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `requests_by_time` ON `requests` (`created_at`,`id`);