import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { BulkAct } from "~/core/bulk/bulk-act";
import { compileCatalogue } from "~/core/catalogue/catalogue";
import { counterAt } from "~/core/decision/counters";
import { type Decision, decide } from "~/core/decision/decide";
import { type TenantEffect, tenantEffects } from "~/core/impact/impact-result";
import type { CatalogueFacts, TenantFacts } from "~/core/model";
import { effective } from "~/core/schedules/effective";
import { createImpact } from "~/server/catalogue/impacts.server";
import { createJobRunner } from "~/server/jobs/job-runner.server";
import { jobKindsOf } from "~/server/process/job-kinds.server";
import type { Services } from "~/server/services.server";
import { listImpactTenants, readImpactCounts } from "~db/store/impacts.server";
import { readJob } from "~db/store/jobs.server";
import { itemsOf, operator, queueBulk } from "./support/bulk-world";
import { now, stamp } from "./support/facts";
import { changedFacts, type RandomWorld, randomChange, randomWorld, storeWorld } from "./support/random-catalogue";
import { engines, startServices, type TestServices } from "./support/services";

/** Effect, tenant, features and checks, in order. */
type Found = [effect: TenantEffect, tenant: string, features: number, checks: number];

/** Decides every feature of every tenant before and after. Shares nothing with the program but the decision. */
function byBruteForce(
  world: RandomWorld,
  before: CatalogueFacts,
  after: CatalogueFacts,
  changed = (tenant: TenantFacts): TenantFacts => tenant,
): string[] {
  const [from, to] = [compileCatalogue(before), compileCatalogue(after)];
  const found: Found[] = [];
  for (const stored of world.tenants) {
    const tenant = effective(stored, from, now);
    const byEffect = new Map<TenantEffect, { features: number; checks: number }>();
    const add = (effect: TenantEffect, checks: number) => {
      const { features, checks: so } = byEffect.get(effect) ?? { features: 0, checks: 0 };
      byEffect.set(effect, { features: features + 1, checks: so + checks });
    };
    for (const { key } of before.features) {
      const flagOf = (catalogue: typeof from) => {
        const link = catalogue.features.get(key)?.flag;
        const value = link && world.flags.find((f) => f.tenant === tenant.key && f.flag === link.key);
        return value ? { state: value.state } : undefined;
      };
      const was = decide({ tenant, catalogue: from, feature: key, now, flag: flagOf(from) });
      const is = decide({ tenant: changed(tenant), catalogue: to, feature: key, now, flag: flagOf(to) });
      const { allowed = 0, refused = 0 } = world.checks.get(`${tenant.key} ${key}`) ?? {};
      if (was.entitled && !is.entitled) add("loses", allowed);
      if (!was.entitled && is.entitled) add("gains", allowed + refused);
      if (was.entitled !== is.entitled) continue;
      // A limit of 0 is a no that has a limit.
      if (was.value === is.value && was.amount?.limit === is.amount?.limit) continue;
      add("changes", allowed);
      if (isNewlyOver(world, tenant, was, is, { before: from, after: to })) add("over", allowed);
    }
    for (const [effect, { features, checks }] of byEffect) found.push([effect, tenant.key, features, checks]);
  }
  return inOrder(found);
}

type Catalogues = { before: ReturnType<typeof compileCatalogue>; after: ReturnType<typeof compileCatalogue> };

function isNewlyOver(world: RandomWorld, tenant: TenantFacts, was: Decision, is: Decision, { before, after }: Catalogues): boolean {
  const [meteredBefore, metered] = [before.features.get(was.feature), after.features.get(is.feature)];
  if (metered?.type !== "metered" || meteredBefore?.type !== "metered") return false;
  const [old, limit] = [was.amount?.limit, is.amount?.limit];
  if (typeof limit !== "number" || old === undefined || (typeof old === "number" && old <= limit)) return false;
  // Usage is stored under the period as it was, so another period begins at 0.
  const [then, later] = [counterAt(meteredBefore, tenant, now), counterAt(metered, tenant, now)];
  if (JSON.stringify(then) !== JSON.stringify(later)) return false;
  return (world.used.get(`${tenant.key} ${is.feature}`) ?? 0) > limit;
}

