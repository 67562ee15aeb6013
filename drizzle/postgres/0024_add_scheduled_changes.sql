CREATE TABLE "scheduled_changes" (
	"id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"tenant" text COLLATE "C" NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"problem" text COLLATE "C"
);
--> statement-breakpoint
CREATE TABLE "scheduled_plans" (
	"plan" text COLLATE "C" NOT NULL,
	"change_id" text COLLATE "C" NOT NULL,
	"tenant" text COLLATE "C" NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "scheduled_plans_plan_change_id_pk" PRIMARY KEY("plan","change_id")
);
--> statement-breakpoint
ALTER TABLE "scheduled_changes" ADD CONSTRAINT "scheduled_changes_tenant_tenants_key_fk" FOREIGN KEY ("tenant") REFERENCES "public"."tenants"("key") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "scheduled_changes_by_tenant" ON "scheduled_changes" USING btree ("tenant");--> statement-breakpoint
CREATE INDEX "scheduled_changes_by_time" ON "scheduled_changes" USING btree ("at","id") WHERE "scheduled_changes"."problem" is null;--> statement-breakpoint
CREATE INDEX "scheduled_changes_refused" ON "scheduled_changes" USING btree ("at","id") WHERE "scheduled_changes"."problem" is not null;--> statement-breakpoint
CREATE INDEX "scheduled_plans_by_tenant" ON "scheduled_plans" USING btree ("tenant");