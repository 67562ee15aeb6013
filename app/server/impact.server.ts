import { setImmediate as nextTurn } from "node:timers/promises";
import { compileCatalogue } from "~/core/catalogue";
import { type CatalogueDifference, catalogueDifference, concernedFeatures, effectsOn, type Impact, noImpact } from "~/core/impact";
import type { CatalogueFacts, TenantFacts } from "~/core/model";
import { countTenantsOf, readForImpact, type TenantGroup, type TenantSource, tenantKeysOf } from "~db/store/affected-tenants.server";
import type { Services } from "./services.server";

/** `isLowerBound`: not every tenant was evaluated, so each number is "at least". */
export type ImpactEstimate = Impact & { isLowerBound: boolean };

/** Tenants with grants or add-ons of their own that one estimate evaluates. */
const maxEvaluatedTenants = 20_000;
/** Evaluations, each of one tenant and one feature, for tenants one by one and again for groups of tenants. */
const maxEvaluations = 100_000;
/** Tenants read at a time. */
const batchSize = 250;
/** Evaluations between two turns of the event loop: about 3 ms. */
const evaluationsPerTurn = 250;

type Options = { signal?: AbortSignal; maxTenants?: number };

/**
 * Counts the tenants that gain, lose or get another value of any feature when the catalogue becomes `after`. Tenants without
 * grants and add-ons are evaluated once per plan and status; the others one by one, up to a bound. Throws if `signal` aborts.
 */
export async function impactOf(services: Services, after: CatalogueFacts, options: Options = {}): Promise<ImpactEstimate> {
  const { signal, maxTenants = maxEvaluatedTenants } = options;
  const from = services.facts.catalogue();
  const to = compileCatalogue(after);
  const difference = catalogueDifference(from, to);
  const impact = noImpact();
  if (difference.features.size === 0) return { ...impact, isLowerBound: false };
  const now = services.now();
  const pace = pacer(signal);
  const evaluator = () => {
    let evaluations = 0;
    return async (tenant: TenantFacts, tenants: number, counts: Impact): Promise<boolean> => {
      const features = concernedFeatures(difference, tenant);
      evaluations += features.size;
      await pace(features.size);
      for (const effect of effectsOn(tenant, from, to, features, now)) counts[effect] += tenants;
      return evaluations < maxEvaluations;
    };
  };

  const groups = new Map((await services.tenantCounts.groups()).map((group) => [groupKey(group), { ...group }]));
  const evaluateOne = evaluator();
  const walk = specialTenants(services, difference, now, maxTenants, pace);
  let step = await walk.next();
  while (!step.done) {
    let isWithinBound = true;
    for (const tenant of step.value) {
      const group = groups.get(groupKey(tenant));
      if (group) group.tenants = Math.max(0, group.tenants - 1);
      isWithinBound = await evaluateOne(tenant, 1, impact);
    }
    step = await walk.next(isWithinBound);
  }
  // A tenant that was not evaluated may be an exception within its group.
  const skipped = step.value;

  const evaluateGroup = evaluator();
  const byGroup = noImpact();
  let isComplete = skipped === 0;
  for (const { plan, status, tenants } of [...groups.values()].sort((a, b) => b.tenants - a.tenants)) {
    if (tenants === 0) continue;
    const like: TenantFacts = { revision: 0, key: "", name: "", status, plan, addOns: [], metadata: {}, createdAt: now, grants: [] };
    if (await evaluateGroup(like, tenants, byGroup)) continue;
    isComplete = false;
    break;
  }
  for (const effect of effects) impact[effect] += Math.max(0, byGroup[effect] - skipped);
  return { ...impact, isLowerBound: !isComplete };
}

const effects = ["gains", "loses", "changes"] as const;

const groupKey = ({ plan, status }: Pick<TenantGroup, "plan" | "status">) => JSON.stringify([plan, status]);

/**
 * Yields the tenants with a grant of a changed feature or an add-on that gives one, each once, in batches. The consumer answers
 * each batch with whether to go on. Returns an upper bound of how many were left out.
 */
async function* specialTenants(
  { db }: Services,
  { features, addOns }: CatalogueDifference,
  now: number,
  maxTenants: number,
  pace: Pace,
): AsyncGenerator<TenantFacts[], number, boolean | undefined> {
  const seen = new Set<string>();
  const sources: TenantSource[] = [...addOns.map((addOn) => ({ addOn })), ...[...features].map((feature) => ({ feature }))];
  let isWithinBound = true;
  let skipped = 0;
  for (const source of sources) {
    let after = "";
    let isThrough = false;
    while (isWithinBound && !isThrough) {
      await pace(0);
      const keys = await tenantKeysOf(db.readAside, db.tables, source, after, batchSize, now);
      const fresh = keys.filter((key) => !seen.has(key));
      for (const key of fresh) seen.add(key);
      after = keys.at(-1) ?? after;
      isThrough = keys.length < batchSize;
      if (fresh.length === 0) continue;
      const wanted = yield await readForImpact(db.readAside, db.tables, fresh, features);
      isWithinBound = wanted === true && seen.size < maxTenants;
    }
    if (isThrough) continue;
    await pace(1);
    skipped += await countTenantsOf(db.readAside, db.tables, source, after);
  }
  return skipped;
}

type Pace = (evaluations: number) => Promise<void>;

/** Yields to the event loop whenever enough was evaluated, and throws once the caller has gone. */
function pacer(signal: AbortSignal | undefined): Pace {
  let since = 0;
  return async (evaluations) => {
    signal?.throwIfAborted();
    since += evaluations;
    if (since > 0 && since < evaluationsPerTurn) return;
    since = 0;
    await nextTurn();
  };
}
