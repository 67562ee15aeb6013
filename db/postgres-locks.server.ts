import { type SQL, sql } from "drizzle-orm";
import type { NodePgDatabase } from "drizzle-orm/node-postgres";
import type { Lock } from "./database";
import { DatabaseBusy, DatabaseReadOnly } from "./unavailable";

/** PostgreSQL's lock timeout. */
const lockNotAvailable = "55P03";

/**
 * Takes locks for the rest of the transaction, in one statement and sorted, so that two transactions cannot deadlock.
 * Rejects with DatabaseBusy after `timeoutMs`, which does not apply to row locks taken later. Rejects with
 * DatabaseReadOnly if the server is read-only, because decisions made there may be based on old facts.
 */
export async function takeLocks(tx: Pick<NodePgDatabase, "execute">, locks: Lock[], timeoutMs: number): Promise<void> {
  if (locks.length === 0) return;
  const timeout = (value: string): SQL => sql`set_config('lock_timeout', ${value}, true)`;
  const taken = [...locks].sort(byKey).map((lock): SQL => {
    const take = sql.raw(lock.shared ? "pg_advisory_xact_lock_shared" : "pg_advisory_xact_lock");
    return sql`${take}(hashtextextended(${lock.key}, 0))`;
  });
  // Expressions are evaluated from left to right. 0 would mean no limit.
  const all = [timeout(String(Math.max(1, Math.round(timeoutMs)))), ...taken, timeout("0"), readOnlySetting];
  let row: Record<string, unknown> | undefined;
  try {
    [row] = (await tx.execute(sql`select ${sql.join(all, sql`, `)}`)).rows;
  } catch (error) {
    if (codeOf(error) === lockNotAvailable) throw new DatabaseBusy("Another process holds a lock.", { cause: error });
    throw error;
  }
  if (row?.read_only === "on") throw new DatabaseReadOnly();
}

const readOnlySetting = sql`current_setting('transaction_read_only') as read_only`;

const codeOf = (error: unknown) => ((error as { cause?: { code?: string } }).cause ?? (error as { code?: string })).code;

const byKey = (a: Lock, b: Lock) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);
