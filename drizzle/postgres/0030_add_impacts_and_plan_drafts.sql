CREATE TABLE "impact_tenants" (
	"job_id" text COLLATE "C" NOT NULL,
	"effect" text COLLATE "C" NOT NULL,
	"tenant" text COLLATE "C" NOT NULL,
	"checks" bigint NOT NULL,
	"features" bigint NOT NULL,
	"named" json NOT NULL,
	CONSTRAINT "impact_tenants_job_id_effect_tenant_pk" PRIMARY KEY("job_id","effect","tenant")
);
--> statement-breakpoint
CREATE TABLE "impacts" (
	"job_id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"change" json NOT NULL,
	"gains" bigint DEFAULT 0 NOT NULL,
	"loses" bigint DEFAULT 0 NOT NULL,
	"changes" bigint DEFAULT 0 NOT NULL,
	"over_limit" bigint DEFAULT 0 NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "plan_drafts" (
	"id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"name" text COLLATE "C" NOT NULL,
	"owner" text COLLATE "C" NOT NULL,
	"owner_name" text COLLATE "C" NOT NULL,
	"cells" json NOT NULL,
	"revision" bigint NOT NULL,
	"version" bigint NOT NULL,
	"state" text COLLATE "C" NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	"closed_by" text COLLATE "C",
	"closed_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE INDEX "impact_tenants_by_checks" ON "impact_tenants" USING btree ("job_id","effect","checks","tenant");--> statement-breakpoint
CREATE INDEX "impacts_by_time" ON "impacts" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "plan_drafts_by_owner" ON "plan_drafts" USING btree ("owner","state");--> statement-breakpoint
CREATE INDEX "plan_drafts_by_state" ON "plan_drafts" USING btree ("state","updated_at");--> statement-breakpoint
CREATE INDEX "tenants_by_plan_and_key" ON "tenants" USING btree ("plan","key");