import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type CatalogueChange, catalogueChange } from "~/core/catalogue/catalogue-changes";
import { effectNotes } from "~/core/catalogue/effect-words";
import { archiveFeature, updateFeature } from "~/core/catalogue/feature-changes";
import { archivePlan } from "~/core/catalogue/plan-changes";
import { putTenant, type TenantForm } from "~/core/decision/changes";
import { counterAt } from "~/core/decision/counters";
import { grantTrial } from "~/core/grants/grant-changes";
import type { MeterSettings, ResetPeriod, TenantFacts } from "~/core/model";
import type { Outcome } from "~/core/outcome";
import { day, hour, minute } from "~/core/time";
import { estimateEffects } from "~/server/catalogue/change-effects.server";
import { changeCatalogue } from "~/server/changes/catalogue-change.server";
import { changeTenant } from "~/server/changes/tenant-change.server";
import { putCheckCounts } from "~db/store/check-counts.server";
import { ada, configFeature, feature, flagTie, made, meteredFeature, now, plan, stamp } from "./support/facts";
import { engines, startServices, type TestServices } from "./support/services";

const calls = meteredFeature("calls", { resetPeriod: "day" }, { name: "API calls" });
const features = [
  feature("sso"),
  feature("beta", { flag: flagTie("grant", { key: "beta" }) }),
  calls,
  configFeature("theme", { kind: "text", options: [] }),
];
const plans = [plan("starter", { calls: 100 }), plan("premium", { sso: true, calls: 200 }, { rank: 20 })];

