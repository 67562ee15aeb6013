DROP INDEX "audit_by_subject";--> statement-breakpoint
DROP INDEX "audit_by_actor";--> statement-breakpoint
DROP INDEX "audit_by_action";--> statement-breakpoint
CREATE INDEX "audit_by_time" ON "audit" USING btree ("at","seq");--> statement-breakpoint
CREATE INDEX "audit_by_subject" ON "audit" USING btree ("subject_kind","subject","at","seq");--> statement-breakpoint
CREATE INDEX "audit_by_actor" ON "audit" USING btree ("actor_kind","actor_id","at","seq");--> statement-breakpoint
CREATE INDEX "audit_by_action" ON "audit" USING btree ("action","at","seq");