import { getTableColumns, is, type SQL, sql } from "drizzle-orm";
import { PgTable } from "drizzle-orm/pg-core";
import type { SQLiteTable } from "drizzle-orm/sqlite-core";

/**
 * Rows of a table as the result of a select that has one parameter: whole ones for `insert(table).select(…)`, or `only` some
 * columns of them, to join with. Writing rows out value by value costs four times as much here, and a statement has room for
 * 32,766 values at most.
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

/** What `selectedFrom` reads again. */
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
  const isPostgres = is(table, PgTable);
  const parts = columnsOf(table, only).map(([, column], i) => {
    const value = isPostgres ? `(value ->> ${i})::${column.getSQLType()}` : `value ->> ${i}`;
    return `${value} as "${column.name}"`;
  });
  const list = sql.raw(parts.join(", "));
  // "where true": or else SQLite takes the "on conflict" that follows for a join's.
  return isPostgres
    ? sql`select ${list} from json_array_elements(${data}::json) as value`
    : sql`select ${list} from json_each(${data}) where true`;
}
