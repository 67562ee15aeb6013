import { count, sql } from "drizzle-orm";
import { afterEach, describe, expect, test } from "vitest";
import { isLive } from "~/core/grants/grant-lifetime";
import type { TenantFacts } from "~/core/model";
import { day } from "~/core/time";
import { readTenantFacts } from "~db/store/facts.server";
import { readTenantDocuments } from "~db/store/tenant-documents.server";
import { ada, now } from "~tests/facts";
import { engines, startServices, type TestServices } from "~tests/services";
import { seededChance } from "./chance";
import { fillWithDemo } from "./demo.server";
import { companies } from "./names";

const running: TestServices[] = [];
afterEach(async () => {
  for (const services of running.splice(0)) await services.stop();
});

const small = { seed: 7, size: 60 };

async function fresh(...args: Parameters<typeof startServices>): Promise<TestServices> {
  const services = await startServices(...args);
  running.push(services);
  return services;
}

const rowsIn = async ({ db }: TestServices, table: "tenants" | "audit" | "checkCounts" | "features") =>
  Number((await db.read.select({ n: count() }).from(db.tables[table]))[0]?.n);
const allTenants = ({ db }: TestServices) => readTenantDocuments(db.read, db.tables, { after: null, size: 1_000 });

describe.each(engines)("on %s", (engine) => {
  test("a fresh database gets 500 tenants in every state that a page shows, with their history and a month of checks", async () => {
    const services = await fresh(engine);
    const { db } = services;
    expect(await fillWithDemo(services, ada)).toEqual({ ok: true });

    const tenants = await allTenants(services);
    expect(tenants).toHaveLength(500);
    const grants = tenants.flatMap((t) => t.grants);
    const trials = grants.filter((g) => g.kind === "trial");
    const some = (list: unknown[]) => expect(list.length).toBeGreaterThan(3);
    some(trials.filter((g) => isLive(g, now)));
    some(trials.filter((g) => isLive(g, now) && g.endsAt < now + 3 * day));
    some(trials.filter((g) => isLive(g, now) && g.extends !== null));
    some(trials.filter((g) => g.endsAt <= now));
    some(trials.filter((g) => g.startsAt > now));
    for (const effect of ["allow", "deny"]) some(grants.filter((g) => g.kind === "override" && g.effect === effect && isLive(g, now)));
    for (const status of ["suspended", "archived"]) some(tenants.filter((t) => t.status === status));
    some(tenants.filter((t) => t.addOns.length > 0));
    some(tenants.filter((t) => t.plan === null));

    const audit = await db.read.select().from(db.tables.audit).orderBy(db.tables.audit.seq);
    const times = audit.map((a) => a.at.getTime());
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect([times[0], times.at(-1)]).toEqual([now - 241 * day, now]);
    const actions = new Set(audit.map((a) => a.action));
    for (const action of ["trial.ended", "override.ended", "tenant.reinstated", "tenant.plan_changed", "demo.filled"])
      expect(actions).toContain(action);

    const days = await db.read.selectDistinct({ day: db.tables.checkCounts.day }).from(db.tables.checkCounts).orderBy(sql`1`);
    expect(days).toHaveLength(30);
    expect(days.at(-1)?.day).toBe("2026-11-20");
  });
});

test("what a tenant was in the past can be read as it was then", async () => {
  const services = await fresh();
  const { db } = services;
  await fillWithDemo(services, ada, small);
  const ended = (await allTenants(services)).find((t) => t.status === "suspended") as TenantFacts;
  expect(await readTenantFacts(db.read, db.tables, ended.key, ended.createdAt)).toMatchObject({ status: "active", grants: [] });
  expect(await readTenantFacts(db.read, db.tables, ended.key, ended.createdAt - 1)).toBeNull();
});

test("checks are answered from the new tenants at once, also where one of them was asked about before", async () => {
  const services = await fresh();
  const [company] = companies(small.size, seededChance(small.seed));
  const before = await services.checks.preview(company?.key ?? "", null);
  expect(before.held.facts).toBeNull();
  await fillWithDemo(services, ada, small);
  const after = await services.checks.preview(company?.key ?? "", null);
  expect(after.held.facts?.name.startsWith(company?.name ?? "?")).toBe(true);
  expect(Object.keys(after.body.entitlements)).toHaveLength(247);
});

test("a database that holds anything is left as it is, and the refusal says what would work", async () => {
  const services = await fresh();
  await fillWithDemo(services, ada, small);
  const rows = await rowsIn(services, "audit");
  expect(await fillWithDemo(services, ada)).toMatchObject({
    ok: false,
    code: "not_empty",
    message: expect.stringContaining("DATABASE_URL"),
  });
  expect(await rowsIn(services, "audit")).toBe(rows);
});

test("nothing is written when the last part cannot be", async () => {
  const services = await fresh();
  const full = sql`create trigger full before insert on check_counts begin select raise(abort, 'full'); end`;
  await services.db.transaction([], async (tx) => void (await tx.run(full)));
  await expect(fillWithDemo(services, ada, small)).rejects.toThrow();
  for (const table of ["tenants", "features", "audit", "checkCounts"] as const) expect(await rowsIn(services, table)).toBe(0);
  expect(services.facts.catalogue().features.size).toBe(0);
});

test("equal seeds make equal tenants, another seed makes others", async () => {
  const [one, same, other] = [await fresh(), await fresh(), await fresh()];
  await fillWithDemo(one, ada, small);
  await fillWithDemo(same, ada, small);
  await fillWithDemo(other, ada, { ...small, seed: 8 });
  expect(await allTenants(same)).toEqual(await allTenants(one));
  expect(await allTenants(other)).not.toEqual(await allTenants(one));
});

test("500 companies have names of many scripts, short and long, and no two alike", () => {
  const made = companies(500, seededChance(20_261_120));
  expect(new Set(made.map((c) => c.name)).size).toBe(500);
  expect(new Set(made.map((c) => c.key)).size).toBe(500);
  for (const script of ["Latin", "Cyrillic", "Greek", "Han", "Hiragana", "Hangul", "Arabic", "Hebrew", "Devanagari", "Thai", "Tamil"])
    expect(made.some(({ name }) => new RegExp(`\\p{Script=${script}}`, "u").test(name))).toBe(true);
  expect(made.some(({ name }) => /\p{Extended_Pictographic}/u.test(name))).toBe(true);
  const lengths = made.map(({ name }) => name.length);
  expect([Math.min(...lengths) < 4, Math.max(...lengths) > 90, Math.max(...lengths) <= 200]).toEqual([true, true, true]);
});
