CREATE TABLE `waiting_events` (
	`seq` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`created_at` integer NOT NULL,
	`body` text NOT NULL
);
