import type { Feature, Grant, Plan, TenantFacts } from "~/core/model";
import type { ComingChange } from "~/core/schedules/coming-changes";
import { isoOrNull, isoTime } from "~/core/time";

type TenantFields = Omit<TenantFacts, "grants" | "addOns"> & { addOns: string[] };

export function summaryOnWire({ key, name, status, plan, addOns, metadata, usageAnchor, createdAt, revision }: TenantFields) {
  return {
    key,
    name,
    status,
    plan,
    addOns,
    metadata,
    usageAnchor: isoOrNull(usageAnchor ?? null),
    createdAt: isoTime(createdAt),
    revision,
  };
}

export function tenantOnWire(facts: TenantFacts) {
  return { ...summaryOnWire({ ...facts, addOns: facts.addOns.map((a) => a.plan) }), grants: facts.grants.map(grantOnWire) };
}

export function grantOnWire(g: Grant) {
  const { startsAt, endsAt, endedAt, createdAt, restores: _, ...rest } = g;
  return { ...rest, startsAt: isoTime(startsAt), endsAt: isoOrNull(endsAt), endedAt: isoOrNull(endedAt), createdAt: isoTime(createdAt) };
}

/** `by`: the name, as of grants. */
export function scheduledOnWire({ at, createdAt, by, problem: _, ...rest }: ComingChange) {
  return { ...rest, at: isoTime(at), by: by.name, createdAt: isoTime(createdAt) };
}

export function planOnWire({ entries, archivedAt, revision, ...plan }: Plan) {
  const { key, name, description, kind, rank, includes } = plan;
  const features = Object.fromEntries(entries.map((e) => [e.feature, e.value]));
  return { key, name, description, kind, rank, includes, features, archivedAt: isoOrNull(archivedAt), revision };
}

export function featureOnWire(feature: Feature) {
  const { key, name, description, group, askUrl = null, type, flag, archivedAt, revision } = feature;
  const settings = type === "config" ? { config: feature.config } : type === "metered" ? { meter: feature.meter } : {};
  return { key, name, description, group, askUrl, type, ...settings, flag, archivedAt: isoOrNull(archivedAt), revision };
}