describe.each(engines)("the effects of a change on %s", (engine) => {
  let s: TestServices;
  beforeEach(async () => {
    s = await startServices(engine);
    await changeCatalogue(s, ada, (_facts, by) => ({
      ok: true,
      change: catalogueChange("catalogue.imported", { features, plans }, by, null),
    }));
  });
  afterEach(() => s.stop());

  const put = async (key: string, form: TenantForm) => {
    const done = await changeTenant(s, key, ada, (facts, catalogue, by) => putTenant(facts, key, form, catalogue, by));
    if (!done.ok) throw new Error(done.message);
    return done.facts;
  };
  const facts = () => s.facts.catalogueFacts();
  const effects = (catalogue: CatalogueChange | null, tenants: Parameters<typeof estimateEffects>[2]["tenants"] = []) =>
    estimateEffects(s, facts(), { catalogue, tenants }, { hasFlags: true });
  const change = (outcome: Outcome<CatalogueChange>) => made(outcome);
  const meter = (more: Partial<MeterSettings>) => change(updateFeature(facts(), "calls", { meter: { ...calls.meter, ...more } }, stamp()));

  test("count a feature that a flag gave, by the value that PostHog gave last", async () => {
    for (const key of ["a", "b", "c", "d"]) await put(key, { plan: "starter" });
    const row = (tenant: string, state: "on" | "off") => ({ tenant, flag: "beta", state, seenAt: new Date(now) });
    const t = s.db.tables.flagValues;
    await s.db.transaction([], async (tx) => await tx.insert(t).values([row("a", "on"), row("b", "on"), row("c", "off")]));
    const archived = await effects(change(archiveFeature(facts(), "beta", stamp())));
    expect(archived).toMatchObject({ impact: { gains: 0, loses: 2, changes: 0, isApproximate: false }, usesFlags: true });
    const gated = updateFeature(facts(), "sso", { flag: flagTie("gate", { key: "beta" }) }, stamp());
    await put("c", { plan: "premium" });
    expect((await effects(change(gated))).impact).toMatchObject({ gains: 0, loses: 1, changes: 0 });
  });

  test("count tenants that the same change writes once, and new tenants not at all", async () => {
    const bound = { plan: "premium" };
    for (const key of ["a", "b", "c"]) await put(key, bound);
    await changeTenant(s, "c", ada, (f, c, by) =>
      grantTrial(f as TenantFacts, { features: [{ feature: "theme", value: "x" }], endsAt: now + day }, c, by),
    );
    const removed = change(archiveFeature(facts(), "sso", stamp()));
    const tenantWrite = async (key: string, form: TenantForm) => {
      const before = key === "fresh" ? null : await put(key, {});
      return { before, change: made(putTenant(before, key, form, s.facts.catalogue(), stamp())) };
    };
    const a = await tenantWrite("a", { plan: "starter" });
    const c = await tenantWrite("c", { status: "suspended" });
    const fresh = await tenantWrite("fresh", { plan: "premium" });
    // a: loses sso, and calls fall from 200 to 100. b: loses sso. c: loses everything.
    expect((await effects(removed, [a, c, fresh])).impact).toEqual({ gains: 0, loses: 3, changes: 1, isApproximate: false });
    expect((await effects(null, [a, fresh])).impact).toEqual({ gains: 0, loses: 1, changes: 1, isApproximate: false });
  });

  test("name the tenants that were checked for it within 30 days, and nobody else", async () => {
    const count = (tenant: string, key: string, ago: number) => {
      const at = now - ago * day;
      const [isoDay = ""] = new Date(at).toISOString().split("T");
      return { tenant, day: isoDay, feature: key, allowed: true, source: "plan", count: 3, firstAt: at, lastAt: at };
    };
    const counts = [
      count("a", "sso", 1),
      count("a", "sso", 2),
      count("b", "sso", 29),
      count("c", "sso", 31),
      count("d", "calls", 1),
      count("e", "*", 4),
    ];
    await s.db.transaction([], (tx) => putCheckCounts(tx, s.db.tables, counts));
    const nobody = { tenants: 0, isLowerBound: false };
    const archived = await effects(change(archiveFeature(facts(), "sso", stamp())));
    expect(archived.use).toEqual({ byName: { tenants: 2, isLowerBound: false }, withAll: { tenants: 1, isLowerBound: false } });
    // A plan that is archived changes no answer: what counts is who asks for the features that it gives.
    const withoutPlan = await effects(change(archivePlan(facts(), "premium", stamp())));
    expect(withoutPlan).toMatchObject({ impact: { gains: 0, loses: 0 }, use: { byName: { tenants: 3 } } });
    const unused = await effects(change(archiveFeature(facts(), "theme", stamp())));
    expect(unused.use).toMatchObject({ byName: nobody });
  });

  test.each<[ResetPeriod, number]>([
    ["hour", 30 * minute],
    ["day", 20 * hour],
    ["week", 3 * day],
    ["month", 15 * day],
    ["year", 300 * day],
  ])("count the tenants whose usage starts again at 0 when a feature resets per %s, by each tenant's own period", async (period, apart) => {
    s.clock.now = now - 400 * day;
    await changeCatalogue(s, ada, (current, by) => updateFeature(current, "calls", { meter: { ...calls.meter, resetPeriod: period } }, by));
    s.clock.now = now;
    const metered = s.facts.catalogue().features.get("calls") as typeof calls;
    await put("calendar", { plan: "starter" });
    const anchored = (await put("anchored", { plan: "starter", usageAnchor: now - apart - 400 * day })) as TenantFacts;
    for (const key of ["before", "none", "negative"]) await put(key, { plan: "starter" });
    const at = (usageAnchor: number | null, when: number) => counterAt(metered, { usageAnchor }, when);
    const lastPeriod = (at(null, now).periodStart as number) - 1;
    const row = (tenant: string, counter: ReturnType<typeof at>, used: number) => ({ ...counter, tenant, used, updatedAt: new Date(now) });
    const rows = [
      row("calendar", at(null, now), 4),
      row("calendar", at(null, lastPeriod), 9),
      row("anchored", at(anchored.usageAnchor ?? null, now), 1),
      row("before", at(null, lastPeriod), 7),
      row("none", at(null, now), 0),
      row("negative", at(null, now), -2),
    ];
    await s.db.transaction([], async (tx) => await tx.insert(s.db.tables.usageTotals).values(rows));
    const changed = await effects(meter({ resetPeriod: "never" }));
    const reset = { name: "API calls", before: period, after: "never", tenants: 2, isLowerBound: false };
    expect(changed.resets).toEqual([{ ...reset, counts: "zero" }]);
    const carried = change(updateFeature(facts(), "calls", { meter: { ...calls.meter, resetPeriod: "never" }, counts: "carry" }, stamp()));
    const carrying = await effects(carried);
    expect(carrying.resets).toEqual([{ ...reset, counts: "carry" }]);
    expect(effectNotes(carrying)).toContain(
      `API calls will reset per lifetime instead of per ${period}, and each tenant keeps what it used in its current period. 2 tenants used some in the current period.`,
    );
    expect((await effects(meter({ resetPeriod: period, soft: true }))).resets).toEqual([]);
  });
});
