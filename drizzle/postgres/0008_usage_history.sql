CREATE TABLE "usage_history" (
	"tenant" text COLLATE "C" NOT NULL,
	"feature" text COLLATE "C" NOT NULL,
	"period_start" bigint NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"used_before" bigint,
	CONSTRAINT "usage_history_tenant_feature_period_start_at_pk" PRIMARY KEY("tenant","feature","period_start","at")
);
--> statement-breakpoint
ALTER TABLE "usage_totals" ADD COLUMN "used_before" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX "usage_history_by_time" ON "usage_history" USING btree ("at");--> statement-breakpoint
INSERT INTO "usage_history" ("tenant", "feature", "period_start", "at", "used_before") SELECT "tenant", "feature", "period_start", "updated_at", NULL FROM "usage_totals";
