import { type Catalogue, compileCatalogue } from "~/core/catalogue/catalogue";
import type { ChangeEffects } from "~/core/catalogue/effect-words";
import { applyChange } from "~/core/decision/changes";
import {
  type CatalogueDifference,
  catalogueDifference,
  concernedFeatures,
  effectsOn,
  type FlagValueMap,
  type Impact,
  noImpact,
  ownFeatures,
} from "~/core/decision/impact";
import type { ImportedTenantChange } from "~/core/import/tenant-import";
import type { CatalogueFacts, TenantFacts } from "~/core/model";
import type { Services } from "~/server/services.server";
import type { TenantGroup } from "~db/store/affected-tenants.server";
import { affectedTenants } from "./affected-tenants.server";
import { createPace, type Pace } from "./pace.server";

export type ImpactEstimate = ChangeEffects["impact"];

/** Max tenants with grants, add-ons or flag values of their own that one estimate evaluates. */
const maxEvaluatedTenants = 20_000;
/**
 * Max evaluations (one tenant and one feature each) for each of: written tenants, affected tenants, groups of tenants.
 */
const maxEvaluations = 100_000;
/** Evaluations in a row: some hundred microseconds. */
const batchSize = 50;

export type ImpactOptions = {
  signal?: AbortSignal;
  maxTenants?: number;
  /** Tenants that the same change writes. New ones gain and lose nothing. */
  writes?: readonly ImportedTenantChange[];
  /** False if PostHog is off, so that no flag has a value. */
  hasFlags?: boolean;
};

/** A change of the catalogue, compiled. */
export type CompiledChange = { from: Catalogue; to: Catalogue; difference: CatalogueDifference };

/** Compiles a change, with a pause before each of the larger pieces of work. */
export async function compileChange(before: CatalogueFacts, after: CatalogueFacts, pace: Pace): Promise<CompiledChange> {
  const from = compileCatalogue(before);
  await pace();
  const to = compileCatalogue(after);
  await pace();
  const difference = catalogueDifference(from, to);
  await pace();
  return { from, to, difference };
}

/**
 * Counts the tenants that gain, lose or get another value of any feature by a change. Tenants without grants, add-ons and flag
 * values are evaluated once per plan and status; the others one by one, up to a bound. Throws if `signal` aborts.
 */
export async function impactOf(services: Services, change: CompiledChange, options: ImpactOptions = {}): Promise<ImpactEstimate> {
  const { maxTenants = maxEvaluatedTenants, writes = [], hasFlags = services.env.posthog !== null } = options;
  const { from, to, difference } = change;
  const pace = createPace(options.signal);
  const impact = noImpact();
  if (difference.features.size === 0 && writes.length === 0) return { ...impact, isLowerBound: false };
  const now = services.now();
  const under = { from: (tenant: TenantFacts) => ({ tenant, catalogue: from }), to: (tenant: TenantFacts) => ({ tenant, catalogue: to }) };

  type Evaluation = { was: TenantFacts; is?: TenantFacts; features?: Set<string>; flags?: FlagValueMap; tenants?: number };
  /** Adds the effects on one tenant, or on several like it. False: the bound is reached, and nothing was added. */
  const evaluator = (counts: Impact) => {
    let evaluations = 0;
    return async ({ was, is = was, features = concernedFeatures(difference, was), flags, tenants = 1 }: Evaluation): Promise<boolean> => {
      evaluations += features.size;
      if (evaluations > maxEvaluations) return false;
      const found = new Set<keyof Impact>();
      const list = [...features];
      for (let at = 0; at < list.length && found.size < 3; at += batchSize) {
        const batch = list.slice(at, at + batchSize);
        for (const effect of effectsOn(under.from(was), under.to(is), batch, now, flags)) found.add(effect);
        await pace();
      }
      for (const effect of found) counts[effect] += tenants;
      return true;
    };
  };

  const groups = new Map((await services.tenantCounts.groups()).map((group) => [groupKey(group), { ...group }]));
  const leaveGroup = (tenant: TenantFacts) => {
    const group = groups.get(groupKey(tenant));
    if (group) group.tenants = Math.max(0, group.tenants - 1);
  };
  let isComplete = true;

  const evaluateWritten = evaluator(impact);
  const seen = new Set<string>();
  for (const { before: was, change } of writes) {
    seen.add(change.key);
    if (!was) continue;
    leaveGroup(was);
    const is = applyChange(was, change, was.revision);
    const features = new Set([
      ...concernedFeatures(difference, was),
      ...concernedFeatures(difference, is),
      ...ownFeatures(under.from(was), under.to(is)),
    ]);
    await pace();
    if (!(await evaluateWritten({ was, is, features }))) isComplete = false;
  }

  const evaluateOne = evaluator(impact);
  const walk = affectedTenants(services, difference, seen, { now, maxTenants, hasFlags, pace });
  let step = await walk.next();
  let isWithinBound = true;
  while (!step.done) {
    for (const { tenant, flags } of step.value) {
      leaveGroup(tenant);
      isWithinBound = (await evaluateOne({ was: tenant, flags })) && isWithinBound;
    }
    step = await walk.next(isWithinBound);
  }
  // A tenant that was not evaluated may be an exception within its group.
  const skipped = step.value;
  if (skipped > 0 || !isWithinBound) isComplete = false;

  const byGroup = noImpact();
  const evaluateGroup = evaluator(byGroup);
  for (const { plan, status, tenants } of [...groups.values()].sort((a, b) => b.tenants - a.tenants)) {
    if (tenants === 0) continue;
    const was: TenantFacts = { revision: 0, key: "", name: "", status, plan, addOns: [], metadata: {}, createdAt: now, grants: [] };
    if (await evaluateGroup({ was, tenants })) continue;
    isComplete = false;
    break;
  }
  for (const effect of effects) impact[effect] += Math.max(0, byGroup[effect] - skipped);
  return { ...impact, isLowerBound: !isComplete };
}

const effects = ["gains", "loses", "changes"] as const;

const groupKey = ({ plan, status }: Pick<TenantGroup, "plan" | "status">) => JSON.stringify([plan, status]);
