ALTER TABLE "audit" ADD COLUMN "address" text COLLATE "C";--> statement-breakpoint
ALTER TABLE "usage_events" ADD COLUMN "api_key" text COLLATE "C";--> statement-breakpoint
ALTER TABLE "usage_totals" ADD COLUMN "set_by" text COLLATE "C";