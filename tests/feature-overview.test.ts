import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { counterAt } from "~/core/decision/counters";
import { decide } from "~/core/decision/decide";
import { shownUsed } from "~/core/decision/usage";
import { type OverrideForm, setOverride } from "~/core/grants/grant-changes";
import { isLive } from "~/core/grants/grant-lifetime";
import { type Feature, type TenantFacts, tenantStatuses } from "~/core/model";
import { day, hour, isoDay } from "~/core/time";
import { featureOverview } from "~/server/catalogue/feature-overview.server";
import { changeTenant } from "~/server/changes/tenant-change.server";
import { recordUsage } from "~/server/usage/usage.server";
import { putCheckCounts } from "~db/store/check-counts.server";
import { maxCounted, tenantsWithAddOns } from "~db/store/feature-tenants.server";
import { readTenantsByKey } from "~db/store/tenant-documents.server";
import { readTotalsOf } from "~db/store/usage-totals.server";
import { type Api, ada, startApi } from "./support/api";
import { addOn, feature, meteredFeature, plan } from "./support/facts";
import { engines } from "./support/services";

const features = [feature("sso"), feature("audit"), meteredFeature("calls"), meteredFeature("seats", { resetPeriod: "never", soft: true })];
const plans = [
  plan("free", { calls: 10 }, { rank: 1 }),
  plan("pro", { sso: true, calls: 100, seats: 5 }, { rank: 2, includes: "free" }),
  plan("old", { audit: true }, { rank: 3 }),
  addOn("more", { calls: 5, sso: true }),
  addOn("most", { calls: 50, audit: true }),
  addOn("only", { seats: 1 }),
];

const grantShape = fc.record({
  feature: fc.constantFrom(...features.map(({ key }) => key)),
  kind: fc.constantFrom("trial" as const, "allow" as const, "deny" as const),
  start: fc.constantFrom(0, 0, hour),
  end: fc.constantFrom(hour, 2 * hour, 3 * day, null),
});
const tenantShape = fc.record({
  plan: fc.constantFrom(null, "free", "pro", "old"),
  addOns: fc.subarray(["more", "most", "only"]),
  status: fc.constantFrom(...tenantStatuses, "active" as const),
  grants: fc.array(grantShape, { maxLength: 4 }),
  used: fc.array(fc.record({ feature: fc.constantFrom("calls", "seats"), quantity: fc.integer({ min: 1, max: 20 }) }), { maxLength: 2 }),
  refused: fc.array(fc.record({ feature: fc.constantFrom("sso", "audit"), daysAgo: fc.integer({ min: 0, max: 40 }) }), { maxLength: 3 }),
});
type TenantShape = typeof tenantShape extends fc.Arbitrary<infer Shape> ? Shape : never;

const gives: { [feature: string]: unknown } = { sso: true, audit: true, calls: 7, seats: 3 };
let sent = 0;

