import type { Catalogue } from "~/core/catalogue";
import { type GroupProperties, groupProperties, groupSet } from "~/core/group-properties";
import type { Instant, Json } from "~/core/model";
import { sameJson } from "~/core/same-json";
import type { Database, Queries } from "~db/database";
import type { Schema } from "~db/schema";
import { readCatalogueRevision } from "~db/store/facts.server";
import { type ForSync, nextForSync } from "~db/store/group-syncs.server";
import { dueSyncOfAll, outboxTopics, removeSyncs, wakeGroupSync, wakeGroupSyncOfAll } from "~db/store/outbox.server";
import { deleteSetting, readSetting, writeSetting } from "~db/store/settings.server";

const setting = "posthog_fan_out";
/** Tenants looked at in one go. */
const pageSize = 100;

/** How far a walk over all tenants has come, so that a restart goes on from there. `id` tells it from the next one. */
export type FanOut = { id: string; revision: number; forced: boolean; cursor: string };

export async function readFanOut(q: Queries, t: Schema): Promise<FanOut | null> {
  return (await readSetting(q, t, setting)) as FanOut | null;
}

/** Looks at all tenants, from the first one, whatever was under way. Inside the caller's transaction. */
export async function startFanOut(tx: Queries, t: Schema, start: { id: string; at: Instant; forced: boolean }): Promise<void> {
  await wakeGroupSyncOfAll(tx, t, await readCatalogueRevision(tx, t), start.at, start.forced);
  const all = await dueSyncOfAll(tx, t);
  if (all) await writeSetting(tx, t, setting, { id: start.id, revision: all.revision, forced: all.forced, cursor: "" });
}

/** The properties of one tenant to send. */
export function newsOf({ facts, sent }: ForSync, catalogue: Catalogue, at: Instant, metadata: readonly string[]): GroupProperties {
  return groupSet(groupProperties(facts, catalogue, at, metadata), sent);
}

export const isKnown = (news: GroupProperties, sent: GroupProperties | null) => sent !== null && sameJson(news, sent);

/** One page of the walk: those that differ from what was sent are put into the outbox. False: there is nothing to walk. */
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
  const due = page.filter((row) => walk.forced || !isKnown(newsOf(row, now.catalogue, now.at, now.metadata), row.sent));
  await transaction([], async (tx) => {
    // Somebody started it anew while this page was read.
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
