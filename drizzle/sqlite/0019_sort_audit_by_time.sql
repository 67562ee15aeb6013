DROP INDEX `audit_by_subject`;--> statement-breakpoint
DROP INDEX `audit_by_actor`;--> statement-breakpoint
DROP INDEX `audit_by_action`;--> statement-breakpoint
CREATE INDEX `audit_by_time` ON `audit` (`at`,`seq`);--> statement-breakpoint
CREATE INDEX `audit_by_subject` ON `audit` (`subject_kind`,`subject`,`at`,`seq`);--> statement-breakpoint
CREATE INDEX `audit_by_actor` ON `audit` (`actor_kind`,`actor_id`,`at`,`seq`);--> statement-breakpoint
CREATE INDEX `audit_by_action` ON `audit` (`action`,`at`,`seq`);