import type { Actor } from "~/core/model";
import type { Refusal } from "~/core/outcome";
import { sameJson } from "~/core/same-json";
import type { Services } from "~/server/services.server";
import { writeAudit } from "~db/store/audit.server";
import { appendChange } from "~db/store/changes.server";
import { countTenants, revisionsOf } from "~db/store/group-syncs.server";
import { wakeGroupSync } from "~db/store/outbox.server";
import { writeSetting } from "~db/store/settings.server";
import { startFanOut } from "./group-fan-out.server";
import { writeResync } from "./resync-progress.server";
import { metadataSetting, readMetadataChoice } from "./synced-metadata.server";

/** Serializes concurrent choices: the later one reads what the earlier one wrote. */
const settingLock = { key: `setting:${metadataSetting}` };
const subject = { subjectKind: "settings" as const, subject: "posthog" };

/** Keys named in the audit row of a resync. */
const maxNamed = 100;

/** Queues all tenants, whether or not PostHog has them. Returns their number. */
export async function resyncAll({ db, now, newId, posthog }: Services, actor: Actor): Promise<number> {
  const t = db.tables;
  const total = await db.transaction([], async (tx) => {
    const at = now();
    const tenants = await countTenants(tx, t);
    await startFanOut(tx, t, { id: newId("walk"), at, forced: true });
    await writeResync(tx, t, { startedAt: at, by: actor.name, total: tenants, doneAt: null });
    await writeAudit(tx, t, { at, actor, action: "posthog.resync_all", ...subject, after: { tenants } });
    return tenants;
  });
  posthog?.wake();
  return total;
}

/** Queues these tenants immediately, also those waiting for a retry. Returns how many exist. */
export async function resyncTenants({ db, now, posthog }: Services, actor: Actor, keys: string[]): Promise<number> {
  const t = db.tables;
  const n = await db.transaction([], async (tx) => {
    const found = await revisionsOf(tx, t, keys);
    if (found.length === 0) return 0;
    const at = now();
    await wakeGroupSync(tx, t, found, at, true);
    const after = { tenants: found.length, keys: found.slice(0, maxNamed).map(({ key }) => key) };
    await writeAudit(tx, t, { at, actor, action: "posthog.resync", ...subject, after });
    return found.length;
  });
  posthog?.wake();
  return n;
}

/** Variant for typed keys. Returns an unknown key as a string and sends nothing. */
export async function resyncNamed(services: Services, actor: Actor, keys: string[]): Promise<number | string> {
  const { readAside: read, tables } = services.db;
  const found = new Set((await revisionsOf(read, tables, keys)).map(({ key }) => key));
  const unknown = keys.find((key) => !found.has(key));
  if (unknown !== undefined) return `There is no tenant ${unknown}. Correct it, or take it out; nothing was sent yet.`;
  return resyncTenants(services, actor, keys);
}

/**
 * Sets which metadata keys are sent to PostHog and queues all affected tenants. `whyNot` validates against the current
 * choice.
 */
export async function chooseMetadata(
  { db, now, newId, metadata, posthog }: Services,
  actor: Actor,
  keys: string[],
  whyNot: (before: string[]) => Refusal | null = () => null,
): Promise<{ ok: true; keys: string[] } | Refusal> {
  const t = db.tables;
  const chosen = [...new Set(keys)].sort();
  const done = { ok: true as const, keys: chosen };
  const result = await db.transaction([settingLock], async (tx) => {
    const at = now();
    const before = await readMetadataChoice(tx, t);
    const refusal = whyNot(before);
    if (refusal) return refusal;
    if (sameJson(before, chosen)) return done;
    await writeSetting(tx, t, metadataSetting, chosen);
    await appendChange(tx, t, "setting", metadataSetting, at);
    await startFanOut(tx, t, { id: newId("walk"), at, forced: false });
    const action = "posthog.metadata_chosen";
    await writeAudit(tx, t, { at, actor, action, ...subject, before: { metadata: before }, after: { metadata: chosen } });
    return done;
  });
  if (!result.ok) return result;
  metadata.put(chosen);
  posthog?.wake();
  return result;
}