function changedBy(tenant: TenantFacts, act: BulkAct): TenantFacts {
  if (act.act === "change_plan") return { ...tenant, plan: act.plan };
  if (act.act !== "add_add_on" && act.act !== "remove_add_on") throw new Error(act.act);
  const others = tenant.addOns.filter(({ plan }) => plan !== act.addOn);
  return { ...tenant, addOns: act.act === "remove_add_on" ? others : [...others, { plan: act.addOn, addedAt: now }] };
}

const inOrder = (found: Found[]) => found.map((one) => JSON.stringify(one)).sort();

describe.each(engines)("the impact of a change, on %s", (engine) => {
  let s: TestServices;
  beforeEach(async () => {
    s = await startServices(engine);
  });
  afterEach(() => s.stop());

  /** Runs what waits in batches of a few tenants. */
  async function run(batchSize = 7): Promise<void> {
    const { db, now, newId, elapsed, log } = s;
    const kinds = jobKindsOf(s);
    await createJobRunner({ db, kinds, newId, now, elapsed, log, batchSize, minPauseMs: 0 }).runAll();
  }

  async function resultOf(id: string): Promise<Found[]> {
    const found: Found[] = [];
    for (const effect of tenantEffects) {
      const rows = await listImpactTenants(s.db.read, s.db.tables, id, { effect, size: 1_000 });
      for (const { tenant, features, checks } of rows) found.push([effect, tenant, features, checks]);
    }
    return found;
  }

  test.each([1, 2])("of a preview of plan changes is what deciding everything before and after gives (%i)", async (seed) => {
    const withFlags = seed % 2 === 0;
    const world = randomWorld(seed, { tenants: 60, withFlags });
    await storeWorld(s, world);
    const facts = s.facts.catalogueFacts();
    const posthog = withFlags ? ({} as NonNullable<Services["env"]["posthog"]>) : null;
    const asked = { ...s, env: { ...s.env, posthog } };
    const open = facts.plans.filter(({ archivedAt }) => archivedAt === null);
    const acts: BulkAct[] = [null, ...open.filter(({ kind }) => kind === "base").map(({ key }) => key)].map((plan) => ({
      act: "change_plan",
      plan,
    }));
    for (const { key } of open.filter(({ kind }) => kind === "add_on"))
      acts.push({ act: "add_add_on", addOn: key }, { act: "remove_add_on", addOn: key });
    let total = 0;
    for (const act of acts) {
      const job = await queueBulk(asked, act, { kind: "keys", keys: world.tenants.map(({ key }) => key) }, { isPreview: true });
      await run();
      const done = new Set((await itemsOf(s, job)).flatMap(({ subject, state }) => (state === "done" ? [subject] : [])));
      const expected = byBruteForce(world, facts, facts, (tenant) => (done.has(tenant.key) ? changedBy(tenant, act) : tenant));
      expect(inOrder(await resultOf(job.id))).toEqual(expected);
      total += expected.length;
    }
    expect(total).toBeGreaterThan(100);
    const other = await queueBulk(asked, { act: "suspend" }, { kind: "keys", keys: ["t0"] }, { isPreview: true });
    expect(await readImpactCounts(s.db.read, s.db.tables, other.id)).toBeNull();
  });

  test.each([1, 2, 3, 4])("is what deciding everything before and after gives, for random catalogues (%i)", async (seed) => {
    const withFlags = seed % 2 === 0;
    const world = randomWorld(seed, { tenants: 60, withFlags });
    await storeWorld(s, world);
    const before = s.facts.catalogueFacts();
    let total = 0;
    for (let round = 0; round < 6; round++) {
      const change = randomChange(world, seed * 100 + round, stamp());
      const source = "cells" in change ? { kind: "cells" as const, cells: change.cells } : { ...change, kind: "objects" as const };
      const made = await createImpact(s, operator, { title: "A change", source, hasFlags: withFlags });
      if (!made.ok) throw new Error(made.message);
      await run();
      const expected = byBruteForce(world, before, changedFacts(before, change, stamp()));
      expect(inOrder(await resultOf(made.job.id))).toEqual(expected);
      const countOf = (effect: TenantEffect) => expected.filter((one) => one.startsWith(`["${effect}"`)).length;
      const counts = { gains: countOf("gains"), loses: countOf("loses"), changes: countOf("changes"), over: countOf("over") };
      expect(await readImpactCounts(s.db.read, s.db.tables, made.job.id)).toEqual(counts);
      expect(await readJob(s.db.read, s.db.tables, made.job.id)).toMatchObject({ state: "done" });
      total += expected.length;
    }
    expect(total).toBeGreaterThan(20);
  });
});
