CREATE TABLE `admin_preferences` (
	`admin` text NOT NULL,
	`name` text NOT NULL,
	`value` text NOT NULL,
	PRIMARY KEY(`admin`, `name`),
	FOREIGN KEY (`admin`) REFERENCES `admins`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `saved_views` (
	`id` text PRIMARY KEY NOT NULL,
	`list` text NOT NULL,
	`name` text NOT NULL,
	`folded_name` text NOT NULL,
	`query` text NOT NULL,
	`created_at` integer NOT NULL,
	`created_by` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `saved_views_by_name` ON `saved_views` (`list`,`folded_name`);--> statement-breakpoint
CREATE TABLE `tenant_metadata` (
	`tenant` text NOT NULL,
	`key` text NOT NULL,
	`value` text NOT NULL,
	PRIMARY KEY(`tenant`, `key`),
	FOREIGN KEY (`tenant`) REFERENCES `tenants`(`key`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
ALTER TABLE `tenant_stats` ADD `next_trial_end` integer DEFAULT 9007199254740991 NOT NULL;--> statement-breakpoint
ALTER TABLE `tenant_stats` ADD `trials_due_at` integer;--> statement-breakpoint
CREATE INDEX `tenant_stats_by_refused` ON `tenant_stats` (`refused_30d`,`tenant`);--> statement-breakpoint
CREATE INDEX `tenant_stats_by_trial_end` ON `tenant_stats` (`next_trial_end`,`tenant`);--> statement-breakpoint
CREATE INDEX `tenant_stats_by_trials_due` ON `tenant_stats` (`trials_due_at`);--> statement-breakpoint
CREATE INDEX `tenants_in_order_of_plan` ON `tenants` ((case when "plan" is null then '' else "plan" end),`search_text`,`key`);--> statement-breakpoint
CREATE INDEX `tenants_by_revision` ON `tenants` (`revision`,`key`);--> statement-breakpoint
INSERT INTO `tenant_stats` (`tenant`, `checks_30d`, `refused_30d`, `fullest_limit`, `window_day`, `computed_at`) SELECT `key`, 0, 0, -1, '', 0 FROM `tenants` WHERE true ON CONFLICT DO NOTHING;--> statement-breakpoint
UPDATE `tenant_stats` SET `trials_due_at` = 0;--> statement-breakpoint
INSERT INTO `tenant_metadata` (`tenant`, `key`, `value`) SELECT `tenant`, `name`, `value` FROM (SELECT t.`key` AS `tenant`, e.`key` AS `name`, CASE e.type WHEN 'text' THEN e.value WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' ELSE coalesce(t.`metadata` -> e.fullkey, e.value) END AS `value`, row_number() OVER (PARTITION BY t.`key` ORDER BY e.id) AS `place` FROM `tenants` AS t, json_each(t.`metadata`) AS e WHERE e.type IN ('text', 'integer', 'real', 'true', 'false') AND length(e.key) <= 100 AND length(e.value) <= 200) WHERE `place` <= 50;--> statement-breakpoint
CREATE INDEX `tenant_metadata_by_value` ON `tenant_metadata` (`key`,`value`,`tenant`);