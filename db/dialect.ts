import * as pg from "drizzle-orm/pg-core";
import * as lite from "drizzle-orm/sqlite-core";

/** Column builders of `schema.ts`. SQLite's types stand for both engines; queries are always awaited. */
const sqliteDialect = {
  table: lite.sqliteTable,
  text: (name: string) => lite.text(name),
  /** Up to 2^53 - 1. */
  integer: (name: string) => lite.integer(name),
  /** Auto-incremented, ascending. */
  sequence: (name: string) => lite.integer(name).primaryKey({ autoIncrement: true }),
  boolean: (name: string) => lite.integer(name, { mode: "boolean" }),
  timestamp: (name: string) => lite.integer(name, { mode: "timestamp_ms" }),
  json: (name: string) => lite.text(name, { mode: "json" }),
  index: lite.index,
  uniqueIndex: lite.uniqueIndex,
  primaryKey: lite.primaryKey,
};
export type Dialect = typeof sqliteDialect;

// Sorted and compared by bytes as in SQLite, independent of the server's locale.
const plainText = pg.customType<{ data: string; driverData: string }>({ dataType: () => 'text COLLATE "C"' });

// Not jsonb, which reorders keys: equal state must give equal bytes on every node. The driver has already parsed the
// value; parsing again would turn the string "10" into a number.
const plainJson = pg.customType<{ data: unknown; driverData: unknown }>({
  dataType: () => "json",
  toDriver: (value) => JSON.stringify(value),
});

const postgresDialect = {
  table: pg.pgTable,
  text: (name: string) => plainText(name),
  integer: (name: string) => pg.bigint(name, { mode: "number" }),
  sequence: (name: string) => pg.bigint(name, { mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
  boolean: (name: string) => pg.boolean(name),
  timestamp: (name: string) => pg.timestamp(name, { withTimezone: true, precision: 3, mode: "date" }),
  json: (name: string) => plainJson(name),
  index: pg.index,
  uniqueIndex: pg.uniqueIndex,
  primaryKey: pg.primaryKey,
} as unknown as Dialect;

export const dialects = { sqlite: sqliteDialect, postgres: postgresDialect };
export type Engine = keyof typeof dialects;
