import { eq, inArray, sql } from "drizzle-orm";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type CatalogueChange, catalogueChange } from "~/core/catalogue/catalogue-changes";
import { applyChange, putTenant, type TenantForm } from "~/core/decision/changes";
import { endGrant, extendGrant, grantTrial, setOverride } from "~/core/grants/grant-changes";
import type { Actor, CatalogueFacts, Stamp, TenantFacts, Value } from "~/core/model";
import { type TenantSortId, tenantSortIds } from "~/core/tenants/tenant-filter";
import { day, hour } from "~/core/time";
import { changeCatalogue } from "~/server/changes/catalogue-change.server";
import { changeTenant } from "~/server/changes/tenant-change.server";
import { listAudit } from "~db/store/audit.server";
import { readCatalogueFacts, readTenantFacts } from "~db/store/facts.server";
import { grantOf, grantsOfTenant } from "~db/store/grants.server";
import { listTenants, liveTrialsOf, tenantsHavingPlan } from "~db/store/tenant-list.server";
import { isUniqueViolation } from "~db/unique";
import { addOn, configFeature, feature, meteredFeature, now, plan } from "../support/facts";
import { engines, startServices, type TestServices } from "../support/services";

const actor: Actor = { kind: "admin", id: "ad_1", name: "Ada" };
const features = [
  feature("sso"),
  feature("constructor"),
  meteredFeature("api_calls"),
  configFeature("theme", { kind: "text", options: [] }),
  configFeature("layout", { kind: "json" }),
];
const plans = [
  plan("starter", { api_calls: 1000 }),
  plan("premium", { sso: true, api_calls: "unlimited", theme: "10" }, { includes: "starter", rank: 20 }),
  addOn("boost", { api_calls: 500, layout: { z: 1, a: [2, null] } }),
];

