CREATE TABLE "admin_preferences" (
	"admin" text COLLATE "C" NOT NULL,
	"name" text COLLATE "C" NOT NULL,
	"value" json NOT NULL,
	CONSTRAINT "admin_preferences_admin_name_pk" PRIMARY KEY("admin","name")
);
--> statement-breakpoint
CREATE TABLE "saved_views" (
	"id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"list" text COLLATE "C" NOT NULL,
	"name" text COLLATE "C" NOT NULL,
	"folded_name" text COLLATE "C" NOT NULL,
	"query" text COLLATE "C" NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"created_by" text COLLATE "C" NOT NULL
);
--> statement-breakpoint
CREATE TABLE "tenant_metadata" (
	"tenant" text COLLATE "C" NOT NULL,
	"key" text COLLATE "C" NOT NULL,
	"value" text COLLATE "C" NOT NULL,
	CONSTRAINT "tenant_metadata_tenant_key_pk" PRIMARY KEY("tenant","key")
);
--> statement-breakpoint
ALTER TABLE "tenant_stats" ADD COLUMN "next_trial_end" bigint DEFAULT 9007199254740991 NOT NULL;--> statement-breakpoint
ALTER TABLE "tenant_stats" ADD COLUMN "trials_due_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "admin_preferences" ADD CONSTRAINT "admin_preferences_admin_admins_id_fk" FOREIGN KEY ("admin") REFERENCES "public"."admins"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tenant_metadata" ADD CONSTRAINT "tenant_metadata_tenant_tenants_key_fk" FOREIGN KEY ("tenant") REFERENCES "public"."tenants"("key") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "saved_views_by_name" ON "saved_views" USING btree ("list","folded_name");--> statement-breakpoint
CREATE INDEX "tenant_metadata_by_value" ON "tenant_metadata" USING btree ("key","value","tenant");--> statement-breakpoint
CREATE INDEX "tenant_stats_by_refused" ON "tenant_stats" USING btree ("refused_30d","tenant");--> statement-breakpoint
CREATE INDEX "tenant_stats_by_trial_end" ON "tenant_stats" USING btree ("next_trial_end","tenant");--> statement-breakpoint
CREATE INDEX "tenant_stats_by_trials_due" ON "tenant_stats" USING btree ("trials_due_at");--> statement-breakpoint
CREATE INDEX "tenants_in_order_of_plan" ON "tenants" USING btree ((case when "plan" is null then '' else "plan" end),"search_text","key");--> statement-breakpoint
CREATE INDEX "tenants_by_revision" ON "tenants" USING btree ("revision","key");--> statement-breakpoint
INSERT INTO "tenant_stats" ("tenant", "checks_30d", "refused_30d", "fullest_limit", "window_day", "computed_at") SELECT "key", 0, 0, -1, '', to_timestamp(0) FROM "tenants" ON CONFLICT DO NOTHING;--> statement-breakpoint
UPDATE "tenant_stats" SET "trials_due_at" = to_timestamp(0);--> statement-breakpoint
INSERT INTO "tenant_metadata" ("tenant", "key", "value") SELECT t."key", e.name, e.text FROM "tenants" AS t CROSS JOIN LATERAL (SELECT m.key AS name, m.value #>> '{}' AS text FROM json_each(t."metadata") AS m WHERE json_typeof(m.value) IN ('string', 'number', 'boolean') AND length(m.key) <= 100 AND length(m.value #>> '{}') <= 200 LIMIT 50) AS e;