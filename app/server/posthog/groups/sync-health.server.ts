import type { Instant, Json } from "~/core/model";
import type { Queries } from "~db/database";
import type { Schema } from "~db/schema";
import { readSetting, writeSetting } from "~db/store/settings.server";

const setting = "posthog_sync_health";

/** Health of group sync, in the database so that every process can show it. */
export type SyncHealth = {
  lastSentAt: Instant | null;
  lastError: { at: Instant; why: string } | null;
  /** Null if the last attempt succeeded. `failures` counts consecutive failures. */
  down: { since: Instant; failures: number; nextTryAt: Instant } | null;
};

const healthy: SyncHealth = { lastSentAt: null, lastError: null, down: null };

export async function readSyncHealth(q: Queries, t: Schema): Promise<SyncHealth> {
  return { ...healthy, ...((await readSetting(q, t, setting)) as SyncHealth | null) };
}

/** Runs in the transaction that records the attempt. */
export async function noteSent(tx: Queries, t: Schema, at: Instant): Promise<void> {
  const health = await readSyncHealth(tx, t);
  await writeSetting(tx, t, setting, { ...health, lastSentAt: at, down: null } satisfies SyncHealth as unknown as Json);
}

export async function noteFailed(
  tx: Queries,
  t: Schema,
  failed: { at: Instant; why: string; isDown: boolean; nextTryAt: Instant },
): Promise<void> {
  const { at, why, isDown, nextTryAt } = failed;
  const health = await readSyncHealth(tx, t);
  const { since, failures } = health.down ?? { since: at, failures: 0 };
  const next: SyncHealth = { ...health, lastError: { at, why }, down: isDown ? { since, failures: failures + 1, nextTryAt } : health.down };
  await writeSetting(tx, t, setting, next as unknown as Json);
}
