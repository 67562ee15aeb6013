import type { Actor } from "~/core/model";
import type { Refusal } from "~/core/outcome";
import { sameJson } from "~/core/same-json";
import type { Services } from "~/server/services.server";
import { writeAudit } from "~db/store/audit.server";
import { appendChange } from "~db/store/changes.server";
import { writeSetting } from "~db/store/settings.server";
import { startFanOut } from "./group-fan-out.server";
import { metadataSetting, readMetadataChoice } from "./synced-metadata.server";

/** Serializes concurrent choices: the later one reads what the earlier one wrote. */
const settingLock = { key: `setting:${metadataSetting}` };
const subject = { subjectKind: "settings" as const, subject: "posthog" };

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
