import { answerRow, byGroup } from "~/core/answer-row";
import type { FeatureKind } from "~/core/feature-changes";
import { grantTrial } from "~/core/grant-changes";
import type { Actor, Feature, Instant, Value } from "~/core/model";
import { foldText } from "~/core/plain-text";
import { nameOfKey, readValue } from "~/forms/feature-value";
import type { TrialPage } from "~/forms/trial-page";
import type { Services } from "./services.server";
import { changeGrants } from "./tenant-grant-changes.server";
import type { TenantRequest } from "./tenants.server";

const day = 86_400_000;

export function kindOf(feature: Feature): FeatureKind {
  if (feature.type === "config") return { type: feature.type, config: feature.config };
  if (feature.type === "metered") return { type: feature.type, meter: feature.meter };
  return { type: feature.type };
}

/** Features that a form offers to tick at once. */
const maxChoices = 300;

/**
 * What can be granted, each with what the tenant has of it now: the `chosen` ones, then those that match, up to a bound. `left` is
 * how many match beyond it.
 */
export function narrowedChoices(tenant: TenantRequest, search: string, chosen: readonly string[]) {
  const words = foldText(search).trim();
  const inUse = grantableFeatures(tenant);
  const isChosen = (f: Feature) => chosen.includes(f.key);
  const matching = inUse.filter((f) => !isChosen(f) && foldText(`${f.name}\n${f.key}\n${f.group ?? ""}`).includes(words));
  const shown = [...inUse.filter(isChosen), ...matching.slice(0, maxChoices)];
  return { choices: choicesOf(tenant, shown), left: Math.max(0, matching.length - maxChoices), total: inUse.length };
}

export const grantableFeatures = ({ catalogue }: TenantRequest): Feature[] =>
  [...catalogue.features.values()].filter((f) => f.archivedAt === null).sort(byGroup);

/** Each with what the tenant has of it now. */
export function choicesOf(tenant: TenantRequest, features: readonly Feature[]) {
  return features.map((feature) => {
    const { key, name, group, entitled, reason, message, gives } = answerRow(tenant, feature);
    return { key, name, group, kind: kindOf(feature), entitled, reason, message, gives };
  });
}
export type GrantChoice = ReturnType<typeof choicesOf>[number];

type Read = { ok: true; features: { feature: string; value: Value }[] } | { ok: false; errors: Record<string, string[]> };

/** The values typed for the chosen features, by their types. Features that are gone are the change's to refuse. */
export function readValues({ catalogue }: Pick<TenantRequest, "catalogue">, keys: string[], typed: Record<string, string> = {}): Read {
  const errors: Record<string, string[]> = {};
  const features = keys.map((key) => {
    const feature = catalogue.features.get(key);
    const read = readValue(feature ?? { type: "boolean" }, typed[nameOfKey(key)]);
    if (!read.ok) errors[`values.${nameOfKey(key)}`] = [read.message];
    return { feature: key, value: read.ok ? read.value : null };
  });
  return Object.keys(errors).length > 0 ? { ok: false, errors } : { ok: true, features };
}

/** Days are whole days of 24 hours from now. */
function period(form: TrialPage, now: Instant): { startsAt?: Instant; endsAt: Instant } {
  if (form.length === "own") return { startsAt: form.startsAt, endsAt: form.endsAt as Instant };
  return { endsAt: now + Number(form.length) * day };
}

export function grantTrials(services: Services, actor: Actor, key: string, form: TrialPage, features: { feature: string; value: Value }[]) {
  return changeGrants(services, actor, key, (facts, catalogue, stamp) =>
    grantTrial(facts, { ...period(form, stamp.now), features, note: form.note }, catalogue, stamp),
  );
}
