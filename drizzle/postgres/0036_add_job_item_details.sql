ALTER TABLE "job_items" ADD COLUMN "details" json;--> statement-breakpoint
DELETE FROM "settings" WHERE "key" IN ('posthog_resync', 'posthog_drift');