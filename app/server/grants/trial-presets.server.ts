import { maxPresets, type TrialPreset, withPreset } from "~/core/grants/trial-presets";
import type { Actor } from "~/core/model";
import { type Refusal, refuse } from "~/core/outcome";
import { storedPresets } from "~/forms/grants/trial-preset";
import { catalogueNow } from "~/server/catalogue/catalogue-pages.server";
import type { Services } from "~/server/services.server";
import type { Queries } from "~db/database";
import type { Schema } from "~db/schema";
import { writeAudit } from "~db/store/audit.server";
import { readSetting, writeSetting } from "~db/store/settings.server";

const setting = "trial_presets";
const presetsLock = { key: `setting:${setting}` };

async function readPresets(q: Queries, t: Schema): Promise<TrialPreset[]> {
  return storedPresets.parse((await readSetting(q, t, setting)) ?? []);
}

/** In the order of their names, each with the names of its features. `isGone`: archived, or no longer in the catalogue. */
export async function trialPresets(services: Services) {
  const { catalogue } = await catalogueNow(services);
  const presets = await readPresets(services.db.readAside, services.db.tables);
  return presets.map(({ name, features, days }) => ({
    name,
    days,
    features: features.map((key) => {
      const feature = catalogue.features.get(key);
      return { key, name: feature?.name ?? key, isGone: !feature || feature.archivedAt !== null };
    }),
  }));
}
export type ShownPreset = Awaited<ReturnType<typeof trialPresets>>[number];

/** Presets with the features that can still be granted, of those that have any. */
export async function offeredPresets(services: Services) {
  return (await trialPresets(services)).flatMap(({ name, days, features }) => {
    const keys = features.flatMap(({ key, isGone }) => (isGone ? [] : [key]));
    return keys.length === 0 ? [] : [{ name, days, features: keys }];
  });
}

export async function savePreset(services: Services, actor: Actor, preset: TrialPreset): Promise<{ ok: true } | Refusal> {
  const { db, now } = services;
  const { catalogue } = await catalogueNow(services);
  for (const key of preset.features) {
    const feature = catalogue.features.get(key);
    if (!feature)
      return refuse("feature_not_found", `There is no feature ${key}. Write the keys as the page Features shows them.`, "features");
    if (feature.archivedAt !== null)
      return refuse("feature_archived", `${feature.name} is archived. Restore it, or leave it out.`, "features");
  }
  return db.transaction([presetsLock], async (tx) => {
    const presets = await readPresets(tx, db.tables);
    if (presets.some(({ name }) => name.toLowerCase() === preset.name.toLowerCase()))
      return refuse("value_invalid", `There is a preset “${preset.name}” already. Delete it first, or choose another name.`, "name");
    if (presets.length >= maxPresets) return refuse("value_invalid", `There are ${maxPresets} presets already. Delete one first.`);
    await writeSetting(tx, db.tables, setting, withPreset(presets, preset));
    const { name, features, days } = preset;
    await writeAudit(tx, db.tables, {
      at: now(),
      actor,
      action: "preset.created",
      subjectKind: "settings",
      subject: name,
      after: { name, features, days },
    });
    return { ok: true as const };
  });
}

/** False if there is no such preset. */
export function deletePreset({ db, now }: Services, actor: Actor, name: string): Promise<boolean> {
  return db.transaction([presetsLock], async (tx) => {
    const presets = await readPresets(tx, db.tables);
    const before = presets.find((preset) => preset.name === name);
    if (!before) return false;
    await writeSetting(
      tx,
      db.tables,
      setting,
      presets.filter((preset) => preset !== before),
    );
    const about = { subjectKind: "settings", subject: name, before } as const;
    await writeAudit(tx, db.tables, { at: now(), actor, action: "preset.deleted", ...about });
    return true;
  });
}
