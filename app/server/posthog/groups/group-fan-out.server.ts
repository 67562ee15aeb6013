import type { Catalogue } from "~/core/catalogue/catalogue";
import type { Instant, Json } from "~/core/model";
import { type GroupProperties, groupProperties, groupSet } from "~/core/posthog/group-properties";
import { sameJson } from "~/core/same-json";
import type { Database, Queries } from "~db/database";
import type { Schema } from "~db/schema";
import { readCatalogueRevision } from "~db/store/facts.server";
import { type ForSync, nextForSync } from "~db/store/group-syncs.server";
import { dueSyncOfAll, outboxTopics, removeSyncs, wakeGroupSync, wakeGroupSyncOfAll } from "~db/store/outbox.server";
import { deleteSetting, readSetting, writeSetting } from "~db/store/settings.server";

const setting = "posthog_fan_out";
/** Tenants per batch. */
const pageSize = 100;

/** Progress of a walk over all tenants, so that a restart continues from there. `id` identifies the walk. */
export type FanOut = { id: string; revision: number; forced: boolean; cursor: string };

export async function readFanOut(q: Queries, t: Schema): Promise<FanOut | null> {
  return (await readSetting(q, t, setting)) as FanOut | null;
}

/** Starts a walk over all tenants from the first, replacing one in progress. Runs in the caller's transaction. */
export async function startFanOut(tx: Queries, t: Schema, start: { id: string; at: Instant; forced: boolean }): Promise<void> {
  await wakeGroupSyncOfAll(tx, t, await readCatalogueRevision(tx, t), start.at, start.forced);
  const all = await dueSyncOfAll(tx, t);
  if (all) await writeSetting(tx, t, setting, { id: start.id, revision: all.revision, forced: all.forced, cursor: "" });
}

/** The properties of one tenant to send. */
export function groupPropertiesOf(
  { facts, sent }: ForSync,
  catalogue: Catalogue,
  at: Instant,
  metadata: readonly string[],
): GroupProperties {
  return groupSet(groupProperties(facts, catalogue, at, metadata), sent);
}

export const isKnown = (news: GroupProperties, sent: GroupProperties | null) => sent !== null && sameJson(news, sent);

/**
 * Processes one batch of the walk: tenants that differ from what was sent are queued. Returns false if no walk is in
 * progress.
 */
export async function walkOn(
  { read, transaction, tables: t }: Database,
  now: { catalogue: Catalogue; at: Instant; metadata: readonly string[]; newId: (prefix: string) => string },
): Promise<boolean> {
  const all = await dueSyncOfAll(read, t);
  if (!all) return false;
  const before = await readFanOut(read, t);
  const isOn = before !== null && before.revision === all.revision && before.forced === all.forced;
  const walk: FanOut = isOn ? before : { id: now.newId("walk"), revision: all.revision, forced: all.forced, cursor: "" };
  const page = await nextForSync(read, t, walk.cursor, pageSize);
  const due = page.filter((row) => walk.forced || !isKnown(groupPropertiesOf(row, now.catalogue, now.at, now.metadata), row.sent));
  await transaction([], async (tx) => {
    // The walk was restarted while this batch was read.
    if (!sameJson((await readFanOut(tx, t)) as Json, before as Json)) return;
    await wakeGroupSync(
      tx,
      t,
      due.map(({ facts }) => facts),
      now.at,
      walk.forced,
    );
    const last = page.at(-1);
    if (last) {
      await writeSetting(tx, t, setting, { ...walk, cursor: last.facts.key });
    } else {
      await removeSyncs(tx, t, [all], outboxTopics.all);
      await deleteSetting(tx, t, setting);
    }
  });
  return true;
}
