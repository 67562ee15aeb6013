import { is } from "drizzle-orm";
import { PgTable } from "drizzle-orm/pg-core";

/** True for a table of the PostgreSQL schema; both schemas have one type. */
export const isOnPostgres = (table: unknown): boolean => is(table, PgTable);
