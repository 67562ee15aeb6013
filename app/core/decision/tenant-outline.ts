import { grantStateOf, withoutGrant } from "~/core/grants/grant-lifetime";
import type { Feature, Grant, Instant, Limit, ResetPeriod } from "~/core/model";
import { sameJson } from "~/core/same-json";
import { listedFeatures, readingsOf } from "./answer";
import type { TenantWorld } from "./answer-row";
import { decide } from "./decide";

/** A metered feature that a tenant has, and what it used of it. */
export type LimitRow = {
  key: string;
  name: string;
  unit: string | null;
  limit: Limit;
  used: number;
  /** From 0; above 1 for a soft limit that is exceeded. 0 if unlimited. */
  share: number;
  softLimit: boolean;
  resetPeriod: ResetPeriod;
  resetsAt: Instant | null;
};

export type GroupCount = { group: string | null; entitled: number; all: number };

export type TenantOutline = { entitled: number; all: number; groups: GroupCount[]; limits: LimitRow[] };

/** Counts a tenant's features by group, and lists its limits, fullest first. */
export function tenantOutline(world: TenantWorld): TenantOutline {
  const { facts, catalogue, now, readings } = world;
  const groups = new Map<string | null, GroupCount>();
  const limits: LimitRow[] = [];
  let entitled = 0;
  const keys = listedFeatures(catalogue);
  for (const key of keys) {
    const feature = catalogue.features.get(key) as Feature;
    const decision = decide({ tenant: facts, catalogue, feature: key, now, ...readingsOf(readings, feature) });
    const group = groups.get(feature.group) ?? { group: feature.group, entitled: 0, all: 0 };
    group.all += 1;
    if (decision.entitled) group.entitled += 1;
    if (decision.entitled) entitled += 1;
    groups.set(feature.group, group);
    const { amount } = decision;
    if (feature.type !== "metered" || amount?.used === undefined) continue;
    const { limit, used, softLimit, resetPeriod, resetsAt } = amount;
    const share = limit === "unlimited" ? 0 : limit > 0 ? used / limit : 1;
    limits.push({ key, name: feature.name, unit: feature.meter.unit, limit, used, share, softLimit, resetPeriod, resetsAt });
  }
  const byFill = (a: LimitRow, b: LimitRow) => b.share - a.share || b.used - a.used || (a.name < b.name ? -1 : 1);
  const byName = (a: GroupCount, b: GroupCount) =>
    Number(a.group === null) - Number(b.group === null) || ((a.group ?? "") < (b.group ?? "") ? -1 : 1);
  return { entitled, all: keys.length, groups: [...groups.values()].sort(byName), limits: limits.sort(byFill) };
}

/** True for a live grant without which the tenant would get the same answer now. */
export function isRedundant(world: TenantWorld, grant: Grant): boolean {
  const { facts, catalogue, now, readings } = world;
  const feature = catalogue.features.get(grant.feature);
  if (!feature || grantStateOf(grant, now) !== "live") return false;
  const answer = (tenant: typeof facts) => {
    const { entitled, value, amount } = decide({ tenant, catalogue, feature: feature.key, now, ...readingsOf(readings, feature) });
    return { entitled, value: value ?? null, limit: amount?.limit ?? null };
  };
  return sameJson(answer(facts), answer(withoutGrant(facts, grant, undefined)));
}
