import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { catalogueChange } from "~/core/catalogue/catalogue-changes";
import { putTenant } from "~/core/decision/changes";
import { decide } from "~/core/decision/decide";
import { grantTrial, setOverride } from "~/core/grants/grant-changes";
import { endOf, isLive } from "~/core/grants/grant-lifetime";
import type { Json, TenantFacts } from "~/core/model";
import { foldText } from "~/core/plain-text";
import { featureThrough, type TenantFilter, type TenantSort, tenantSortIds } from "~/core/tenants/tenant-filter";
import { day } from "~/core/time";
import { fillOf } from "~/core/usage/limit-fill";
import { tenantsQuery } from "~/forms/api-queries";
import { changeCatalogue } from "~/server/changes/catalogue-change.server";
import { changeTenant } from "~/server/changes/tenant-change.server";
import { tenantList } from "~/server/tenants/tenant-list.server";
import { listedFilter } from "~/server/tenants/tenant-matches.server";
import { tenantsPage } from "~/server/tenants/tenants.server";
import { recordUsage } from "~/server/usage/usage.server";
import { putCheckCounts } from "~db/store/check-counts.server";
import { readTenantsByKey } from "~db/store/tenant-documents.server";
import { listTenants } from "~db/store/tenant-list.server";
import { ada, addOn, feature, meteredFeature, now, plan } from "../support/facts";
import { isLong } from "../support/scale";
import { engines, startServices, type TestServices } from "../support/services";

const population = 70;
const key = (i: number) => `t${i}`;
const usedOf = (i: number) => (i % 4 === 0 ? (i * 7) % 16 : 0);
const refusedOf = (i: number) => (i % 3 === 0 ? i % 11 : 0);
const plans = [null, "free", "pro", "big"];
const regions: Json[] = ["eu", "EU", 5, true, null, { deep: 1 }];

async function fill(s: TestServices): Promise<void> {
  const features = [feature("sso"), feature("audit"), meteredFeature("calls"), feature("gone", { archivedAt: 1 })];
  const all = [
    plan("free", { calls: 10 }),
    plan("pro", { sso: true, gone: true, calls: 20 }),
    plan("big", { audit: true }, { includes: "pro" }),
    addOn("more", { audit: true, calls: 5 }),
    addOn("less", {}),
  ];
  await changeCatalogue(s, ada, (_facts, stamp) => ({
    ok: true,
    change: catalogueChange("catalogue.imported", { features, plans: all }, stamp, null),
  }));
  const change = (i: number, of: Parameters<typeof changeTenant>[3]) => changeTenant(s, key(i), ada, of);
  for (let i = 0; i < population; i++) {
    const status = i % 9 === 0 ? "suspended" : i % 13 === 0 ? "archived" : "active";
    const region = regions[i % 7];
    const form = {
      name: `${["Ärger", "beta", "Beta", "_x%"][i % 4]} ${i % 5}`,
      plan: plans[i % 4] ?? null,
      addOns: i % 6 === 0 ? ["more"] : i % 10 === 0 ? ["less"] : [],
      metadata: (region === undefined ? {} : { region }) as { [key: string]: Json },
    };
    await change(i, (facts, c, stamp) => putTenant(facts, key(i), form, c, stamp));
    if (i % 5 === 0) {
      const trial = {
        features: [{ feature: i % 2 ? "sso" : "audit" }],
        startsAt: i % 15 === 0 ? now + day : now,
        endsAt: now + (3 + (i % 20)) * day,
      };
      await change(i, (f, c, stamp) => grantTrial(f as TenantFacts, trial, c, stamp));
    }
    if (i % 7 === 0) {
      const override = { feature: "sso", effect: i % 2 ? ("allow" as const) : ("deny" as const), endsAt: i % 3 ? now + 5 * day : null };
      await change(i, (f, c, stamp) => setOverride(f as TenantFacts, override, c, stamp));
    }
    if (status !== "active") await change(i, (facts, c, stamp) => putTenant(facts, key(i), { status }, c, stamp));
    if (usedOf(i) > 0) {
      await recordUsage(s, [{ tenant: key(i), feature: "calls", action: "add", quantity: usedOf(i), time: now, idempotencyKey: `k${i}` }]);
    }
    if (refusedOf(i) > 0) {
      const count = {
        tenant: key(i),
        day: "2026-11-20",
        feature: "sso",
        allowed: false,
        source: "none",
        count: refusedOf(i),
        firstAt: now,
        lastAt: now,
      };
      await s.db.transaction([], (tx) => putCheckCounts(tx, s.db.tables, [count]));
    }
  }
  await s.figures.pass();
}

