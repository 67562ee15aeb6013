DROP INDEX "outbox_by_due";--> statement-breakpoint
ALTER TABLE "outbox" ADD COLUMN "forced" boolean DEFAULT false NOT NULL;--> statement-breakpoint
CREATE INDEX "grants_by_start" ON "grants" USING btree ("kind","starts_at","tenant");--> statement-breakpoint
CREATE INDEX "outbox_by_due" ON "outbox" USING btree ("topic","next_attempt_at","created_at","subject");