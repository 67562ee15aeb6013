CREATE TABLE "sign_in_counts" (
	"key" text COLLATE "C" PRIMARY KEY NOT NULL,
	"points" bigint NOT NULL,
	"expire" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE INDEX "sign_in_counts_by_expiry" ON "sign_in_counts" USING btree ("expire");