type Known = { facts: TenantFacts; revision: number; i: number };

function matches(s: TestServices, { facts, i }: Known, filter: TenantFilter): boolean {
  const { search, plan, addOn, status, trial, feature, metadata } = filter;
  const catalogue = s.facts.catalogue();
  const held = facts.addOns.map((one) => one.plan);
  const text = foldText(`${facts.name}\n${facts.key}`);
  if (
    search &&
    !foldText(search)
      .split(/\s+/)
      .filter(Boolean)
      .every((word) => text.includes(word))
  )
    return false;
  if (plan !== undefined && !(plan === "" ? facts.plan === null : facts.plan === plan || held.includes(plan))) return false;
  if (addOn !== undefined && !held.includes(addOn)) return false;
  if (status !== undefined && facts.status !== status) return false;
  const ends = trialEnds(facts);
  if (trial !== undefined && !ends.some((end) => trial === "live" || end <= now + trial)) return false;
  if (metadata) {
    const value = facts.metadata[metadata.key];
    if (value === null || typeof value === "object" || String(value) !== metadata.value || value === undefined) return false;
  }
  if (!feature) return true;
  const d = decide({
    tenant: facts,
    catalogue,
    feature: feature.key,
    now,
    usage: feature.key === "calls" ? { used: usedOf(i) } : undefined,
  });
  return feature.through === "limit" ? d.reason === "limit_reached" : d.entitled && d.source === feature.through;
}

const trialEnds = ({ grants }: TenantFacts) => grants.flatMap((g) => (g.kind === "trial" && isLive(g, now) ? [endOf(g) as number] : []));

function sortValue(s: TestServices, { facts, revision, i }: Known, id: TenantSort["id"]): string | number {
  switch (id) {
    case "name":
      return foldText(`${facts.name}\n${facts.key}`);
    case "plan":
      return facts.plan ?? "";
    case "status":
      return facts.status;
    case "created":
      return facts.createdAt;
    case "changed":
      return revision;
    case "trial":
      return Math.min(Number.MAX_SAFE_INTEGER, ...trialEnds(facts));
    case "refused":
      return refusedOf(i);
    case "limit": {
      if (facts.status === "archived" || usedOf(i) === 0) return -1;
      const { amount } = decide({ tenant: facts, catalogue: s.facts.catalogue(), feature: "calls", now, usage: { used: usedOf(i) } });
      return fillOf(usedOf(i), amount?.limit ?? null);
    }
  }
}

function sorted(s: TestServices, rows: Known[], sort: readonly TenantSort[]): string[] {
  const order = (a: string | number, b: string | number) => (a < b ? -1 : a > b ? 1 : 0);
  const compare = (a: Known, b: Known) => {
    for (const { id, desc } of sort) {
      const by = order(sortValue(s, a, id), sortValue(s, b, id));
      if (by !== 0) return desc ? -by : by;
    }
    const by = order(a.facts.key, b.facts.key);
    return sort[0]?.desc ? -by : by;
  };
  return [...rows].sort(compare).map(({ facts }) => facts.key);
}

const maybe = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined, freq: 2 });
const filters: fc.Arbitrary<TenantFilter> = fc.record({
  search: maybe(fc.constantFrom("beta", "ARGER 1", "t1", "%", "_x")),
  plan: maybe(fc.constantFrom("", "free", "pro", "more", "nowhere")),
  addOn: maybe(fc.constantFrom("more", "less")),
  status: maybe(fc.constantFrom("active" as const, "suspended" as const, "archived" as const)),
  trial: maybe(fc.constantFrom("live" as const, 5 * day, 3 * day, 3 * day - 1)),
  feature: maybe(fc.record({ key: fc.constantFrom("sso", "audit", "calls", "gone"), through: fc.constantFrom(...featureThrough) })),
  metadata: maybe(fc.record({ key: fc.constant("region"), value: fc.constantFrom("eu", "5", "true", "null", "") })),
});
/** Mostly one part, because few tenants match many. */
const filter = fc
  .tuple(filters, fc.subarray(["search", "plan", "addOn", "status", "trial", "feature", "metadata"] as const, { maxLength: 3 }))
  .map(([all, parts]) => Object.fromEntries(parts.map((part) => [part, all[part]])) as TenantFilter);
