import * as pg from "drizzle-orm/pg-core";
import * as lite from "drizzle-orm/sqlite-core";

/** The words that `schema.ts` is written in. SQLite's types stand for both engines; queries are only ever awaited. */
const sqliteDialect = {
  table: lite.sqliteTable,
  text: (name: string) => lite.text(name),
  /** Up to 2^53 - 1. */
  integer: (name: string) => lite.integer(name),
  /** Numbers itself, upwards only. */
  sequence: (name: string) => lite.integer(name).primaryKey({ autoIncrement: true }),
  boolean: (name: string) => lite.integer(name, { mode: "boolean" }),
  timestamp: (name: string) => lite.integer(name, { mode: "timestamp_ms" }),
  json: (name: string) => lite.text(name, { mode: "json" }),
  index: lite.index,
  uniqueIndex: lite.uniqueIndex,
  primaryKey: lite.primaryKey,
};
export type Dialect = typeof sqliteDialect;

// Sorting and comparing by bytes, as SQLite does, whatever the server's locale.
const plainText = pg.customType<{ data: string; driverData: string }>({ dataType: () => 'text COLLATE "C"' });

// Not jsonb: that reorders keys, and equal state has to give equal bytes on every node and after every restart.
// The driver has parsed it already; parsing again would turn the text "10" into a number.
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
