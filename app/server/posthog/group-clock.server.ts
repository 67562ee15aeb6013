import type { Instant } from "~/core/model";
import type { Database, Lock, Queries } from "~db/database";
import type { Schema } from "~db/schema";
import { revisionsOf } from "~db/store/group-syncs.server";
import { wakeGroupSync } from "~db/store/outbox.server";
import { readSetting, writeSetting } from "~db/store/settings.server";
import { nextTrialInstant, trialsBetween } from "~db/store/trial-clock.server";

const setting = "posthog_clock";
const clockLock: Lock = { key: "posthog clock" };
/** Keys in one question to the database. */
const keysAtOnce = 500;

/** Up to when starts and ends of trials have been looked at; null: never. */
export async function readClock(q: Queries, t: Schema): Promise<Instant | null> {
  return (await readSetting(q, t, setting)) as Instant | null;
}

export async function startClock(tx: Queries, t: Schema, now: Instant): Promise<void> {
  if ((await readClock(tx, t)) === null) await writeSetting(tx, t, setting, now);
}

/** Whether a trial began or ended since the last look. Cheap: two looks into an index. */
export async function hasTimePassed({ read, tables: t }: Database, now: Instant): Promise<boolean> {
  const from = await readClock(read, t);
  return from !== null && from < now && (await nextTrialInstant(read, t, from, now)) !== null;
}

/**
 * Puts the tenants of trials that began or ended since the last look into the outbox, a bounded number at a time. In one
 * transaction with the instant up to which that was done: each start and end counts once, whichever process is first, and
 * none is lost while no process runs.
 */
export async function passTime({ transaction, tables: t }: Database, now: Instant): Promise<void> {
  return transaction([clockLock], async (tx) => {
    const from = await readClock(tx, t);
    const to = from === null ? null : await nextTrialInstant(tx, t, from, now);
    if (from === null || to === null) return;
    const { tenants } = await trialsBetween(tx, t, from, to);
    for (let at = 0; at < tenants.length; at += keysAtOnce)
      await wakeGroupSync(tx, t, await revisionsOf(tx, t, tenants.slice(at, at + keysAtOnce)), now);
    await writeSetting(tx, t, setting, to);
  });
}
