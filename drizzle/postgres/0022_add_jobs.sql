CREATE TABLE "job_items" (
	"job_id" text COLLATE "C" NOT NULL,
	"seq" bigint NOT NULL,
	"subject" text COLLATE "C" NOT NULL,
	"state" text COLLATE "C" NOT NULL,
	"message" text COLLATE "C" NOT NULL,
	CONSTRAINT "job_items_job_id_seq_pk" PRIMARY KEY("job_id","seq")
);
--> statement-breakpoint
CREATE TABLE "jobs" (
	"id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"kind" text COLLATE "C" NOT NULL,
	"params" json NOT NULL,
	"keys" json,
	"is_preview" boolean NOT NULL,
	"actor" json NOT NULL,
	"actor_id" text COLLATE "C" NOT NULL,
	"note" text COLLATE "C",
	"state" text COLLATE "C" NOT NULL,
	"cursor" json,
	"total" bigint,
	"done" bigint DEFAULT 0 NOT NULL,
	"skipped" bigint DEFAULT 0 NOT NULL,
	"failed" bigint DEFAULT 0 NOT NULL,
	"cancel_requested" boolean DEFAULT false NOT NULL,
	"holder" text COLLATE "C",
	"lease_until" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone NOT NULL,
	"started_at" timestamp (3) with time zone,
	"finished_at" timestamp (3) with time zone,
	"problem" text COLLATE "C"
);
--> statement-breakpoint
CREATE INDEX "job_items_by_state" ON "job_items" USING btree ("job_id","state","seq");--> statement-breakpoint
CREATE INDEX "jobs_by_state" ON "jobs" USING btree ("state","created_at","id");--> statement-breakpoint
CREATE INDEX "jobs_by_time" ON "jobs" USING btree ("is_preview","created_at","id");