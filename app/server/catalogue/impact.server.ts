import { compileCatalogue } from "~/core/catalogue/catalogue";
import type { ChangeEffects } from "~/core/catalogue/effect-words";
import { applyChange } from "~/core/decision/changes";
import { type CompiledChange, catalogueDifference, type Impact, noImpact } from "~/core/impact/catalogue-difference";
import { type Candidate, effectsFor } from "~/core/impact/impact";
import type { ImportedTenantChange } from "~/core/import/tenant-import";
import type { CatalogueFacts, TenantFacts } from "~/core/model";
import type { Services } from "~/server/services.server";
import type { TenantGroup } from "~db/store/affected-tenants.server";
import { affectedTenants } from "./affected-tenants.server";
import { createPace, type Pace } from "./pace.server";

export type ImpactEstimate = ChangeEffects["impact"];

/** Max tenants with grants, add-ons or flag values of their own that one estimate evaluates. */
const maxEvaluatedTenants = 20_000;
/** How long an estimate evaluates tenants and groups of tenants, in ms. What is left then is counted by plan alone, so that numbers are "about". */
const maxEvaluationMs = 250;
/** The part of it that groups may take. */
const groupShare = 0.6;

export type ImpactOptions = {
  signal?: AbortSignal;
  maxTenants?: number;
  maxMs?: number;
  /** Tenants that the same change writes. New ones gain and lose nothing. */
  writes?: readonly ImportedTenantChange[];
  /** False if PostHog is off, so that no flag has a value. */
  hasFlags?: boolean;
};

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
 * values are evaluated once per plan and status; the others one by one as long as there is time, and then with their plan. Throws if `signal` aborts.
 */
export async function impactOf(services: Services, change: CompiledChange, options: ImpactOptions = {}): Promise<ImpactEstimate> {
  const { maxTenants = maxEvaluatedTenants, maxMs = maxEvaluationMs, writes = [], hasFlags = services.env.posthog !== null } = options;
  const { difference } = change;
  const pace = createPace(options.signal);
  const impact = noImpact();
  if (difference.features.size === 0 && writes.length === 0) return { ...impact, isApproximate: false };
  const now = services.now();
  const began = services.elapsed();

  /** The effects on one tenant, or on several like it. Null: the time is used up. */
  async function evaluate(candidate: Candidate, share = 1): Promise<Set<keyof Impact> | null> {
    if (services.elapsed() - began > maxMs * share) return null;
    const found = new Set<keyof Impact>();
    for (const { effect } of effectsFor(change, candidate, now)) {
      found.add(effect);
      if (found.size === effects.length) break;
    }
    await pace();
    return found;
  }
  const add = (counts: Impact, found: Iterable<keyof Impact> | null, tenants = 1) => {
    for (const effect of found ?? []) counts[effect] += tenants;
    return found !== null;
  };

  const groups = new Map((await services.tenantCounts.groups()).map((group) => [groupKey(group), { ...group }]));
  const leaveGroup = (tenant: TenantFacts) => {
    const group = groups.get(groupKey(tenant));
    if (group) group.tenants = Math.max(0, group.tenants - 1);
  };
  let isComplete = true;

  // Groups first, the largest in front: they say most about all tenants. What a tenant of its own takes away follows.
  const ofGroup = new Map<string, Set<keyof Impact>>();
  for (const [key, { plan, status, tenants }] of [...groups].sort(([, a], [, b]) => b.tenants - a.tenants)) {
    if (tenants === 0) break;
    const was: TenantFacts = { revision: 0, key: "", name: "", status, plan, addOns: [], metadata: {}, createdAt: now, grants: [] };
    const found = await evaluate({ was }, groupShare);
    if (found) ofGroup.set(key, found);
    else isComplete = false;
    if (!found) break;
  }

  /** Counts a tenant by itself instead of with its group. False: the time is used up, and it stays there. */
  async function evaluateApart(candidate: Candidate): Promise<boolean> {
    const found = await evaluate(candidate);
    if (found) leaveGroup(candidate.was);
    return add(impact, found);
  }

  const seen = new Set<string>();
  for (const { before: was, change } of writes) {
    seen.add(change.key);
    if (!was) continue;
    if (!(await evaluateApart({ was, is: applyChange(was, change, was.revision) }))) isComplete = false;
  }

  const walk = affectedTenants(services, difference, seen, { now, maxTenants, hasFlags, pace });
  let step = await walk.next();
  let isWithinBound = true;
  while (!step.done) {
    for (const { tenant, flags } of step.value) {
      isWithinBound = (await evaluateApart({ was: tenant, flags })) && isWithinBound;
    }
    step = await walk.next(isWithinBound);
  }
  // A tenant that was not evaluated may be an exception within its group, with which it is counted.
  if (step.value > 0 || !isWithinBound) isComplete = false;

  const byGroup = noImpact();
  for (const [key, found] of ofGroup) add(byGroup, found, groups.get(key)?.tenants);
  for (const effect of effects) impact[effect] += byGroup[effect];
  return { ...impact, isApproximate: !isComplete };
}

const effects = ["gains", "loses", "changes"] as const;

const groupKey = ({ plan, status }: Pick<TenantGroup, "plan" | "status">) => JSON.stringify([plan, status]);
