import type { Instant } from "~/core/model";
import type { Database, Lock, Queries } from "~db/database";
import type { Schema } from "~db/schema";
import { revisionsOf } from "~db/store/group-syncs.server";
import { wakeGroupSync } from "~db/store/outbox.server";
import { readSetting, writeSetting } from "~db/store/settings.server";
import { nextTrialInstant, trialsBetween } from "~db/store/trial-transitions.server";

const setting = "posthog_clock";
const clockLock: Lock = { key: "posthog clock" };
/** Keys per query. */
const keyBatchSize = 500;

/** The instant up to which starts and ends of trials were processed, or null. */
export async function readClock(q: Queries, t: Schema): Promise<Instant | null> {
  return (await readSetting(q, t, setting)) as Instant | null;
}

export async function startClock(tx: Queries, t: Schema, now: Instant): Promise<void> {
  if ((await readClock(tx, t)) === null) await writeSetting(tx, t, setting, now);
}

/** Returns true if a trial started or ended since the last run. Costs two index lookups. */
export async function hasTimePassed({ read, tables: t }: Database, now: Instant): Promise<boolean> {
  const from = await readClock(read, t);
  return from !== null && from < now && (await nextTrialInstant(read, t, from, now)) !== null;
}

/**
 * Queues tenants whose trials started or ended since the last run, in bounded batches. The cursor moves in the same
 * transaction, so each start and end is processed once by any process and none is lost while no process runs.
 */
export async function passTime({ transaction, tables: t }: Database, now: Instant): Promise<void> {
  return transaction([clockLock], async (tx) => {
    const from = await readClock(tx, t);
    const to = from === null ? null : await nextTrialInstant(tx, t, from, now);
    if (from === null || to === null) return;
    const { tenants } = await trialsBetween(tx, t, from, to);
    for (let at = 0; at < tenants.length; at += keyBatchSize)
      await wakeGroupSync(tx, t, await revisionsOf(tx, t, tenants.slice(at, at + keyBatchSize)), now);
    await writeSetting(tx, t, setting, to);
  });
}
