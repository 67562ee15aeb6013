CREATE TABLE "admins" (
	"id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"email" text COLLATE "C" NOT NULL,
	"name" text COLLATE "C" NOT NULL,
	"role" text COLLATE "C" NOT NULL,
	"password_hash" text COLLATE "C",
	"invite_hash" text COLLATE "C",
	"invite_expires_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone NOT NULL,
	"created_by" text COLLATE "C" NOT NULL,
	"disabled_at" timestamp (3) with time zone,
	"last_sign_in_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "api_keys" (
	"id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"name" text COLLATE "C" NOT NULL,
	"hash" text COLLATE "C" NOT NULL,
	"hint" text COLLATE "C" NOT NULL,
	"scopes" json NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"created_by" text COLLATE "C" NOT NULL,
	"expires_at" timestamp (3) with time zone,
	"revoked_at" timestamp (3) with time zone,
	"last_used_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "audit" (
	"seq" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "audit_seq_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"at" timestamp (3) with time zone NOT NULL,
	"actor_kind" text COLLATE "C" NOT NULL,
	"actor_id" text COLLATE "C" NOT NULL,
	"actor_name" text COLLATE "C" NOT NULL,
	"action" text COLLATE "C" NOT NULL,
	"subject_kind" text COLLATE "C" NOT NULL,
	"subject" text COLLATE "C" NOT NULL,
	"before" json,
	"after" json,
	"why" text COLLATE "C"
);
--> statement-breakpoint
CREATE TABLE "changes" (
	"seq" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "changes_seq_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"kind" text COLLATE "C" NOT NULL,
	"subject" text COLLATE "C" NOT NULL,
	"at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "check_counts" (
	"tenant" text COLLATE "C" NOT NULL,
	"day" text COLLATE "C" NOT NULL,
	"feature" text COLLATE "C" NOT NULL,
	"allowed" boolean NOT NULL,
	"source" text COLLATE "C" NOT NULL,
	"count" bigint NOT NULL,
	"first_at" timestamp (3) with time zone NOT NULL,
	"last_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "check_counts_tenant_day_feature_allowed_source_pk" PRIMARY KEY("tenant","day","feature","allowed","source")
);
--> statement-breakpoint
CREATE TABLE "facts_history" (
	"kind" text COLLATE "C" NOT NULL,
	"subject" text COLLATE "C" NOT NULL,
	"revision" bigint NOT NULL,
	"recorded_at" timestamp (3) with time zone NOT NULL,
	"document" json NOT NULL,
	CONSTRAINT "facts_history_kind_subject_revision_pk" PRIMARY KEY("kind","subject","revision")
);
--> statement-breakpoint
CREATE TABLE "features" (
	"key" text COLLATE "C" PRIMARY KEY NOT NULL,
	"name" text COLLATE "C" NOT NULL,
	"description" text COLLATE "C",
	"group_name" text COLLATE "C",
	"type" text COLLATE "C" NOT NULL,
	"settings" json,
	"flag" json,
	"archived_at" timestamp (3) with time zone,
	"revision" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "grants" (
	"id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"tenant" text COLLATE "C" NOT NULL,
	"feature" text COLLATE "C" NOT NULL,
	"kind" text COLLATE "C" NOT NULL,
	"effect" text COLLATE "C",
	"value" json,
	"starts_at" timestamp (3) with time zone NOT NULL,
	"ends_at" timestamp (3) with time zone,
	"ended_at" timestamp (3) with time zone,
	"ended_by" text COLLATE "C",
	"extends" text COLLATE "C",
	"note" text COLLATE "C",
	"created_at" timestamp (3) with time zone NOT NULL,
	"created_by" text COLLATE "C" NOT NULL
);
--> statement-breakpoint
CREATE TABLE "outbox" (
	"topic" text COLLATE "C" NOT NULL,
	"subject" text COLLATE "C" NOT NULL,
	"revision" bigint NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"attempts" bigint NOT NULL,
	"next_attempt_at" timestamp (3) with time zone,
	"last_error" text COLLATE "C",
	CONSTRAINT "outbox_topic_subject_pk" PRIMARY KEY("topic","subject")
);
--> statement-breakpoint
CREATE TABLE "plan_features" (
	"plan" text COLLATE "C" NOT NULL,
	"feature" text COLLATE "C" NOT NULL,
	"value" json NOT NULL,
	CONSTRAINT "plan_features_plan_feature_pk" PRIMARY KEY("plan","feature")
);
--> statement-breakpoint
CREATE TABLE "plans" (
	"key" text COLLATE "C" PRIMARY KEY NOT NULL,
	"name" text COLLATE "C" NOT NULL,
	"description" text COLLATE "C",
	"kind" text COLLATE "C" NOT NULL,
	"rank" bigint NOT NULL,
	"includes" text COLLATE "C",
	"archived_at" timestamp (3) with time zone,
	"revision" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "sessions" (
	"hash" text COLLATE "C" PRIMARY KEY NOT NULL,
	"admin" text COLLATE "C" NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"last_seen_at" timestamp (3) with time zone NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "settings" (
	"key" text COLLATE "C" PRIMARY KEY NOT NULL,
	"value" json NOT NULL
);
--> statement-breakpoint
CREATE TABLE "tenant_add_ons" (
	"tenant" text COLLATE "C" NOT NULL,
	"plan" text COLLATE "C" NOT NULL,
	"added_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "tenant_add_ons_tenant_plan_pk" PRIMARY KEY("tenant","plan")
);
--> statement-breakpoint
CREATE TABLE "tenants" (
	"key" text COLLATE "C" PRIMARY KEY NOT NULL,
	"name" text COLLATE "C" NOT NULL,
	"status" text COLLATE "C" NOT NULL,
	"plan" text COLLATE "C",
	"metadata" json NOT NULL,
	"search_text" text COLLATE "C" NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"revision" bigint NOT NULL
);
--> statement-breakpoint
ALTER TABLE "grants" ADD CONSTRAINT "grants_tenant_tenants_key_fk" FOREIGN KEY ("tenant") REFERENCES "public"."tenants"("key") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "grants" ADD CONSTRAINT "grants_feature_features_key_fk" FOREIGN KEY ("feature") REFERENCES "public"."features"("key") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "plan_features" ADD CONSTRAINT "plan_features_plan_plans_key_fk" FOREIGN KEY ("plan") REFERENCES "public"."plans"("key") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "plan_features" ADD CONSTRAINT "plan_features_feature_features_key_fk" FOREIGN KEY ("feature") REFERENCES "public"."features"("key") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_admin_admins_id_fk" FOREIGN KEY ("admin") REFERENCES "public"."admins"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tenant_add_ons" ADD CONSTRAINT "tenant_add_ons_tenant_tenants_key_fk" FOREIGN KEY ("tenant") REFERENCES "public"."tenants"("key") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tenant_add_ons" ADD CONSTRAINT "tenant_add_ons_plan_plans_key_fk" FOREIGN KEY ("plan") REFERENCES "public"."plans"("key") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tenants" ADD CONSTRAINT "tenants_plan_plans_key_fk" FOREIGN KEY ("plan") REFERENCES "public"."plans"("key") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "admins_by_email" ON "admins" USING btree ("email");--> statement-breakpoint
CREATE UNIQUE INDEX "admins_by_invite" ON "admins" USING btree ("invite_hash");--> statement-breakpoint
CREATE UNIQUE INDEX "api_keys_by_hash" ON "api_keys" USING btree ("hash");--> statement-breakpoint
CREATE INDEX "audit_by_subject" ON "audit" USING btree ("subject_kind","subject","seq");--> statement-breakpoint
CREATE INDEX "audit_by_actor" ON "audit" USING btree ("actor_kind","actor_id","seq");--> statement-breakpoint
CREATE INDEX "audit_by_action" ON "audit" USING btree ("action","seq");--> statement-breakpoint
CREATE INDEX "changes_by_time" ON "changes" USING btree ("at");--> statement-breakpoint
CREATE INDEX "check_counts_by_day" ON "check_counts" USING btree ("day");--> statement-breakpoint
CREATE INDEX "facts_history_by_time" ON "facts_history" USING btree ("kind","subject","recorded_at");--> statement-breakpoint
CREATE INDEX "grants_by_tenant" ON "grants" USING btree ("tenant","starts_at");--> statement-breakpoint
CREATE INDEX "grants_by_feature" ON "grants" USING btree ("feature");--> statement-breakpoint
CREATE INDEX "grants_by_end" ON "grants" USING btree ("kind","ends_at","tenant");--> statement-breakpoint
CREATE INDEX "outbox_by_due" ON "outbox" USING btree ("next_attempt_at");--> statement-breakpoint
CREATE INDEX "plan_features_by_feature" ON "plan_features" USING btree ("feature");--> statement-breakpoint
CREATE INDEX "sessions_by_admin" ON "sessions" USING btree ("admin");--> statement-breakpoint
CREATE INDEX "sessions_by_expiry" ON "sessions" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "tenant_add_ons_by_plan" ON "tenant_add_ons" USING btree ("plan");--> statement-breakpoint
CREATE INDEX "tenants_by_name" ON "tenants" USING btree ("search_text","key");--> statement-breakpoint
CREATE INDEX "tenants_by_plan" ON "tenants" USING btree ("plan","search_text","key");--> statement-breakpoint
CREATE INDEX "tenants_by_status" ON "tenants" USING btree ("status","search_text","key");--> statement-breakpoint
CREATE INDEX "tenants_by_created" ON "tenants" USING btree ("created_at","key");