CREATE TABLE "flag_values" (
	"tenant" text COLLATE "C" NOT NULL,
	"flag" text COLLATE "C" NOT NULL,
	"state" text COLLATE "C" NOT NULL,
	"payload" json,
	"variant" text COLLATE "C",
	"seen_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "flag_values_tenant_flag_pk" PRIMARY KEY("tenant","flag")
);
--> statement-breakpoint
CREATE TABLE "group_syncs" (
	"tenant" text COLLATE "C" PRIMARY KEY NOT NULL,
	"revision" bigint NOT NULL,
	"sent_at" timestamp (3) with time zone NOT NULL,
	"properties" json NOT NULL
);
--> statement-breakpoint
CREATE TABLE "leases" (
	"name" text COLLATE "C" PRIMARY KEY NOT NULL,
	"holder" text COLLATE "C" NOT NULL,
	"until" timestamp (3) with time zone NOT NULL
);
