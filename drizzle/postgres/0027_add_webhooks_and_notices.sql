CREATE TABLE "notice_marks" (
	"admin" text COLLATE "C" PRIMARY KEY NOT NULL,
	"read_up_to" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "notice_reads" (
	"admin" text COLLATE "C" NOT NULL,
	"notice" bigint NOT NULL,
	"read_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "notice_reads_admin_notice_pk" PRIMARY KEY("admin","notice")
);
--> statement-breakpoint
CREATE TABLE "notices" (
	"seq" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "notices_seq_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"kind" text COLLATE "C" NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"text" text COLLATE "C" NOT NULL,
	"about" text COLLATE "C"
);
--> statement-breakpoint
CREATE TABLE "signals" (
	"kind" text COLLATE "C" NOT NULL,
	"subject" text COLLATE "C" NOT NULL,
	"feature" text COLLATE "C" NOT NULL,
	"level" bigint NOT NULL,
	"until" timestamp (3) with time zone,
	CONSTRAINT "signals_kind_subject_feature_pk" PRIMARY KEY("kind","subject","feature")
);
--> statement-breakpoint
CREATE TABLE "webhook_deliveries" (
	"seq" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "webhook_deliveries_seq_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"endpoint" text COLLATE "C" NOT NULL,
	"event" bigint NOT NULL,
	"type" text COLLATE "C" NOT NULL,
	"lane" text COLLATE "C" NOT NULL,
	"is_manual" boolean NOT NULL,
	"state" text COLLATE "C" NOT NULL,
	"attempts" bigint NOT NULL,
	"next_attempt_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone NOT NULL,
	"attempted_at" timestamp (3) with time zone,
	"duration_ms" bigint,
	"status" bigint,
	"error" text COLLATE "C",
	"request" text COLLATE "C",
	"answer" text COLLATE "C"
);
--> statement-breakpoint
CREATE TABLE "webhook_endpoints" (
	"id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"url" text COLLATE "C" NOT NULL,
	"kind" text COLLATE "C" NOT NULL,
	"events" json NOT NULL,
	"secret" text COLLATE "C",
	"old_secret" text COLLATE "C",
	"old_secret_ends_at" timestamp (3) with time zone,
	"state" text COLLATE "C" NOT NULL,
	"disabled_reason" text COLLATE "C",
	"active_since" timestamp (3) with time zone NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"created_by" text COLLATE "C" NOT NULL,
	"failures" bigint NOT NULL,
	"failing_since" timestamp (3) with time zone,
	"paused_until" timestamp (3) with time zone,
	"last_delivered_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "webhook_events" (
	"seq" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "webhook_events_seq_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"id" text COLLATE "C" NOT NULL,
	"type" text COLLATE "C" NOT NULL,
	"tenant" text COLLATE "C" NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"data" json NOT NULL
);
--> statement-breakpoint
ALTER TABLE "notice_marks" ADD CONSTRAINT "notice_marks_admin_admins_id_fk" FOREIGN KEY ("admin") REFERENCES "public"."admins"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "notice_reads" ADD CONSTRAINT "notice_reads_admin_admins_id_fk" FOREIGN KEY ("admin") REFERENCES "public"."admins"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "notice_reads_by_time" ON "notice_reads" USING btree ("read_at");--> statement-breakpoint
CREATE INDEX "notices_by_time" ON "notices" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "notices_by_kind" ON "notices" USING btree ("kind","seq");--> statement-breakpoint
CREATE INDEX "signals_by_end" ON "signals" USING btree ("until");--> statement-breakpoint
CREATE INDEX "webhook_deliveries_by_endpoint" ON "webhook_deliveries" USING btree ("endpoint","seq");--> statement-breakpoint
CREATE INDEX "webhook_deliveries_by_state" ON "webhook_deliveries" USING btree ("endpoint","state","seq");--> statement-breakpoint
CREATE INDEX "webhook_deliveries_by_lane" ON "webhook_deliveries" USING btree ("endpoint","lane","seq") WHERE "webhook_deliveries"."state" = 'pending';--> statement-breakpoint
CREATE INDEX "webhook_deliveries_by_due" ON "webhook_deliveries" USING btree ("endpoint","is_manual","next_attempt_at","seq") WHERE "webhook_deliveries"."next_attempt_at" is not null;--> statement-breakpoint
CREATE INDEX "webhook_deliveries_by_time" ON "webhook_deliveries" USING btree ("created_at");--> statement-breakpoint
CREATE UNIQUE INDEX "webhook_events_by_id" ON "webhook_events" USING btree ("id");--> statement-breakpoint
CREATE INDEX "webhook_events_by_time" ON "webhook_events" USING btree ("created_at");