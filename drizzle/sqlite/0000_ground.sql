CREATE TABLE `admins` (
	`id` text PRIMARY KEY NOT NULL,
	`email` text NOT NULL,
	`name` text NOT NULL,
	`role` text NOT NULL,
	`password_hash` text,
	`invite_hash` text,
	`invite_expires_at` integer,
	`created_at` integer NOT NULL,
	`created_by` text NOT NULL,
	`disabled_at` integer,
	`last_sign_in_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `admins_by_email` ON `admins` (`email`);--> statement-breakpoint
CREATE UNIQUE INDEX `admins_by_invite` ON `admins` (`invite_hash`);--> statement-breakpoint
CREATE TABLE `api_keys` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`hash` text NOT NULL,
	`hint` text NOT NULL,
	`scopes` text NOT NULL,
	`created_at` integer NOT NULL,
	`created_by` text NOT NULL,
	`expires_at` integer,
	`revoked_at` integer,
	`last_used_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `api_keys_by_hash` ON `api_keys` (`hash`);--> statement-breakpoint
CREATE TABLE `audit` (
	`seq` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`at` integer NOT NULL,
	`actor_kind` text NOT NULL,
	`actor_id` text NOT NULL,
	`actor_name` text NOT NULL,
	`action` text NOT NULL,
	`subject_kind` text NOT NULL,
	`subject` text NOT NULL,
	`before` text,
	`after` text,
	`why` text
);
--> statement-breakpoint
CREATE INDEX `audit_by_subject` ON `audit` (`subject_kind`,`subject`,`seq`);--> statement-breakpoint
CREATE INDEX `audit_by_actor` ON `audit` (`actor_kind`,`actor_id`,`seq`);--> statement-breakpoint
CREATE INDEX `audit_by_action` ON `audit` (`action`,`seq`);--> statement-breakpoint
CREATE TABLE `changes` (
	`seq` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`kind` text NOT NULL,
	`subject` text NOT NULL,
	`at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `changes_by_time` ON `changes` (`at`);--> statement-breakpoint
CREATE TABLE `check_counts` (
	`tenant` text NOT NULL,
	`day` text NOT NULL,
	`feature` text NOT NULL,
	`allowed` integer NOT NULL,
	`source` text NOT NULL,
	`count` integer NOT NULL,
	`first_at` integer NOT NULL,
	`last_at` integer NOT NULL,
	PRIMARY KEY(`tenant`, `day`, `feature`, `allowed`, `source`)
);
--> statement-breakpoint
CREATE INDEX `check_counts_by_day` ON `check_counts` (`day`);--> statement-breakpoint
CREATE TABLE `facts_history` (
	`kind` text NOT NULL,
	`subject` text NOT NULL,
	`revision` integer NOT NULL,
	`recorded_at` integer NOT NULL,
	`document` text NOT NULL,
	PRIMARY KEY(`kind`, `subject`, `revision`)
);
--> statement-breakpoint
CREATE INDEX `facts_history_by_time` ON `facts_history` (`kind`,`subject`,`recorded_at`);--> statement-breakpoint
CREATE TABLE `features` (
	`key` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`description` text,
	`group_name` text,
	`type` text NOT NULL,
	`settings` text,
	`flag` text,
	`archived_at` integer,
	`revision` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `grants` (
	`id` text PRIMARY KEY NOT NULL,
	`tenant` text NOT NULL,
	`feature` text NOT NULL,
	`kind` text NOT NULL,
	`effect` text,
	`value` text,
	`starts_at` integer NOT NULL,
	`ends_at` integer,
	`ended_at` integer,
	`ended_by` text,
	`extends` text,
	`note` text,
	`created_at` integer NOT NULL,
	`created_by` text NOT NULL,
	FOREIGN KEY (`tenant`) REFERENCES `tenants`(`key`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`feature`) REFERENCES `features`(`key`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `grants_by_tenant` ON `grants` (`tenant`,`starts_at`);--> statement-breakpoint
CREATE INDEX `grants_by_feature` ON `grants` (`feature`);--> statement-breakpoint
CREATE INDEX `grants_by_end` ON `grants` (`kind`,`ends_at`,`tenant`);--> statement-breakpoint
CREATE TABLE `outbox` (
	`topic` text NOT NULL,
	`subject` text NOT NULL,
	`revision` integer NOT NULL,
	`created_at` integer NOT NULL,
	`attempts` integer NOT NULL,
	`next_attempt_at` integer,
	`last_error` text,
	PRIMARY KEY(`topic`, `subject`)
);
--> statement-breakpoint
CREATE INDEX `outbox_by_due` ON `outbox` (`next_attempt_at`);--> statement-breakpoint
CREATE TABLE `plan_features` (
	`plan` text NOT NULL,
	`feature` text NOT NULL,
	`value` text NOT NULL,
	PRIMARY KEY(`plan`, `feature`),
	FOREIGN KEY (`plan`) REFERENCES `plans`(`key`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`feature`) REFERENCES `features`(`key`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `plan_features_by_feature` ON `plan_features` (`feature`);--> statement-breakpoint
CREATE TABLE `plans` (
	`key` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`description` text,
	`kind` text NOT NULL,
	`rank` integer NOT NULL,
	`includes` text,
	`archived_at` integer,
	`revision` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `sessions` (
	`hash` text PRIMARY KEY NOT NULL,
	`admin` text NOT NULL,
	`created_at` integer NOT NULL,
	`last_seen_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	FOREIGN KEY (`admin`) REFERENCES `admins`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `sessions_by_admin` ON `sessions` (`admin`);--> statement-breakpoint
CREATE INDEX `sessions_by_expiry` ON `sessions` (`expires_at`);--> statement-breakpoint
CREATE TABLE `settings` (
	`key` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `tenant_add_ons` (
	`tenant` text NOT NULL,
	`plan` text NOT NULL,
	`added_at` integer NOT NULL,
	PRIMARY KEY(`tenant`, `plan`),
	FOREIGN KEY (`tenant`) REFERENCES `tenants`(`key`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`plan`) REFERENCES `plans`(`key`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `tenant_add_ons_by_plan` ON `tenant_add_ons` (`plan`);--> statement-breakpoint
CREATE TABLE `tenants` (
	`key` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`status` text NOT NULL,
	`plan` text,
	`metadata` text NOT NULL,
	`search_text` text NOT NULL,
	`created_at` integer NOT NULL,
	`revision` integer NOT NULL,
	FOREIGN KEY (`plan`) REFERENCES `plans`(`key`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `tenants_by_name` ON `tenants` (`search_text`,`key`);--> statement-breakpoint
CREATE INDEX `tenants_by_plan` ON `tenants` (`plan`,`search_text`,`key`);--> statement-breakpoint
CREATE INDEX `tenants_by_status` ON `tenants` (`status`,`search_text`,`key`);--> statement-breakpoint
CREATE INDEX `tenants_by_created` ON `tenants` (`created_at`,`key`);