CREATE TABLE `flag_values` (
	`tenant` text NOT NULL,
	`flag` text NOT NULL,
	`state` text NOT NULL,
	`payload` text,
	`variant` text,
	`seen_at` integer NOT NULL,
	PRIMARY KEY(`tenant`, `flag`)
);
--> statement-breakpoint
CREATE TABLE `group_syncs` (
	`tenant` text PRIMARY KEY NOT NULL,
	`revision` integer NOT NULL,
	`sent_at` integer NOT NULL,
	`properties` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `leases` (
	`name` text PRIMARY KEY NOT NULL,
	`holder` text NOT NULL,
	`until` integer NOT NULL
);
