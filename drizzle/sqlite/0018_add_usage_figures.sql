CREATE TABLE `feature_daily` (
	`day` text NOT NULL,
	`feature` text NOT NULL,
	`allowed` integer NOT NULL,
	`source` text NOT NULL,
	`count` integer NOT NULL,
	`tenants` integer NOT NULL,
	PRIMARY KEY(`day`, `feature`, `allowed`, `source`)
);
--> statement-breakpoint
CREATE INDEX `feature_daily_by_outcome` ON `feature_daily` (`allowed`,`day`,`feature`,`count`);--> statement-breakpoint
CREATE INDEX `feature_daily_by_feature` ON `feature_daily` (`feature`,`day`);--> statement-breakpoint
CREATE TABLE `refused_tenants` (
	`feature` text NOT NULL,
	`tenant` text NOT NULL,
	`plan` text NOT NULL,
	`last_day` text NOT NULL,
	PRIMARY KEY(`feature`, `tenant`)
);
--> statement-breakpoint
CREATE INDEX `refused_tenants_by_day` ON `refused_tenants` (`feature`,`last_day`,`tenant`,`plan`);--> statement-breakpoint
CREATE INDEX `refused_tenants_by_tenant` ON `refused_tenants` (`tenant`);--> statement-breakpoint
CREATE INDEX `refused_tenants_by_age` ON `refused_tenants` (`last_day`);--> statement-breakpoint
CREATE TABLE `tenant_stats` (
	`tenant` text PRIMARY KEY NOT NULL,
	`checks_30d` integer NOT NULL,
	`refused_30d` integer NOT NULL,
	`fullest_limit` integer NOT NULL,
	`last_checked_at` integer,
	`window_day` text NOT NULL,
	`computed_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `tenant_stats_by_fullest` ON `tenant_stats` (`fullest_limit`,`tenant`);--> statement-breakpoint
CREATE INDEX `tenant_stats_by_window` ON `tenant_stats` (`window_day`,`tenant`) WHERE "tenant_stats"."checks_30d" > 0;--> statement-breakpoint
CREATE TABLE `usage_daily` (
	`tenant` text NOT NULL,
	`feature` text NOT NULL,
	`day` text NOT NULL,
	`added` integer NOT NULL,
	PRIMARY KEY(`tenant`, `feature`, `day`)
);
--> statement-breakpoint
CREATE INDEX `usage_daily_by_day` ON `usage_daily` (`day`);--> statement-breakpoint
CREATE TABLE `usage_levels` (
	`tenant` text NOT NULL,
	`feature` text NOT NULL,
	`plan` text NOT NULL,
	`fill` integer NOT NULL,
	`due_at` integer,
	PRIMARY KEY(`tenant`, `feature`)
);
--> statement-breakpoint
CREATE INDEX `usage_levels_by_fill` ON `usage_levels` (`fill`,`tenant`,`feature`);--> statement-breakpoint
CREATE INDEX `usage_levels_by_feature` ON `usage_levels` (`feature`,`fill`,`tenant`);--> statement-breakpoint
CREATE INDEX `usage_levels_by_plan` ON `usage_levels` (`plan`,`fill`,`tenant`,`feature`);--> statement-breakpoint
CREATE INDEX `usage_levels_by_due` ON `usage_levels` (`due_at`);--> statement-breakpoint
ALTER TABLE `check_counts` ADD `counted` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `check_counts` ADD `pending` integer DEFAULT true NOT NULL;--> statement-breakpoint
CREATE INDEX `check_counts_pending` ON `check_counts` (`tenant`,`day`) WHERE "check_counts"."pending";--> statement-breakpoint
INSERT INTO `usage_daily` (`tenant`, `feature`, `day`, `added`) SELECT `tenant`, `feature`, strftime('%Y-%m-%d', `at` / 1000, 'unixepoch'), cast(max(-9007199254740991, min(9007199254740991, total(`added`))) AS integer) FROM `usage_events` WHERE `added` <> 0 AND `at` IS NOT NULL GROUP BY 1, 2, 3;
