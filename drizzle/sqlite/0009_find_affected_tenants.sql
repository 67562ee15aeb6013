DROP INDEX `grants_by_feature`;--> statement-breakpoint
CREATE INDEX `grants_by_feature` ON `grants` (`feature`,`tenant`);--> statement-breakpoint
DROP INDEX `tenant_add_ons_by_plan`;--> statement-breakpoint
CREATE INDEX `tenant_add_ons_by_plan` ON `tenant_add_ons` (`plan`,`tenant`);--> statement-breakpoint
CREATE INDEX `tenants_by_plan_and_status` ON `tenants` (`plan`,`status`);