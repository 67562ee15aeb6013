DROP INDEX "grants_by_end";--> statement-breakpoint
CREATE INDEX "grants_by_end" ON "grants" USING btree ("kind","ends_at","tenant","starts_at","ended_at");