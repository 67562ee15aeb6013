ALTER TABLE `job_items` ADD `details` text;--> statement-breakpoint
DELETE FROM `settings` WHERE `key` IN ('posthog_resync', 'posthog_drift');