describe.each(engines)("the store on %s", (engine) => {
  let s: TestServices;
  beforeEach(async () => {
    s = await startServices(engine);
    await changeCatalogue(s, actor, (_facts, stamp) => ({
      ok: true,
      change: catalogueChange("catalogue.imported", { features, plans }, stamp, "start"),
    }));
  });
  afterEach(() => s.stop());

  const put = (key: string, form: TenantForm) =>
    changeTenant(s, key, actor, (facts, catalogue, stamp) => putTenant(facts, key, form, catalogue, stamp));
  const trial = (key: string, name: string, value?: Value, days = 14) =>
    changeTenant(s, key, actor, (facts, catalogue, stamp) =>
      grantTrial(facts as TenantFacts, { features: [{ feature: name, value }], endsAt: stamp.now + days * day }, catalogue, stamp),
    );
  const factsOf = (key: string) => readTenantFacts(s.db.read, s.db.tables, key) as Promise<TenantFacts>;

  test("gives back the catalogue as it was put in, text that looks like a number and the order of JSON keys included", async () => {
    const facts = await readCatalogueFacts(s.db.read, s.db.tables);
    expect(facts.plans.find((p) => p.key === "premium")?.entries).toContainEqual({ feature: "theme", value: "10" });
    expect(JSON.stringify(facts)).toBe(JSON.stringify(s.facts.catalogueFacts()));
    const rows = await s.db.read.select().from(s.db.tables.planFeatures).where(eq(s.db.tables.planFeatures.plan, "boost"));
    expect(JSON.stringify(rows.find((r) => r.feature === "layout")?.value)).toBe('{"z":1,"a":[2,null]}');
    expect(rows.find((r) => r.feature === "api_calls")?.value).toBe(500);
  });

  test("keeps rows and facts documents saying the same after every kind of change", async () => {
    await put("acme", { name: "Acme", plan: "starter", addOns: ["boost"], metadata: { seats: 3, "": [] } });
    await trial("acme", "sso");
    s.clock.now += hour;
    const [granted] = (await factsOf("acme")).grants;
    await changeTenant(s, "acme", actor, (f, _c, stamp) =>
      extendGrant(f as TenantFacts, { grant: granted?.id as string, endsAt: stamp.now + 30 * day }, stamp),
    );
    await changeTenant(s, "acme", actor, (f, c, stamp) =>
      setOverride(f as TenantFacts, { feature: "api_calls", effect: "allow", value: "unlimited" }, c, stamp),
    );
    await changeTenant(s, "acme", actor, (f, c, stamp) => setOverride(f as TenantFacts, { feature: "theme", effect: "deny" }, c, stamp));
    await put("acme", { addOns: [], status: "suspended", plan: null });
    const facts = await factsOf("acme");
    const rows = await grantsOfTenant(s.db.read, s.db.tables, "acme");
    expect(rows).toHaveLength(4);
    const alive = rows.map(grantOf).filter((g) => g.endedAt === null);
    expect([...facts.grants].sort((a, b) => (a.id < b.id ? -1 : 1))).toEqual(alive.sort((a, b) => (a.id < b.id ? -1 : 1)));
    const [row] = await s.db.read.select().from(s.db.tables.tenants);
    expect(row).toMatchObject({
      key: "acme",
      name: "Acme",
      status: "suspended",
      plan: null,
      metadata: { seats: 3, "": [] },
      revision: facts.revision,
    });
    expect(await s.db.read.select().from(s.db.tables.tenantAddOns)).toEqual([]);
    expect((await s.facts.tenant("acme")).facts).toEqual(facts);
  });

  test("keeps every facts document, so that the past can be read as it was known then", async () => {
    await put("acme", { plan: "starter" });
    s.clock.now += day;
    await put("acme", { plan: "premium" });
    const at = (by: number) => readTenantFacts(s.db.read, s.db.tables, "acme", by);
    expect(await at(now - 1)).toBeNull();
    expect((await at(now))?.plan).toBe("starter");
    expect((await at(now + day - 1))?.plan).toBe("starter");
    expect((await at(now + day))?.plan).toBe("premium");
    expect((await readCatalogueFacts(s.db.read, s.db.tables, now - 1)).features).toEqual([]);
  });

  test("writes one audit row with before and after for each change, and lets nobody alter or delete it", async () => {
    await put("acme", { plan: "starter" });
    await put("acme", { plan: "premium", why: "they paid" });
    const rows = await listAudit(s.db.read, s.db.tables, { subjectKind: "tenant", subject: "acme" }, { size: 10 });
    expect(rows.map((r) => r.action)).toEqual(["tenant.plan_changed", "tenant.created"]);
    expect(rows[0]).toMatchObject({ actorName: "Ada", before: { plan: "starter" }, after: { plan: "premium" }, why: "they paid" });
    const { audit } = s.db.tables;
    await expect(s.db.transaction([], (tx) => Promise.resolve(tx.update(audit).set({ why: "no" })))).rejects.toThrow();
    await expect(s.db.transaction([], (tx) => Promise.resolve(tx.delete(audit)))).rejects.toThrow();
    expect(await listAudit(s.db.read, s.db.tables, {}, { size: 10 })).toHaveLength(3);
  });

  test("puts one outbox row for each tenant, with the newest revision", async () => {
    await put("acme", { plan: "starter" });
    await put("acme", { plan: "premium" });
    const rows = await s.db.read.select().from(s.db.tables.outbox).where(eq(s.db.tables.outbox.topic, "group_sync"));
    expect(rows).toMatchObject([{ subject: "acme", revision: (await factsOf("acme")).revision, attempts: 0 }]);
  });

  test("writes nothing at all when the change is refused or fails half-way", async () => {
    await put("acme", { plan: "starter" });
    const rowsOf = async () =>
      Promise.all(
        [s.db.tables.changes, s.db.tables.audit, s.db.tables.factsHistory, s.db.tables.outbox, s.db.tables.grants].map(
          async (t) => (await s.db.read.select().from(t)).length,
        ),
      );
    const before = await rowsOf();
    expect(await put("acme", { plan: "none" })).toMatchObject({ ok: false, code: "plan_not_found" });
    const broken = changeTenant(s, "acme", actor, (facts, _c, stamp) => ({
      ok: true,
      // A grant of a feature that the database does not have breaks its key after other rows were written.
      change: {
        action: "trial.granted",
        key: "acme",
        set: { name: "Torn" },
        at: stamp.now,
        why: null,
        grants: [{ ...lostGrant(stamp), id: facts?.key ?? "" }],
      },
    }));
    await expect(broken).rejects.toThrow();
    expect(await rowsOf()).toEqual(before);
    expect((await factsOf("acme")).name).toBe("acme");
    expect((await s.facts.tenant("acme")).facts?.name).toBe("acme");
  });

  test("loses no change of many that decide on the same facts at once", async () => {
    await put("acme", { metadata: { n: 0 } });
    const add = (facts: TenantFacts | null, stamp: Stamp) =>
      putTenant(facts, "acme", { metadata: { n: ((facts?.metadata.n as number) ?? 0) + 1 } }, s.facts.catalogue(), stamp);
    const other = await startServices(engine, { url: s.url });
    const run = (services: TestServices) => changeTenant(services, "acme", actor, (facts, _c, stamp) => add(facts, stamp));
    await Promise.all(Array.from({ length: 40 }, (_, i) => run(i % 2 === 0 ? s : other)));
    expect((await factsOf("acme")).metadata.n).toBe(40);
    await other.stop();
  });

  test("refuses a transaction inside a transaction instead of waiting for itself", async () => {
    const nested = s.db.transaction([], () => s.db.transaction([], async () => 1));
    await expect(nested).rejects.toThrow("inside another one");
  });

  test("takes back all of a transaction that throws, and goes on", async () => {
    const { settings } = s.db.tables;
    const torn = s.db.transaction([], async (tx) => {
      await tx.insert(settings).values({ key: "a", value: 1 });
      throw new Error("torn");
    });
    await expect(torn).rejects.toThrow("torn");
    await s.db.transaction([], (tx) => Promise.resolve(tx.insert(settings).values({ key: "b", value: [1] })));
    const kept = inArray(settings.key, ["a", "b"]);
    expect(await s.db.read.select().from(settings).where(kept)).toEqual([{ key: "b", value: [1] }]);
  });

  test("tells a row that is there already from every other failure", async () => {
    const { settings } = s.db.tables;
    const insert = (key: string) => s.db.transaction([], (tx) => Promise.resolve(tx.insert(settings).values({ key, value: true })));
    await insert("a");
    expect(isUniqueViolation(await insert("a").catch((e) => e))).toBe(true);
    const other = await s.db
      .transaction([], (tx) => Promise.resolve(tx.insert(settings).values({ key: null as never, value: 1 })))
      .catch((e) => e);
    expect(isUniqueViolation(other)).toBe(false);
  });

  test("searches names and keys without regard to case, and takes % and _ as they are", async () => {
    for (const [key, name] of [
      ["acme", "ACME Ärzte"],
      ["b_1", "Beta"],
      ["b-1", "100% Gamma"],
    ] as const)
      await put(key, { name });
    const found = async (search: string) => (await listTenants(s.db.read, s.db.tables, { ...page, search })).rows.map((r) => r.key);
    expect(await found("acme ä")).toEqual(["acme"]);
    expect(await found("B_")).toEqual(["b_1"]);
    expect(await found("0%")).toEqual(["b-1"]);
    expect(await found("\\")).toEqual([]);
  });

  const sorted = (id: TenantSortId, desc = false) => [{ id, desc }];
  const page = { sort: sorted("name"), page: 1, size: 10, now };

  test("lists by plan, add-on, status and trial, sorted alike on both engines with the tenants without a plan first", async () => {
    await put("zeta", { name: "_zeta", plan: "premium" });
    await put("acme", { name: "acme", plan: "starter", addOns: ["boost"] });
    await put("Beta", { name: "Beta", status: "suspended" });
    await trial("acme", "sso", undefined, 5);
    await trial("zeta", "layout", { a: 1 }, 20);
    const keys = async (query: Partial<Parameters<typeof listTenants>[2]>) =>
      (await listTenants(s.db.read, s.db.tables, { ...page, ...query })).rows.map((r) => r.key);
    expect(await keys({})).toEqual(["zeta", "acme", "Beta"]);
    expect(await keys({ sort: sorted("name", true) })).toEqual(["Beta", "acme", "zeta"]);
    expect(await keys({ sort: sorted("plan") })).toEqual(["Beta", "zeta", "acme"]);
    expect(await keys({ sort: sorted("plan", true) })).toEqual(["acme", "zeta", "Beta"]);
    expect(await keys({ plan: "boost" })).toEqual(["acme"]);
    expect(await keys({ plan: "" })).toEqual(["Beta"]);
    expect(await keys({ status: "suspended" })).toEqual(["Beta"]);
    expect(await keys({ trial: "live" })).toEqual(["zeta", "acme"]);
    expect(await keys({ trial: 7 * day })).toEqual(["acme"]);
    expect(await keys({ trial: "live", now: now + 5 * day })).toEqual(["zeta"]);
    expect(await listTenants(s.db.read, s.db.tables, { ...page, size: 2, page: 2 })).toMatchObject({ total: 3, rows: [{ key: "Beta" }] });
    expect(await liveTrialsOf(s.db.read, s.db.tables, ["acme", "zeta"], now)).toContainEqual({
      tenant: "acme",
      trials: 1,
      nextEnd: now + 5 * day,
    });
    const plans = ["starter", "premium", "boost"];
    for (const plan of plans) expect(await tenantsHavingPlan(s.db.read, s.db.tables, plan)).toBe(1);
    expect(await s.tenantCounts.byPlan()).toEqual(
      new Map([
        ["starter", 1],
        ["premium", 1],
        ["boost", 1],
      ]),
    );
  });

  test("pages make up the list in every order", async () => {
    for (const [i, plan] of ["starter", null, "premium", null, "starter", null, "premium"].entries()) await put(`t${i}`, { plan });
    const keys = async (query: Partial<Parameters<typeof listTenants>[2]>) =>
      (await listTenants(s.db.read, s.db.tables, { ...page, ...query })).rows.map((r) => r.key);
    for (const id of tenantSortIds) {
      for (const desc of [false, true]) {
        const sort = sorted(id, desc);
        const whole = await keys({ sort });
        expect(new Set(whole).size).toBe(7);
        for (const size of [1, 2, 3, 7]) {
          const pages: string[] = [];
          for (let at = 1; at <= Math.ceil(7 / size); at++) pages.push(...(await keys({ sort, size, page: at })));
          expect([sort, size, pages]).toEqual([sort, size, whole]);
        }
      }
    }
  });

  test("keeps tenant keys of every kind apart", async () => {
    const keys = ["a", "A", "__proto__", "a/b", "ä", "a\u0308", "🦊".repeat(50), "x".repeat(200), "'; drop table tenants; --"];
    // New keys have a rule of their own, and former ones go on working.
    const set = { name: "Old", status: "active" as const, plan: "starter", addOns: [], metadata: {}, createdAt: now };
    for (const key of keys)
      await changeTenant(s, key, actor, () => ({
        ok: true,
        change: { action: "tenant.created", key, set, grants: [], at: now, why: null },
      }));
    for (const key of keys) expect((await factsOf(key)).key).toBe(key);
  });

  test("holds numbers up to 2^53 - 1", async () => {
    await put("acme", { plan: "starter" });
    await trial("acme", "api_calls", Number.MAX_SAFE_INTEGER);
    const [row] = await grantsOfTenant(s.db.read, s.db.tables, "acme");
    expect(row?.value).toBe(Number.MAX_SAFE_INTEGER);
  });

  test("applies changes exactly as the pure function says", async () => {
    await put("acme", { plan: "starter" });
    await trial("acme", "sso");
    const before = await factsOf("acme");
    const stamp: Stamp = { now: now + hour, actor, newId: s.newId };
    const outcome = endGrant(before, { grant: before.grants[0]?.id as string }, stamp);
    if (!outcome.ok || !outcome.change) throw new Error("refused");
    const { change } = outcome;
    await changeTenant(s, "acme", actor, () => ({ ok: true, change }));
    const after = await factsOf("acme");
    expect(after).toEqual(applyChange(before, change, after.revision));
  });

  test("removes a deleted plan's rows and keeps it in the history", async () => {
    const removed = (facts: CatalogueFacts, stamp: Stamp): CatalogueChange =>
      catalogueChange("plan.deleted", { removedPlans: [facts.plans[1]?.key ?? ""] }, stamp, null);
    s.clock.now += 1;
    await changeCatalogue(s, actor, (facts, stamp) => ({ ok: true, change: removed(facts, stamp) }));
    expect((await readCatalogueFacts(s.db.read, s.db.tables)).plans.map((p) => p.key)).toEqual(["starter", "boost"]);
    expect((await readCatalogueFacts(s.db.read, s.db.tables, now)).plans).toHaveLength(3);
    const rows = await s.db.read.select({ n: sql<number>`count(*)` }).from(s.db.tables.plans);
    expect(Number(rows[0]?.n)).toBe(2);
  });
});

const lostGrant = (stamp: Stamp) => ({
  kind: "trial" as const,
  feature: "lost",
  value: true,
  startsAt: stamp.now,
  endsAt: stamp.now + day,
  endedAt: null,
  extends: null,
  note: null,
  createdAt: stamp.now,
  createdBy: "",
});
