ALTER TABLE "audit" ADD COLUMN "change_set" text COLLATE "C";--> statement-breakpoint
ALTER TABLE "audit" ADD COLUMN "revision" bigint;--> statement-breakpoint
CREATE INDEX "audit_by_change_set" ON "audit" USING btree ("change_set","seq");