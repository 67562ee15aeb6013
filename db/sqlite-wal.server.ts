import { stat } from "node:fs/promises";
import type { createTransactions } from "./sqlite-transactions.server";

/** Max size of the WAL file when idle, in bytes. */
export const maxIdleWalBytes = 4 * 1024 * 1024;
/** Interval of the size check, in ms. */
const pollIntervalMs = 5_000;

type Writes = Pick<ReturnType<typeof createTransactions>, "isIdle" | "ask">;

/** SQLite lets the WAL grow during long reads and then keeps its size. Truncates it while nothing is written. */
export function truncateWal(file: string, writes: Writes, intervalMs = pollIntervalMs): () => void {
  const timer = setInterval(async () => {
    const size = await stat(`${file}-wal`).then(
      (found) => found.size,
      () => 0,
    );
    if (size <= maxIdleWalBytes || !writes.isIdle()) return;
    // Without effect during a read; retried later.
    await writes.ask("PRAGMA wal_checkpoint(TRUNCATE)").catch(() => {});
  }, intervalMs);
  timer.unref();
  return () => clearInterval(timer);
}
