CREATE TABLE "csv_rows" (
	"upload_id" text COLLATE "C" NOT NULL,
	"seq" bigint NOT NULL,
	"line" bigint NOT NULL,
	"cells" json NOT NULL,
	CONSTRAINT "csv_rows_upload_id_seq_pk" PRIMARY KEY("upload_id","seq")
);
--> statement-breakpoint
CREATE TABLE "csv_uploads" (
	"id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"actor_id" text COLLATE "C" NOT NULL,
	"name" text COLLATE "C" NOT NULL,
	"heads" json NOT NULL,
	"rows" bigint,
	"created_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "jobs" ADD COLUMN "created" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX "csv_uploads_by_time" ON "csv_uploads" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "csv_uploads_by_actor" ON "csv_uploads" USING btree ("actor_id","created_at");