ALTER TABLE `plan_drafts` ADD `publish_at` integer;--> statement-breakpoint
ALTER TABLE `plan_drafts` ADD `publisher` text;--> statement-breakpoint
ALTER TABLE `plan_drafts` ADD `publish_note` text;--> statement-breakpoint
ALTER TABLE `plan_drafts` ADD `problem` text;