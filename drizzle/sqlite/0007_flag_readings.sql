CREATE TABLE `flag_readings` (
	`tenant` text NOT NULL,
	`flag` text NOT NULL,
	`at` integer NOT NULL,
	`reading` text NOT NULL,
	PRIMARY KEY(`tenant`, `flag`, `at`)
);
--> statement-breakpoint
CREATE INDEX `flag_readings_by_time` ON `flag_readings` (`at`);