ALTER TABLE "grants" ADD COLUMN "bundle" text COLLATE "C";--> statement-breakpoint
ALTER TABLE "grants" ADD COLUMN "bundle_plan" text COLLATE "C";