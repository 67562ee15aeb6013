import type { CatalogueChange } from "~/core/catalogue/catalogue-changes";
import { type ChangeEffects, isWorthShowing } from "~/core/catalogue/effect-words";
import type { Actor, Feature } from "~/core/model";
import { shortHash } from "~/server/random.server";
import type { Services } from "~/server/services.server";
import { effectsOf } from "./change-effects.server";
import { createImpact } from "./impacts.server";

/** Effects that an editor sees before a change is saved. `token` names the change; the form sends it with the second submission. */
export type EffectReview = {
  token: string;
  effects: ChangeEffects /** The job that names the tenants; null if it could not begin. */;
  impact: string | null;
};

/** The review that comes before a change; null: the editor has seen it (`reviewed`), or no tenant notices the change. */
export async function reviewChange(
  services: Services,
  actor: Actor,
  { change, title }: { change: CatalogueChange; title: string },
  reviewed: string | undefined,
  signal: AbortSignal,
): Promise<EffectReview | null> {
  const token = tokenOf(change);
  if (reviewed === token) return null;
  const effects = await effectsOf(services, { catalogue: change, tenants: [] }, { signal });
  if (!isWorthShowing(effects)) return null;
  const { features, plans } = change;
  const created = await createImpact(services, actor, { title, source: { kind: "objects", features, plans } });
  return { token, effects, impact: created.ok ? created.job.id : null };
}

/** A hash of the parts of a change that decisions read. */
function tokenOf({ features, plans }: CatalogueChange): string {
  const rules = features.map((f) => ({ ...f, ...withoutTimes(f), name: null, description: null, group: null, askUrl: null }));
  const values = plans.map(({ key, includes, entries, archivedAt }) => ({ key, includes, entries, archivedAt }));
  return shortHash(JSON.stringify([rules, values]));
}

/** A change of the reset period has the time of the submission that would make it. */
const withoutTimes = (feature: Feature) =>
  feature.type === "metered" && feature.periodChanges
    ? { periodChanges: feature.periodChanges.map(({ from, counts }) => [from, counts]) }
    : {};
