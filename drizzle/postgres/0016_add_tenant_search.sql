CREATE TABLE "tenant_search" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "tenant_search_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"tenant" text COLLATE "C" NOT NULL,
	"folded_key" text COLLATE "C" NOT NULL,
	"words" text COLLATE "C" NOT NULL
);
--> statement-breakpoint
ALTER TABLE "tenant_search" ADD CONSTRAINT "tenant_search_tenant_tenants_key_fk" FOREIGN KEY ("tenant") REFERENCES "public"."tenants"("key") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "tenant_search_by_tenant" ON "tenant_search" USING btree ("tenant");--> statement-breakpoint
CREATE INDEX "tenant_search_by_key" ON "tenant_search" USING btree ("folded_key");--> statement-breakpoint
DO $$ BEGIN
  CREATE EXTENSION IF NOT EXISTS pg_trgm;
  CREATE INDEX tenant_search_by_trigram ON tenant_search USING gin (words gin_trgm_ops);
EXCEPTION WHEN OTHERS THEN
  RAISE NOTICE 'Search reads every tenant, because pg_trgm is not available: %', SQLERRM;
END $$;
