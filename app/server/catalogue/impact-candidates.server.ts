import type { Catalogue } from "~/core/catalogue/catalogue";
import { isOver } from "~/core/grants/grant-lifetime";
import type { CompiledChange } from "~/core/impact/catalogue-difference";
import type { Instant, Json, TenantFacts } from "~/core/model";
import { isDue } from "~/core/schedules/effective";
import type { JobBatch } from "~/server/jobs/job-work";
import type { Services } from "~/server/services.server";
import { countTenantsOf, type TenantSource, tenantKeysOf } from "~db/store/affected-tenants.server";

type Parts = Pick<Services, "db" | "tenantCounts">;

/** Where the walk is: in which list of sources, at which of them, after which tenant. Source -1: the written tenants. */
type Place = { isAll: boolean; source: number; after: string };

/** Reads of one batch, so that it ends soon if the sources have few tenants. */
const maxReads = 50;
/** With this share of all tenants, walking all of them takes fewer reads. */
const maxShare = 0.5;
/** Sources that are counted one by one. */
const maxCounted = 100;

/**
 * The tenants that a change may affect, by plan, add-on and grant. Each is evaluated once: at the first source that has
 * it. `at` stays the same for the whole walk, `written` are the tenants that the same change writes.
 */
export function impactCandidates(
  { db, tenantCounts }: Parts,
  change: CompiledChange,
  written: { has: (key: string) => boolean; keys: readonly string[] },
  at: Instant,
) {
  const sources = sourcesOf(change);
  const everyone: TenantSource[] = [{ all: "tenants" }];
  const sourcesAt = ({ isAll }: Pick<Place, "isAll">) => (isAll ? everyone : sources);
  const { readAside: q, tables: t } = db;
  /** Where the tenants of the batch that was read last were found. */
  let found = new Map<string, { sources: TenantSource[]; index: number }>();

  async function countAll(): Promise<{ all: number; named: number }> {
    let all = 0;
    for (const { tenants } of await tenantCounts.groups()) all += tenants;
    const byPlan = await tenantCounts.byPlan();
    let named = written.keys.length;
    for (const [i, source] of sources.entries()) {
      if ("plan" in source) named += byPlan.get(source.plan) ?? 0;
      else if ("addOn" in source) named += byPlan.get(source.addOn) ?? 0;
      else if ("feature" in source && i < maxCounted) named += await countTenantsOf(q, t, source, "");
    }
    return { all, named };
  }

  const inOrder = [...written.keys].sort();
  const writtenAfter = (after: string, size: number) => {
    const from = inOrder.findIndex((key) => key > after);
    return from < 0 ? [] : inOrder.slice(from, from + size);
  };

  const first = async (): Promise<Place> => {
    const { all, named } = await countAll();
    return { isAll: concernsEveryone(change) || named > all * maxShare, source: -1, after: "" };
  };

  return {
    async count(): Promise<number> {
      const { all, named } = await countAll();
      return concernsEveryone(change) ? all : Math.min(all, named);
    },
    async next(cursor: Json, size: number): Promise<JobBatch> {
      const place = cursor === null ? await first() : (cursor as unknown as Place);
      const list = sourcesAt(place);
      let { source: index, after } = place;
      found = new Map();
      for (let reads = 0; index < list.length && found.size < size && reads < maxReads; reads++) {
        const wanted = size - found.size;
        const source = list[index];
        const keys = source ? await tenantKeysOf(q, t, source, after, wanted, at) : writtenAfter(after, wanted);
        for (const key of keys) if (!found.has(key)) found.set(key, { sources: list, index });
        after = keys.at(-1) ?? after;
        if (keys.length === wanted) continue;
        index += 1;
        after = "";
      }
      return { subjects: [...found.keys()], cursor: { ...place, source: index, after }, isLast: index >= list.length };
    },
    /** False if it is evaluated elsewhere: an earlier source has the tenant, or the same change writes it. */
    isFirst(tenant: TenantFacts): boolean {
      const place = found.get(tenant.key);
      if (!place || place.index === -1) return place !== undefined;
      return !written.has(tenant.key) && !place.sources.slice(0, place.index).some((source) => isOf(source, tenant, at));
    },
  };
}

/** A flag may give a feature to any tenant, so a feature with one that changes itself concerns all. */
const concernsEveryone = ({ from, to, difference }: CompiledChange) =>
  difference.changedFeatures.some((key) => from.features.get(key)?.flag || to.features.get(key)?.flag);

function sourcesOf({ from, to, difference }: CompiledChange): TenantSource[] {
  const { changedFeatures, changedPlans } = difference;
  const gives = (c: Catalogue, plan: string) => changedFeatures.some((feature) => c.gives.get(plan)?.has(feature));
  const isConcerned = (key: string) => changedPlans.has(key) || gives(from, key) || gives(to, key);
  const plans = [...new Map([...from.plans, ...to.plans]).values()].filter(({ key }) => isConcerned(key));
  return [
    { all: "due" },
    ...plans.map(({ key, kind }) => (kind === "base" ? { plan: key } : { addOn: key })),
    // A grant gives something else only if its feature changes itself.
    ...changedFeatures.map((feature) => ({ feature })),
  ];
}

function isOf(source: TenantSource, { plan, addOns, grants, scheduled = [] }: TenantFacts, at: Instant): boolean {
  if ("plan" in source) return plan === source.plan;
  if ("addOn" in source) return addOns.some((held) => held.plan === source.addOn);
  if ("all" in source) return source.all === "tenants" || scheduled.some((entry) => isDue(entry, at));
  return "feature" in source && grants.some((grant) => grant.feature === source.feature && !isOver(grant, at));
}
