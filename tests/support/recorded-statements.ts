import Sqlite from "better-sqlite3";
import pg from "pg";

export type Recorded = { sql: string; params: unknown[]; by: string };

/** Records the statements that this process runs from here on, on both engines, each text once. Call it before a database is opened. */
export function recordStatements() {
  const found = new Map<string, Recorded>();
  let by: string | null = null;
  const note = (sql: string, params: unknown[]) => {
    if (by !== null && /^\s*(select|insert|update|delete|with)\b/i.test(sql) && !found.has(sql)) found.set(sql, { sql, params, by });
  };

  const { prepare } = Sqlite.prototype;
  Sqlite.prototype.prepare = function (this: Sqlite.Database, sql: string) {
    const statement = prepare.call(this, sql);
    for (const method of ["all", "get", "run", "iterate"] as const) {
      const run = statement[method] as (...params: unknown[]) => unknown;
      Object.defineProperty(statement, method, {
        value(...params: unknown[]) {
          note(sql, params);
          return run.apply(statement, params);
        },
      });
    }
    return statement;
  } as typeof prepare;

  const { query } = pg.Client.prototype;
  pg.Client.prototype.query = function (this: pg.Client, ...args: unknown[]) {
    const [first, second] = args as [string | { text: string; values?: unknown[] }, unknown];
    const text = typeof first === "string" ? first : first.text;
    note(text, Array.isArray(second) ? second : (typeof first === "object" && first.values) || []);
    return (query as (...all: unknown[]) => unknown).apply(this, args);
  } as typeof query;

  return {
    /** Whatever runs from here on is done for `name`; null stops recording. */
    during: (name: string | null) => {
      by = name;
    },
    /** What was recorded so far, which is then forgotten. */
    take: () => {
      const all = [...found.values()];
      found.clear();
      return all;
    },
    restore: () => {
      Sqlite.prototype.prepare = prepare;
      pg.Client.prototype.query = query;
    },
  };
}
