/** Connections of one node: its server, the process beside it, and their listeners. */
export const defaultConnections = 20;
export const minConnections = 10;

/** Each process has one more, on which it listens for other nodes' commits. */
const listeners = 1;

export type Pools = { reads: number; slowReads: number; writes: number };

/** The background process does one thing at a time, so it gets a fixed small part. */
const ofBackground: Pools = { reads: 1, slowReads: 1, writes: 2 };
const total = ({ reads, slowReads, writes }: Pools) => reads + slowReads + writes + listeners;

/** Divides a node's connections, so that its processes together never open more. */
export function shareConnections(connections: number, isBackground: boolean): Pools {
  if (isBackground) return ofBackground;
  const left = connections - total(ofBackground) - listeners;
  const slowReads = Math.max(1, Math.floor(left / 4));
  const writes = Math.floor((left - slowReads) / 2);
  return { slowReads, writes, reads: left - slowReads - writes };
}

export const outOfConnections =
  "PostgreSQL has no connection left for Latchkey. Each node opens up to DATABASE_CONNECTIONS of them: lower that on every node, " +
  "or raise max_connections in PostgreSQL.";
