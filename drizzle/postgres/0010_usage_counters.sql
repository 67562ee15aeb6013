DROP INDEX "usage_totals_by_update";--> statement-breakpoint
ALTER TABLE "usage_history" DROP CONSTRAINT "usage_history_tenant_feature_period_start_at_pk";--> statement-breakpoint
ALTER TABLE "usage_totals" DROP CONSTRAINT "usage_totals_tenant_feature_period_start_pk";--> statement-breakpoint
ALTER TABLE "usage_events" ADD COLUMN "at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "usage_events" ADD COLUMN "period_kind" text COLLATE "C";--> statement-breakpoint
ALTER TABLE "usage_events" ADD COLUMN "period_start" bigint;--> statement-breakpoint
ALTER TABLE "usage_events" ADD COLUMN "added" bigint;--> statement-breakpoint
ALTER TABLE "usage_history" ADD COLUMN "period_kind" text COLLATE "C";--> statement-breakpoint
UPDATE "usage_history" SET "period_kind" = CASE WHEN "period_start" = -1 THEN 'never' ELSE coalesce((SELECT f."settings" ->> 'resetPeriod' FROM "features" f WHERE f."key" = "usage_history"."feature"), 'month') END;--> statement-breakpoint
ALTER TABLE "usage_history" ALTER COLUMN "period_kind" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "usage_totals" ADD COLUMN "period_kind" text COLLATE "C";--> statement-breakpoint
UPDATE "usage_totals" SET "period_kind" = CASE WHEN "period_start" = -1 THEN 'never' ELSE coalesce((SELECT f."settings" ->> 'resetPeriod' FROM "features" f WHERE f."key" = "usage_totals"."feature"), 'month') END;--> statement-breakpoint
ALTER TABLE "usage_totals" ALTER COLUMN "period_kind" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "usage_totals" ADD COLUMN "set_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "usage_totals" ADD COLUMN "last_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "usage_totals" ADD COLUMN "version" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "usage_totals" ADD COLUMN "written_by" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX "usage_events_by_counter" ON "usage_events" USING btree ("tenant","feature","period_kind","period_start","at","added");--> statement-breakpoint
CREATE INDEX "usage_totals_by_writer" ON "usage_totals" USING btree ("written_by");--> statement-breakpoint
ALTER TABLE "usage_totals" DROP COLUMN "used_before";--> statement-breakpoint
ALTER TABLE "usage_totals" ADD CONSTRAINT "usage_totals_tenant_feature_period_kind_period_start_pk" PRIMARY KEY("tenant","feature","period_kind","period_start");--> statement-breakpoint
ALTER TABLE "usage_history" ADD CONSTRAINT "usage_history_tenant_feature_period_kind_period_start_at_pk" PRIMARY KEY("tenant","feature","period_kind","period_start","at");
