import type { Catalogue } from "~/core/catalogue/catalogue";
import type { FeatureKind } from "~/core/catalogue/feature-changes";
import { answerRow, byGroupAndName } from "~/core/decision/answer-row";
import type { TenantChange } from "~/core/decision/changes";
import { grantBundle } from "~/core/grants/bundles";
import { endGrant, extendGrant, grantTrial, type OverrideForm, setOverride } from "~/core/grants/grant-changes";
import { withPlanAfter } from "~/core/grants/plan-after";
import type { Actor, Feature, Grant, Instant, Stamp, TenantFacts, Value } from "~/core/model";
import { type Outcome, type Refusal, refuse } from "~/core/outcome";
import { type TrialBounds, withinRails } from "~/core/rails/within-rails";
import { day } from "~/core/time";
import { nameOfKey, readValue } from "~/forms/catalogue/feature-value";
import type { ExtendGrantInput, GrantTrialInput } from "~/forms/grants/grant-page";
import { type ChangeOptions, changeTenant } from "~/server/changes/tenant-change.server";
import type { Services } from "~/server/services.server";
import type { TenantRequest } from "~/server/tenants/tenants.server";

/** `ids`: grants the change made, or touched if it made none. */
export type GrantsChanged = { ok: true; ids: string[]; change: TenantChange | null } | Refusal;

/** Locks the tenant, runs the pure function, and returns the resulting grants. */
export async function changeGrants(
  services: Services,
  actor: Actor,
  key: string,
  decideChange: (facts: TenantFacts, catalogue: Catalogue, stamp: Stamp, bounds: TrialBounds | null) => Outcome<TenantChange>,
  options: ChangeOptions = {},
): Promise<GrantsChanged> {
  const gone = refuse("tenant_not_found", `There is no tenant ${key} any more.`);
  const result = await changeTenant(
    services,
    key,
    actor,
    (facts, catalogue, stamp, bounds) => (facts ? decideChange(facts, catalogue, stamp, bounds) : gone),
    options,
  );
  return result.ok ? { ok: true, ids: changedGrants(result.change), change: result.change } : result;
}

function changedGrants(change: TenantChange | null): string[] {
  const touched = change?.grants ?? [];
  const made = touched.filter((g) => g.endedAt === null);
  return (made.length > 0 ? made : touched).map((g) => g.id);
}

/** Guard rails apply. */
const bound = { isBound: true };

export const endNow = (services: Services, actor: Actor, key: string, form: { grant: string; note?: string }) =>
  changeGrants(
    services,
    actor,
    key,
    (facts, catalogue, stamp, bounds) => withinRails(endGrant(facts, form, stamp), bounds, form.note, catalogue),
    bound,
  );

export const extend = (services: Services, actor: Actor, key: string, form: { grant: string; endsAt: Instant; note?: string }) =>
  changeGrants(
    services,
    actor,
    key,
    (facts, catalogue, stamp, bounds) => withinRails(extendGrant(facts, form, stamp), bounds, form.note, catalogue),
    bound,
  );

export const override = (services: Services, actor: Actor, key: string, form: OverrideForm) =>
  changeGrants(
    services,
    actor,
    key,
    (facts, catalogue, stamp, bounds) => withinRails(setOverride(facts, form, catalogue, stamp), bounds, form.note, catalogue),
    bound,
  );

/** Days count from the grant's current end. */
export const newEnd = (form: ExtendGrantInput, grant: Grant, now: Instant): Instant =>
  form.length === "own" ? (form.endsAt as Instant) : (grant.endsAt ?? now) + Number(form.length) * day;

export function kindOf(feature: Feature): FeatureKind {
  if (feature.type === "config") return { type: feature.type, config: feature.config };
  if (feature.type === "metered") return { type: feature.type, meter: feature.meter };
  return { type: feature.type };
}

export const grantableFeatures = ({ catalogue }: TenantRequest): Feature[] =>
  [...catalogue.features.values()].filter((f) => f.archivedAt === null).sort(byGroupAndName);

/** Each with the tenant's current answer. */
export function choicesOf(tenant: TenantRequest, features: readonly Feature[]) {
  return features.map((feature) => {
    const { key, name, group, entitled, reason, message, gives } = answerRow(tenant, feature);
    return { key, name, group, kind: kindOf(feature), entitled, reason, message, gives };
  });
}

type Read = { ok: true; features: { feature: string; value: Value }[] } | { ok: false; errors: Record<string, string[]> };

/** Parses the typed values of the chosen features by type. Removed features are refused by the change. */
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

export type TrialPeriodInput = Pick<GrantTrialInput, "length" | "startsAt" | "endsAt">;

/** A day is 24 hours from now. */
export function periodOfForm(form: TrialPeriodInput, now: Instant): { startsAt?: Instant; endsAt: Instant } {
  if (form.length === "own") return { startsAt: form.startsAt, endsAt: form.endsAt as Instant };
  return { endsAt: now + Number(form.length) * day };
}

/** Grants trials of these features, or the bundle of the form's plan, and what the form says for their end. */
export function grantTrials(
  services: Services,
  actor: Actor,
  key: string,
  form: GrantTrialInput,
  features: { feature: string; value: Value }[],
) {
  return changeGrants(
    services,
    actor,
    key,
    (facts, catalogue, stamp, bounds) => {
      const common = { ...periodOfForm(form, stamp.now), note: form.note };
      const granted =
        form.what === "plan"
          ? grantBundle(facts, { ...common, plan: form.plan as string }, catalogue, stamp)
          : grantTrial(facts, { ...common, features }, catalogue, stamp);
      return withinRails(withPlanAfter(granted, facts, planAfterOf(form), catalogue, stamp), bounds, form.note, catalogue);
    },
    bound,
  );
}

/** The plan that the form moves the tenant to at the trial's end, or undefined. */
export const planAfterOf = ({ whenItEnds, planAfter }: GrantTrialInput): string | undefined =>
  whenItEnds === "plan" ? planAfter : undefined;
