CREATE INDEX `check_counts_by_feature` ON `check_counts` (`feature`,`day`,`tenant`);--> statement-breakpoint
CREATE INDEX `flag_values_by_flag` ON `flag_values` (`flag`,`tenant`);--> statement-breakpoint
CREATE INDEX `usage_totals_by_feature` ON `usage_totals` (`feature`,`period_kind`,`period_start`,`tenant`);