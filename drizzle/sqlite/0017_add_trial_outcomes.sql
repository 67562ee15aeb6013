CREATE TABLE `trial_counts` (
	`month` text NOT NULL,
	`dimension` text NOT NULL,
	`value` text NOT NULL,
	`granted` integer NOT NULL,
	`used` integer NOT NULL,
	`converted` integer NOT NULL,
	`extended` integer NOT NULL,
	`lapsed` integer NOT NULL,
	`open` integer NOT NULL,
	`running` integer NOT NULL,
	`days_to_use` text NOT NULL,
	PRIMARY KEY(`dimension`, `month`, `value`)
);
--> statement-breakpoint
CREATE TABLE `trial_outcomes` (
	`grant_id` text PRIMARY KEY NOT NULL,
	`tenant` text NOT NULL,
	`feature` text NOT NULL,
	`given_by` text NOT NULL,
	`started_at` integer NOT NULL,
	`month` text NOT NULL,
	`ends_at` integer NOT NULL,
	`extensions` integer NOT NULL,
	`ended_early` integer NOT NULL,
	`outcome` text NOT NULL,
	`first_used_at` integer,
	`revision` integer NOT NULL,
	`is_settled` integer NOT NULL,
	`computed_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `trial_outcomes_by_tenant` ON `trial_outcomes` (`tenant`);--> statement-breakpoint
CREATE INDEX `trial_outcomes_by_month` ON `trial_outcomes` (`month`,`grant_id`);--> statement-breakpoint
CREATE INDEX `trial_outcomes_by_outcome` ON `trial_outcomes` (`outcome`,`ends_at`,`grant_id`);--> statement-breakpoint
CREATE INDEX `trial_outcomes_by_feature` ON `trial_outcomes` (`outcome`,`feature`,`ends_at`,`grant_id`);--> statement-breakpoint
CREATE INDEX `trial_outcomes_by_person` ON `trial_outcomes` (`outcome`,`given_by`,`ends_at`,`grant_id`);--> statement-breakpoint
CREATE INDEX `grants_by_actual_end` ON `grants` (`kind`,(case when "ended_at" is null or "ends_at" <= "ended_at" then "ends_at" else "ended_at" end),`id`,`starts_at`);--> statement-breakpoint
CREATE INDEX `grants_by_feature_and_end` ON `grants` (`kind`,`feature`,(case when "ended_at" is null or "ends_at" <= "ended_at" then "ends_at" else "ended_at" end),`id`);--> statement-breakpoint
CREATE INDEX `grants_by_creator_and_end` ON `grants` (`kind`,`created_by`,(case when "ended_at" is null or "ends_at" <= "ended_at" then "ends_at" else "ended_at" end),`id`);--> statement-breakpoint
CREATE INDEX `grants_by_extended` ON `grants` (`extends`) WHERE "grants"."extends" is not null;