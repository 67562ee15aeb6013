/** Connections of one node: its server, the two processes beside it, and the listeners. */
export const defaultConnections = 20;
export const minConnections = 12;

/** The server and the background process have one more, on which they listen for other nodes' commits. */
const listeners = 1;

export type Pools = { reads: number; slowReads: number; writes: number };

/** The background process does one thing at a time, so it gets a fixed small part. */
const ofBackground: Pools = { reads: 1, slowReads: 1, writes: 2 };
const total = ({ reads, slowReads, writes }: Pools) => reads + slowReads + writes;

export type ConnectionRole = "server" | "background" | "pages";

/** The page process reads what was committed before each page, and listens for nothing. */
const ofPages = (connections: number): Pools => ({ reads: 1, slowReads: Math.max(1, Math.floor(connections / 20)), writes: 1 });

/** Divides a node's connections, so that its processes together never open more. */
export function shareConnections(connections: number, role: ConnectionRole): Pools {
  const pages = ofPages(connections);
  if (role === "background") return ofBackground;
  if (role === "pages") return pages;
  const left = connections - total(ofBackground) - listeners - total(pages) - listeners;
  const slowReads = Math.max(1, Math.floor(left / 4));
  const writes = Math.ceil((left - slowReads) / 2);
  return { slowReads, writes, reads: left - slowReads - writes };
}

export const outOfConnections =
  "PostgreSQL has no connection left for Latchkey. Each node opens up to DATABASE_CONNECTIONS of them: lower that on every node, " +
  "or raise max_connections in PostgreSQL.";
