import type { Instant } from "~/core/model";
import type { Database, Queries } from "~db/database";
import type { Schema } from "~db/schema";
import { countTenantsAfter, countWaiting } from "~db/store/group-syncs.server";
import { dueSyncOfAll } from "~db/store/outbox.server";
import { readSetting, writeSetting } from "~db/store/settings.server";
import { readFanOut } from "./group-fan-out.server";

const setting = "posthog_resync";

/** The last full resync. `doneAt` is null while it is in progress. */
export type Resync = { startedAt: Instant; by: string; total: number; doneAt: Instant | null };

export async function readResync(q: Queries, t: Schema): Promise<Resync | null> {
  return (await readSetting(q, t, setting)) as Resync | null;
}

export const writeResync = (tx: Queries, t: Schema, resync: Resync) => writeSetting(tx, t, setting, resync);

/** Tenants not yet sent: not yet visited, or still queued. */
async function leftOver(q: Queries, t: Schema): Promise<number> {
  const { all: waiting } = await countWaiting(q, t);
  if (!(await dueSyncOfAll(q, t))) return waiting;
  return waiting + (await countTenantsAfter(q, t, (await readFanOut(q, t))?.cursor ?? ""));
}

/** Read from the outbox, so that it is the same in every process and after a restart. */
export async function resyncProgress(q: Queries, t: Schema) {
  const resync = await readResync(q, t);
  if (!resync) return null;
  const left = resync.doneAt === null ? await leftOver(q, t) : 0;
  return { ...resync, done: Math.max(0, resync.total - left) };
}

/** Call when nothing is due. */
export async function noteResyncDone({ read, transaction, tables: t }: Database, at: Instant): Promise<void> {
  const resync = await readResync(read, t);
  if (!resync || resync.doneAt !== null || (await leftOver(read, t)) > 0) return;
  await transaction([], async (tx) => {
    const now = await readResync(tx, t);
    if (now && now.startedAt === resync.startedAt) await writeResync(tx, t, { ...now, doneAt: at });
  });
}
