import type { Instant } from "~/core/model";
import type { Load, LoadKind } from "./load.server";

export type ProcessStatus = {
  name: "server" | "pages" | "worker";
  pid: number;
  startedAt: Instant;
  /** Memory in RAM, and the part of it that JavaScript uses, in bytes. */
  residentBytes: number;
  heapBytes: number;
};

type LoadStatus = { inFlight: Record<LoadKind, number>; refused: Record<LoadKind, number> };

/** What only the server knows. `cleanedAt`: the last time it deleted old rows, or null. */
export type ServerStatus = { process: ProcessStatus; load: LoadStatus; cleanedAt: Instant | null };

/** `pages` is null where the server renders them itself. */
export type SystemStatus = { server: ServerStatus; pages: ProcessStatus | null };

/** The status of this process. */
export function processStatus(name: ProcessStatus["name"], now: Instant): ProcessStatus {
  const { rss, heapUsed } = process.memoryUsage();
  return { name, pid: process.pid, startedAt: now - Math.round(process.uptime() * 1_000), residentBytes: rss, heapBytes: heapUsed };
}

/** For the server process, or for a single process without others. */
export const serverStatus = (load: Load, cleanedAt: Instant | null, now: Instant): ServerStatus => ({
  process: processStatus("server", now),
  load: { inFlight: { ...load.inFlight() }, refused: { ...load.refused() } },
  cleanedAt,
});
