ALTER TABLE "requests" ADD COLUMN "reason" text COLLATE "C";--> statement-breakpoint
ALTER TABLE "requests" ADD COLUMN "keys" json;--> statement-breakpoint
UPDATE "requests" SET "keys" = CASE WHEN json_typeof("act" -> 'keys') = 'array' THEN "act" -> 'keys' END, "act" = ("act"::jsonb - 'keys')::json WHERE "tenant" IS NULL;
