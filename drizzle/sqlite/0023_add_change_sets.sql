ALTER TABLE `audit` ADD `change_set` text;--> statement-breakpoint
ALTER TABLE `audit` ADD `revision` integer;--> statement-breakpoint
CREATE INDEX `audit_by_change_set` ON `audit` (`change_set`,`seq`);