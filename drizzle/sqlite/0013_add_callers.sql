ALTER TABLE `audit` ADD `address` text;--> statement-breakpoint
ALTER TABLE `usage_events` ADD `api_key` text;--> statement-breakpoint
ALTER TABLE `usage_totals` ADD `set_by` text;