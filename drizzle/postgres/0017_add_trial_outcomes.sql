CREATE TABLE "trial_counts" (
	"month" text COLLATE "C" NOT NULL,
	"dimension" text COLLATE "C" NOT NULL,
	"value" text COLLATE "C" NOT NULL,
	"granted" bigint NOT NULL,
	"used" bigint NOT NULL,
	"converted" bigint NOT NULL,
	"extended" bigint NOT NULL,
	"lapsed" bigint NOT NULL,
	"open" bigint NOT NULL,
	"running" bigint NOT NULL,
	"days_to_use" json NOT NULL,
	CONSTRAINT "trial_counts_dimension_month_value_pk" PRIMARY KEY("dimension","month","value")
);
--> statement-breakpoint
CREATE TABLE "trial_outcomes" (
	"grant_id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"tenant" text COLLATE "C" NOT NULL,
	"feature" text COLLATE "C" NOT NULL,
	"given_by" text COLLATE "C" NOT NULL,
	"started_at" timestamp (3) with time zone NOT NULL,
	"month" text COLLATE "C" NOT NULL,
	"ends_at" timestamp (3) with time zone NOT NULL,
	"extensions" bigint NOT NULL,
	"ended_early" boolean NOT NULL,
	"outcome" text COLLATE "C" NOT NULL,
	"first_used_at" timestamp (3) with time zone,
	"revision" bigint NOT NULL,
	"is_settled" boolean NOT NULL,
	"computed_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE INDEX "trial_outcomes_by_tenant" ON "trial_outcomes" USING btree ("tenant");--> statement-breakpoint
CREATE INDEX "trial_outcomes_by_month" ON "trial_outcomes" USING btree ("month","grant_id");--> statement-breakpoint
CREATE INDEX "trial_outcomes_by_outcome" ON "trial_outcomes" USING btree ("outcome","ends_at","grant_id");--> statement-breakpoint
CREATE INDEX "trial_outcomes_by_feature" ON "trial_outcomes" USING btree ("outcome","feature","ends_at","grant_id");--> statement-breakpoint
CREATE INDEX "trial_outcomes_by_person" ON "trial_outcomes" USING btree ("outcome","given_by","ends_at","grant_id");--> statement-breakpoint
CREATE INDEX "grants_by_actual_end" ON "grants" USING btree ("kind",(case when "ended_at" is null or "ends_at" <= "ended_at" then "ends_at" else "ended_at" end),"id","starts_at");--> statement-breakpoint
CREATE INDEX "grants_by_feature_and_end" ON "grants" USING btree ("kind","feature",(case when "ended_at" is null or "ends_at" <= "ended_at" then "ends_at" else "ended_at" end),"id");--> statement-breakpoint
CREATE INDEX "grants_by_creator_and_end" ON "grants" USING btree ("kind","created_by",(case when "ended_at" is null or "ends_at" <= "ended_at" then "ends_at" else "ended_at" end),"id");--> statement-breakpoint
CREATE INDEX "grants_by_extended" ON "grants" USING btree ("extends") WHERE "grants"."extends" is not null;