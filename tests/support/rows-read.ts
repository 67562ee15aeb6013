import Sqlite from "better-sqlite3";
import pg from "pg";
import type { Engine } from "~db/dialect";
import type { Recorded } from "./recorded-statements";

/** A table that a statement reads more of than it should. `rows`: how many, where the engine counts them. */
export type Scan = { table: string; rows: number | null; plan: string };
export type Explain = { scansOf: (statement: Recorded) => Promise<Scan[]>; close: () => Promise<void> };

/** Explains statements on a filled database. `maxRows`: what a statement may read of one table. */
export function explainOn(engine: Engine, url: string, maxRows: number): Promise<Explain> {
  return engine === "sqlite" ? onSqlite(url, maxRows) : onPostgres(url, maxRows);
}

/** SQLite does not count rows: a scan of a large table is one, except in an index's order up to a limit. */
async function onSqlite(url: string, maxRows: number): Promise<Explain> {
  const file = new Sqlite(url.replace(/^file:/, ""), { readonly: true, timeout: 10_000 });
  const names = file.prepare("select name from sqlite_master where type = 'table'").pluck().all() as string[];
  const large = new Set(names.filter((name) => (file.prepare(`select count(*) from "${name}"`).pluck().get() as number) > maxRows));
  return {
    async scansOf({ sql, params }) {
      const steps = (file.prepare(`explain query plan ${sql}`).all(...params) as { detail: string }[]).map(({ detail }) => detail);
      const stopsEarly = /\blimit\b/i.test(sql) && !/\blike\b|count\(/i.test(sql) && !steps.some((step) => step.includes("TEMP B-TREE"));
      return steps.flatMap((step) => {
        const table = /^SCAN (\w+)/.exec(step)?.[1] ?? "";
        return large.has(table) && !stopsEarly ? [{ table, rows: null, plan: steps.join("; ") }] : [];
      });
    },
    close: async () => void file.close(),
  };
}

type Node = {
  "Node Type": string;
  "Relation Name"?: string;
  "Plan Rows": number;
  "Actual Rows": number;
  "Actual Loops": number;
  "Rows Removed by Filter"?: number;
  "Rows Removed by Index Recheck"?: number;
  Plans?: Node[];
};

/** PostgreSQL runs the statement and counts, and nothing of it stays. */
async function onPostgres(url: string, maxRows: number): Promise<Explain> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  // As autovacuum would, which is off.
  await client.query("analyze");
  return {
    async scansOf({ sql, params }) {
      await client.query("begin");
      try {
        // An insert reads nothing by itself, and would meet the row that it made before.
        const isCounted = !/^\s*insert/i.test(sql);
        const { rows } = await client.query(`explain (${isCounted ? "analyze, " : ""}format json) ${sql}`, params);
        const nodes: Node[] = [];
        const walk = (node: Node) => {
          nodes.push(node);
          node.Plans?.forEach(walk);
        };
        walk(rows[0]["QUERY PLAN"][0].Plan);
        return nodes.flatMap((node) => {
          const removed = (node["Rows Removed by Filter"] ?? 0) + (node["Rows Removed by Index Recheck"] ?? 0);
          const read = isCounted ? (node["Actual Rows"] + removed) * node["Actual Loops"] : node["Plan Rows"];
          const table = node["Relation Name"];
          return table && read > maxRows ? [{ table, rows: read, plan: node["Node Type"] }] : [];
        });
      } finally {
        await client.query("rollback");
      }
    },
    close: () => client.end(),
  };
}
