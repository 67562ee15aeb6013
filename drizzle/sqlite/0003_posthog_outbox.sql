DROP INDEX `outbox_by_due`;--> statement-breakpoint
ALTER TABLE `outbox` ADD `forced` integer DEFAULT false NOT NULL;--> statement-breakpoint
CREATE INDEX `outbox_by_due` ON `outbox` (`topic`,`next_attempt_at`,`created_at`,`subject`);--> statement-breakpoint
CREATE INDEX `grants_by_start` ON `grants` (`kind`,`starts_at`,`tenant`);