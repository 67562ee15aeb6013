import { sql } from "drizzle-orm";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";
import type { Queries } from "../database";

/** Values of a column that an index begins with, in order, up to `max`: one look-up in the index for each. */
export async function distinctValues(q: Queries, column: SQLiteColumn, max: number): Promise<string[]> {
  const { table } = column;
  const first = sql`select min(${column}) as name, 1 as place from ${table}`;
  const next = sql`select (select min(${column}) from ${table} where ${column} > found.name), place + 1 from found where name is not null and place < ${max}`;
  const rows = await q
    .select({ name: sql<string>`listed.name` })
    .from(sql`(with recursive found(name, place) as (${first} union all ${next}) select name from found where name is not null) as listed`);
  return rows.map(({ name }) => name);
}
