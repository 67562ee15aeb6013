CREATE TABLE "requests" (
	"id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"kind" text COLLATE "C" NOT NULL,
	"tenant" text COLLATE "C",
	"feature" text COLLATE "C",
	"act" json NOT NULL,
	"actor" json NOT NULL,
	"user_id" text COLLATE "C",
	"note" text COLLATE "C",
	"state" text COLLATE "C" NOT NULL,
	"answer" text COLLATE "C",
	"created_at" timestamp (3) with time zone NOT NULL,
	"decided_at" timestamp (3) with time zone,
	"decided_by" text COLLATE "C"
);
--> statement-breakpoint
CREATE INDEX "requests_by_state" ON "requests" USING btree ("state","created_at","id");--> statement-breakpoint
CREATE INDEX "requests_by_tenant" ON "requests" USING btree ("tenant","created_at","id");--> statement-breakpoint
CREATE INDEX "requests_by_time" ON "requests" USING btree ("created_at","id");