CREATE TABLE `sign_in_counts` (
	`key` text PRIMARY KEY NOT NULL,
	`points` integer NOT NULL,
	`expire` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `sign_in_counts_by_expiry` ON `sign_in_counts` (`expire`);