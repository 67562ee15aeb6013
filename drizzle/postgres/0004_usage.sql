CREATE TABLE "idempotent_answers" (
	"principal" text COLLATE "C" NOT NULL,
	"key" text COLLATE "C" NOT NULL,
	"fingerprint" text COLLATE "C" NOT NULL,
	"status" bigint,
	"body" text COLLATE "C",
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "idempotent_answers_principal_key_pk" PRIMARY KEY("principal","key")
);
--> statement-breakpoint
CREATE TABLE "usage_events" (
	"tenant" text COLLATE "C" NOT NULL,
	"idempotency_key" text COLLATE "C" NOT NULL,
	"feature" text COLLATE "C" NOT NULL,
	"report" json NOT NULL,
	"answer" json,
	"recorded_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "usage_events_tenant_idempotency_key_pk" PRIMARY KEY("tenant","idempotency_key")
);
--> statement-breakpoint
CREATE TABLE "usage_totals" (
	"tenant" text COLLATE "C" NOT NULL,
	"feature" text COLLATE "C" NOT NULL,
	"period_start" bigint NOT NULL,
	"used" bigint NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "usage_totals_tenant_feature_period_start_pk" PRIMARY KEY("tenant","feature","period_start")
);
--> statement-breakpoint
ALTER TABLE "api_keys" ADD COLUMN "kind" text COLLATE "C" DEFAULT 'live' NOT NULL;--> statement-breakpoint
ALTER TABLE "api_keys" ADD COLUMN "tenant" text COLLATE "C";--> statement-breakpoint
ALTER TABLE "api_keys" ADD COLUMN "origins" json;--> statement-breakpoint
ALTER TABLE "api_keys" ADD COLUMN "replaces" text COLLATE "C";--> statement-breakpoint
ALTER TABLE "tenants" ADD COLUMN "usage_anchor" timestamp (3) with time zone;--> statement-breakpoint
CREATE INDEX "idempotent_answers_by_time" ON "idempotent_answers" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "usage_events_by_time" ON "usage_events" USING btree ("recorded_at");--> statement-breakpoint
CREATE INDEX "usage_totals_by_update" ON "usage_totals" USING btree ("updated_at");