describe.each(engines)("on %s", (engine) => {
  let api: Api;
  beforeAll(async () => {
    api = await startApi(engine);
    await api.catalogue(features, plans);
  });
  afterAll(() => api.stop());

  async function add(key: string, shape: TenantShape): Promise<void> {
    await api.tenant(key, { plan: shape.plan, addOns: shape.addOns });
    const start = api.clock.now;
    for (const { feature, kind, start: later, end } of shape.grants) {
      const startsAt = start + later;
      const value = gives[feature] as never;
      // Refused if the tenant has a grant of the kind already.
      if (kind === "trial") {
        if (end !== null && end > later) await api.trial(key, feature, start + end, value);
        continue;
      }
      const form: OverrideForm = { feature, effect: kind, startsAt, endsAt: end === null || end <= later ? null : start + end };
      const whole = kind === "deny" ? form : { ...form, value };
      await changeTenant(api.services, key, ada, (facts, catalogue, stamp) => setOverride(facts as TenantFacts, whole, catalogue, stamp));
    }
    for (const { feature, quantity } of shape.used)
      await recordUsage(api.services, [{ tenant: key, feature, action: "add", quantity, idempotencyKey: `k${++sent}` }]);
    const counts = new Map(shape.refused.map(({ feature, daysAgo }) => [`${feature} ${daysAgo}`, { feature, at: start - daysAgo * day }]));
    const rows = [...counts.values()].map(({ feature, at }) => {
      return { tenant: key, day: isoDay(at), feature, allowed: false, source: "none" as const, count: 3, firstAt: at, lastAt: at };
    });
    await api.db.transaction([], (tx) => putCheckCounts(tx, api.db.tables, rows));
    if (shape.status !== "active") await api.tenant(key, { status: shape.status });
  }

  /** From each tenant's facts, one by one. */
  async function counted(keys: string[], of: Feature) {
    const { db, facts } = api.services;
    const catalogue = facts.catalogue();
    const tenants = [...(await readTenantsByKey(db.read, db.tables, keys)).values()].filter((t): t is TenantFacts => t !== null);
    const now = api.clock.now;
    const number = (has: (tenant: TenantFacts) => boolean) => tenants.filter(has).length;
    const plansGive = (plan: string | null) => plan !== null && catalogue.gives.get(plan)?.has(of.key) === true;
    const live = ({ grants }: TenantFacts) => grants.filter((g) => g.feature === of.key && isLive(g, now));
    const isOpen = (t: TenantFacts) => t.status === "active" && !live(t).some(({ kind }) => kind === "override");
    const overridden = (effect: string) =>
      number((t) => t.status === "active" && live(t).some((g) => g.kind === "override" && g.effect === effect));
    const counters = of.type === "metered" ? tenants.map((tenant) => ({ tenant: tenant.key, ...counterAt(of, tenant, now) })) : [];
    const used = new Map((await readTotalsOf(db.read, db.tables, counters)).map((total) => [total.tenant, shownUsed(total.sum)]));
    const isFull = (tenant: TenantFacts, share: number) => {
      const total = used.get(tenant.key);
      if (total === undefined || tenant.status !== "active") return false;
      const { amount } = decide({ tenant, catalogue, feature: of.key, now, usage: { used: total } });
      return amount !== undefined && amount.limit !== "unlimited" && total >= amount.limit * share;
    };
    return {
      plan: number((t) => isOpen(t) && plansGive(t.plan)),
      addOn: number((t) => isOpen(t) && t.addOns.some(({ plan }) => plansGive(plan))),
      trial: number((t) => isOpen(t) && live(t).some(({ kind }) => kind === "trial")),
      allow: overridden("allow"),
      deny: overridden("deny"),
      atLimit: of.type === "metered" ? number((t) => isFull(t, 1)) : null,
      nearlyAtLimit: of.type === "metered" ? number((t) => isFull(t, 0.8)) : null,
    };
  }

  test("tenants by source, at a limit and refused are those of the facts one by one, for any population at any time", async () => {
    const keys: string[] = [];
    const seen = { trial: 0, allow: 0, deny: 0, addOn: 0, atLimit: 0, refused: 0 };
    const refusals: { tenant: string; feature: string; day: string }[] = [];
    for (const shapes of fc.sample(fc.array(tenantShape, { minLength: 12, maxLength: 12 }), { numRuns: 4, seed: 7 })) {
      for (const shape of shapes) {
        const key = `t${keys.length}`;
        keys.push(key);
        await add(key, shape);
        for (const { feature, daysAgo } of shape.refused)
          refusals.push({ tenant: key, feature, day: isoDay(api.clock.now - daysAgo * day) });
      }
      await api.services.figures.pass();
      for (const of of features) {
        const { has, asked } = await featureOverview(api.services, of.key, { all: false, page: 1 }, "UTC");
        const numbers = Object.fromEntries(Object.entries(has).map(([name, count]) => [name, count === null ? null : count.tenants]));
        expect([of.key, numbers]).toEqual([of.key, await counted(keys, of)]);
        const first = isoDay(api.clock.now - 29 * day);
        const own = new Map(refusals.flatMap((r) => (r.feature === of.key && r.day >= first ? [[`${r.tenant} ${r.day}`, r.tenant]] : [])));
        expect([asked.refused.count, asked.refused.tenants.tenants]).toEqual([own.size * 3, new Set(own.values()).size]);
        for (const name of ["trial", "allow", "deny", "addOn", "atLimit"] as const) seen[name] += numbers[name] ?? 0;
        seen.refused += own.size;
      }
      // Some grants begin, and others end, without any row being written.
      api.clock.now += hour;
    }
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(0);
  });

  test("a grant counts from its start until its end, exclusive", async () => {
    await api.catalogue([feature("late")], []);
    await api.tenant("edge", {});
    const start = api.clock.now + hour;
    await changeTenant(api.services, "edge", ada, (facts, catalogue, stamp) =>
      setOverride(facts as TenantFacts, { feature: "late", effect: "allow", startsAt: start, endsAt: start + hour }, catalogue, stamp),
    );
    const allowed = async (at: number) => {
      api.clock.now = at;
      return (await featureOverview(api.services, "late", { all: false, page: 1 }, "UTC")).has.allow.tenants;
    };
    const at = [start - 1, start, start + hour - 1, start + hour];
    expect([await allowed(at[0] ?? 0), await allowed(at[1] ?? 0), await allowed(at[2] ?? 0), await allowed(at[3] ?? 0)]).toEqual([
      0, 1, 1, 0,
    ]);
  });

  test("nobody asked, until a check of all features or of this one is counted", async () => {
    await api.catalogue([feature("quiet")], []);
    const asked = async () => {
      await api.services.counts.flush();
      await api.services.figures.pass();
      const { byName, withAll } = (await featureOverview(api.services, "quiet", { all: false, page: 1 }, "UTC")).asked;
      return [byName, withAll];
    };
    expect(await asked()).toEqual([0, 0]);
    await api.get("/api/entitlements?tenant=t0");
    expect(await asked()).toEqual([0, 1]);
    await api.get("/api/entitlements?tenant=t0&feature=quiet");
    expect(await asked()).toEqual([1, 1]);
    api.clock.now += 90 * day;
    expect(await asked()).toEqual([0, 0]);
  });

  test("counting tenants with add-ons stops after 10,000 rows and says that there may be more", async () => {
    const { db } = api.services;
    const { tenants, tenantAddOns } = db.tables;
    const addedAt = new Date(api.clock.now);
    const keys = Array.from({ length: maxCounted + 1 }, (_, i) => `many${i}`);
    for (let from = 0; from < keys.length; from += 1_000) {
      const batch = keys.slice(from, from + 1_000);
      await db.transaction([], async (tx) => {
        await tx.insert(tenants).values(
          batch.map((key) => ({
            key,
            name: key,
            status: "active" as const,
            plan: null,
            metadata: {},
            searchText: key,
            createdAt: addedAt,
            revision: 1,
          })),
        );
        await tx.insert(tenantAddOns).values(batch.map((tenant) => ({ tenant, plan: "more", addedAt })));
      });
    }
    const of = { feature: "sso", now: api.clock.now };
    const { tenants: found, bound } = await tenantsWithAddOns(db.readAside, db.tables, of, ["more", "most"]);
    expect(bound).toBe("at_least");
    // Some have both add-ons, and some are not active.
    expect(found).toBeGreaterThan(maxCounted - 100);
    expect(found).toBeLessThanOrEqual(maxCounted);
    expect((await tenantsWithAddOns(db.readAside, db.tables, of, ["only"])).bound).toBe("exact");
  });
});