const sorts = fc.uniqueArray(fc.record({ id: fc.constantFrom(...tenantSortIds), desc: fc.boolean() }), {
  minLength: 1,
  maxLength: 3,
  selector: ({ id }) => id,
});

describe.each(engines)("the list of tenants on %s", (engine) => {
  let s: TestServices;
  let all: Known[];
  beforeAll(async () => {
    s = await startServices(engine);
    await fill(s);
    const rows = await s.db.read.select().from(s.db.tables.tenants);
    const facts = await readTenantsByKey(
      s.db.read,
      s.db.tables,
      rows.map((row) => row.key),
    );
    all = rows.map((row) => ({ facts: facts.get(row.key) as TenantFacts, revision: row.revision, i: Number(row.key.slice(1)) }));
  });
  afterAll(() => s.stop());

  const expected = (filter: TenantFilter) => all.filter((one) => matches(s, one, filter));
  const runs = { numRuns: isLong ? 400 : 60 };

  test("shows what the decision function and a sort by hand give, in each order and on each page", async () => {
    await fc.assert(
      fc.asyncProperty(filter, sorts, async (filter, sort) => {
        const pages: string[] = [];
        for (let page = 1, last = 1; page <= last; page++) {
          const list = await tenantList(s, { filter, sort, page, density: undefined }, []);
          last = Math.ceil(list.total / list.pageSize);
          expect(list.maxPage).toBeNull();
          pages.push(...list.rows.map((row) => row.key));
          expect(list.total).toBeGreaterThanOrEqual(expected(filter).length);
          if (!filter.feature) expect(list.total).toBe(expected(filter).length);
        }
        // What is equal in all rows and left out of the order changes only the direction in which equal rows are listed.
        const { sort: used } = await tenantList(s, { filter, sort, page: 1, density: undefined }, []);
        expect(pages).toEqual(sorted(s, expected(filter), used));
      }),
      runs,
    );
  });

  test("is the same when it is read in the order of an index, as for many tenants", async () => {
    await fc.assert(
      fc.asyncProperty(filter, sorts, fc.integer({ min: 1, max: 40 }), async (filter, sort, size) => {
        const { feature, ...plain } = filter;
        const found: string[] = [];
        let used: TenantSort[] = [];
        for (let page = 1; page === 1 || found.length === (page - 1) * size; page++) {
          const query = { ...listedFilter(s, plain), sort, page, size, known: 20_000 };
          const list = await listTenants(s.db.read, s.db.tables, query);
          found.push(...list.rows.map((row) => row.key));
          used = list.sort;
          if (list.rows.length === 0) break;
        }
        expect(found).toEqual(sorted(s, expected(plain), used));
      }),
      runs,
    );
  });

  test("is the API's list too, in order of name, cursor by cursor", async () => {
    await fc.assert(
      fc.asyncProperty(
        filter,
        fc.integer({ min: 1, max: 30 }),
        async ({ search, plan, addOn, status, trial, feature, metadata }, limit) => {
          const days = typeof trial === "number" ? Math.floor(trial / day) : undefined;
          const wanted = { search, plan, addOn, status, trial: days === undefined ? trial : days * day, feature, metadata };
          const query = {
            ...{ search, addOn, status, plan: plan === "" ? "-" : plan, limit: String(limit) },
            ...(trial === "live" ? { trial } : days === undefined ? {} : { trialEndsWithin: String(days) }),
            ...(feature ? { feature: feature.key, through: feature.through } : {}),
            ...(metadata ? { metadataKey: metadata.key, metadataValue: metadata.value } : {}),
          };
          const found: string[] = [];
          for (let cursor: { searchText: string; key: string } | null = null; ; ) {
            const parsed = tenantsQuery.parse(query);
            const after = cursor ? ([cursor.searchText, cursor.key] as [string, string]) : undefined;
            const page = await tenantsPage(s, { ...parsed, cursor: after });
            expect(page.rows.length).toBeLessThanOrEqual(limit);
            found.push(...page.rows.map((row) => row.key));
            cursor = page.last;
            if (!cursor) break;
          }
          expect(found).toEqual(sorted(s, expected(wanted), [{ id: "name", desc: false }]));
        },
      ),
      runs,
    );
  });

  test("finds someone in each way that a feature can be had", () => {
    const ways = featureThrough.map((through) =>
      ["sso", "audit", "calls"].some((key) => expected({ feature: { key, through } }).length > 0),
    );
    expect(ways).toEqual(featureThrough.map(() => true));
  });
});
