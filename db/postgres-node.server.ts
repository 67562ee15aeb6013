import { hostname } from "node:os";
import { sql } from "drizzle-orm";
import type { Instant } from "~/core/model";
import type { Queries } from "./database";
import type { ConnectionRole } from "./postgres-connections";

const prefix = "latchkey";
/** PostgreSQL cuts names at 63 bytes. */
const maxHostCharacters = 30;

/**
 * The name of a connection in PostgreSQL. A node is its host and the number of its server process, which starts the others.
 * A long host name is cut to the end of its first part, which differs between the pods of a deployment.
 */
export function connectionName(role: ConnectionRole, name = hostname()): string {
  const server = role === "server" ? process.pid : process.ppid;
  const host = name.replace(/[^\w.-]/g, "");
  const shown = host.length <= maxHostCharacters ? host : (host.split(".")[0] ?? "").slice(-maxHostCharacters);
  return [prefix, shown, server, role].join("/");
}

type DatabaseNode = { host: string; pid: number; connections: number; connectedSince: Instant | null };

/** Nodes that are connected now. Connections whose URL sets another application name are left out. */
export async function connectedNodes(q: Queries): Promise<DatabaseNode[]> {
  const rows = await q
    .select({
      name: sql<string>`application_name`,
      connections: sql`count(*)`.mapWith(Number),
      since: sql<Date | null>`min(backend_start)`,
    })
    .from(sql`pg_stat_activity`)
    .where(sql`datname = current_database() and application_name like ${`${prefix}/%`}`)
    .groupBy(sql`application_name`);
  const nodes = new Map<string, DatabaseNode>();
  for (const { name, connections, since } of rows) {
    const [, host = "", pid = ""] = name.split("/");
    const node = nodes.get(`${host}/${pid}`) ?? { host, pid: Number(pid), connections: 0, connectedSince: null };
    const at = since === null ? null : new Date(since).getTime();
    node.connections += connections;
    if (at !== null) node.connectedSince = Math.min(at, node.connectedSince ?? at);
    nodes.set(`${host}/${pid}`, node);
  }
  return [...nodes.values()].sort((a, b) => (a.connectedSince ?? 0) - (b.connectedSince ?? 0));
}
