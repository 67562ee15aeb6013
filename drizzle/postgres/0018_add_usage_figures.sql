CREATE TABLE "feature_daily" (
	"day" text COLLATE "C" NOT NULL,
	"feature" text COLLATE "C" NOT NULL,
	"allowed" boolean NOT NULL,
	"source" text COLLATE "C" NOT NULL,
	"count" bigint NOT NULL,
	"tenants" bigint NOT NULL,
	CONSTRAINT "feature_daily_day_feature_allowed_source_pk" PRIMARY KEY("day","feature","allowed","source")
);
--> statement-breakpoint
CREATE TABLE "refused_tenants" (
	"feature" text COLLATE "C" NOT NULL,
	"tenant" text COLLATE "C" NOT NULL,
	"plan" text COLLATE "C" NOT NULL,
	"last_day" text COLLATE "C" NOT NULL,
	CONSTRAINT "refused_tenants_feature_tenant_pk" PRIMARY KEY("feature","tenant")
);
--> statement-breakpoint
CREATE TABLE "tenant_stats" (
	"tenant" text COLLATE "C" PRIMARY KEY NOT NULL,
	"checks_30d" bigint NOT NULL,
	"refused_30d" bigint NOT NULL,
	"fullest_limit" bigint NOT NULL,
	"last_checked_at" timestamp (3) with time zone,
	"window_day" text COLLATE "C" NOT NULL,
	"computed_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "usage_daily" (
	"tenant" text COLLATE "C" NOT NULL,
	"feature" text COLLATE "C" NOT NULL,
	"day" text COLLATE "C" NOT NULL,
	"added" bigint NOT NULL,
	CONSTRAINT "usage_daily_tenant_feature_day_pk" PRIMARY KEY("tenant","feature","day")
);
--> statement-breakpoint
CREATE TABLE "usage_levels" (
	"tenant" text COLLATE "C" NOT NULL,
	"feature" text COLLATE "C" NOT NULL,
	"plan" text COLLATE "C" NOT NULL,
	"fill" bigint NOT NULL,
	"due_at" timestamp (3) with time zone,
	CONSTRAINT "usage_levels_tenant_feature_pk" PRIMARY KEY("tenant","feature")
);
--> statement-breakpoint
ALTER TABLE "check_counts" ADD COLUMN "counted" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "check_counts" ADD COLUMN "pending" boolean DEFAULT true NOT NULL;--> statement-breakpoint
CREATE INDEX "feature_daily_by_outcome" ON "feature_daily" USING btree ("allowed","day","feature","count");--> statement-breakpoint
CREATE INDEX "feature_daily_by_feature" ON "feature_daily" USING btree ("feature","day");--> statement-breakpoint
CREATE INDEX "refused_tenants_by_day" ON "refused_tenants" USING btree ("feature","last_day","tenant","plan");--> statement-breakpoint
CREATE INDEX "refused_tenants_by_tenant" ON "refused_tenants" USING btree ("tenant");--> statement-breakpoint
CREATE INDEX "refused_tenants_by_age" ON "refused_tenants" USING btree ("last_day");--> statement-breakpoint
CREATE INDEX "tenant_stats_by_fullest" ON "tenant_stats" USING btree ("fullest_limit","tenant");--> statement-breakpoint
CREATE INDEX "tenant_stats_by_window" ON "tenant_stats" USING btree ("window_day","tenant") WHERE "tenant_stats"."checks_30d" > 0;--> statement-breakpoint
CREATE INDEX "usage_daily_by_day" ON "usage_daily" USING btree ("day");--> statement-breakpoint
CREATE INDEX "usage_levels_by_fill" ON "usage_levels" USING btree ("fill","tenant","feature");--> statement-breakpoint
CREATE INDEX "usage_levels_by_feature" ON "usage_levels" USING btree ("feature","fill","tenant");--> statement-breakpoint
CREATE INDEX "usage_levels_by_plan" ON "usage_levels" USING btree ("plan","fill","tenant","feature");--> statement-breakpoint
CREATE INDEX "usage_levels_by_due" ON "usage_levels" USING btree ("due_at");--> statement-breakpoint
CREATE INDEX "check_counts_pending" ON "check_counts" USING btree ("tenant","day") WHERE "check_counts"."pending";--> statement-breakpoint
INSERT INTO "usage_daily" ("tenant", "feature", "day", "added") SELECT "tenant", "feature", to_char("at" AT TIME ZONE 'UTC', 'YYYY-MM-DD'), greatest(-9007199254740991, least(9007199254740991, sum("added")))::bigint FROM "usage_events" WHERE "added" <> 0 AND "at" IS NOT NULL GROUP BY 1, 2, 3;
