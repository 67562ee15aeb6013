ALTER TABLE "plan_drafts" ADD COLUMN "publish_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "plan_drafts" ADD COLUMN "publisher" json;--> statement-breakpoint
ALTER TABLE "plan_drafts" ADD COLUMN "publish_note" text COLLATE "C";--> statement-breakpoint
ALTER TABLE "plan_drafts" ADD COLUMN "problem" text COLLATE "C";