import { stat } from "node:fs/promises";
import type { createTransactions } from "./sqlite-transactions.server";

/** What the file beside the database may keep when nothing is written, in bytes. */
export const maxIdleWalBytes = 4 * 1024 * 1024;
/** How often its size is looked at, in ms. */
const pollIntervalMs = 5_000;

type Writes = Pick<ReturnType<typeof createTransactions>, "isIdle" | "ask">;

/** SQLite lets the WAL grow for as long as somebody reads, and then keeps its size: cuts it while nothing is being written. */
export function truncateWal(file: string, writes: Writes, intervalMs = pollIntervalMs): () => void {
  const timer = setInterval(async () => {
    const size = await stat(`${file}-wal`).then(
      (found) => found.size,
      () => 0,
    );
    if (size <= maxIdleWalBytes || !writes.isIdle()) return;
    // Where somebody still reads it changes nothing, and is tried again.
    await writes.ask("PRAGMA wal_checkpoint(TRUNCATE)").catch(() => {});
  }, intervalMs);
  timer.unref();
  return () => clearInterval(timer);
}
