CREATE FUNCTION latchkey_audit_stays() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'audit rows are never changed or deleted'; END $$;
--> statement-breakpoint
CREATE TRIGGER audit_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION latchkey_audit_stays();
--> statement-breakpoint
CREATE FUNCTION latchkey_tell_changes() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_notify('latchkey_changes', ''); RETURN NULL; END $$;
--> statement-breakpoint
CREATE TRIGGER changes_tell AFTER INSERT ON changes FOR EACH STATEMENT EXECUTE FUNCTION latchkey_tell_changes();
