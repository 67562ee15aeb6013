CREATE TABLE "flag_readings" (
	"tenant" text COLLATE "C" NOT NULL,
	"flag" text COLLATE "C" NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"reading" json NOT NULL,
	CONSTRAINT "flag_readings_tenant_flag_at_pk" PRIMARY KEY("tenant","flag","at")
);
--> statement-breakpoint
CREATE INDEX "flag_readings_by_time" ON "flag_readings" USING btree ("at");