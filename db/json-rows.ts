import { getTableColumns, type SQL, sql } from "drizzle-orm";
import type { SQLiteTable } from "drizzle-orm/sqlite-core";
import { isOnPostgres } from "./on-postgres";

/**
 * Rows as a select with one parameter: whole rows for `insert(table).select(…)`, or some columns to join with.
 * Parameters per value cost four times as much, and a statement takes at most 32,766.
 */
export function rowsAsOne<T extends SQLiteTable, Name extends keyof T["$inferInsert"] & string>(
  table: T,
  rows: Pick<T["$inferInsert"], Name>[],
  only?: Name[],
): SQL {
  return selectedFrom(sql`${rowsText(table, rows, only)}`, table, only);
}

const columnsOf = <T extends SQLiteTable>(table: T, only?: string[]) =>
  Object.entries(getTableColumns(table)).filter(([name]) => only?.includes(name) ?? true);

/** Serializes rows for `selectedFrom`. */
export function rowsText<T extends SQLiteTable, Name extends keyof T["$inferInsert"] & string>(
  table: T,
  rows: Pick<T["$inferInsert"], Name>[],
  only?: Name[],
): string {
  const columns = columnsOf(table, only);
  const plain = rows.map((row) =>
    columns.map(([name, column]) => {
      const value = row[name as Name] ?? null;
      return value === null ? null : column.mapToDriverValue(value);
    }),
  );
  return JSON.stringify(plain);
}

export function selectedFrom(data: SQL, table: SQLiteTable, only?: string[]): SQL {
  const isPostgres = isOnPostgres(table);
  const parts = columnsOf(table, only).map(([, column], i) => {
    const value = isPostgres ? `(value ->> ${i})::${column.getSQLType()}` : `value ->> ${i}`;
    return `${value} as "${column.name}"`;
  });
  const list = sql.raw(parts.join(", "));
  // "where true", or else SQLite parses the following "on conflict" as a join constraint.
  return isPostgres
    ? sql`select ${list} from json_array_elements(${data}::json) as value`
    : sql`select ${list} from json_each(${data}) where true`;
}
