ALTER TABLE `grants` ADD `bundle` text;--> statement-breakpoint
ALTER TABLE `grants` ADD `bundle_plan` text;