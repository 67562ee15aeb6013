import { type SQL, sql } from "drizzle-orm";
import type { Queries, Statement } from "./database";

/** A statement with one parameter as text: building it costs more than running it. */
export function statementText(build: (q: Queries, piece: SQL) => Statement, q: Queries): string {
  const { sql: text, params } = build(q, sql`${sql.placeholder("piece")}`).toSQL();
  if (params.length !== 1) throw new Error(`The statement takes ${params.length} parameters in place of the piece alone: ${text}`);
  return text;
}
