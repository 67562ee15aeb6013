import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { grantBundle } from "~/core/grants/bundles";
import { extendGrant, grantTrial } from "~/core/grants/grant-changes";
import type { TenantFacts } from "~/core/model";
import { day, isoDay, startOfDay } from "~/core/time";
import { monthOf } from "~/core/trials/trial-chains";
import { readTrialListQuery } from "~/forms/trials/trial-list-query";
import { changeTenant } from "~/server/changes/tenant-change.server";
import { readHome } from "~/server/home/home.server";
import { trialsFile } from "~/server/lists/trials-file.server";
import { readTrialCalendar } from "~/server/trials/trial-calendar.server";
import { readTrialList } from "~/server/trials/trial-list.server";
import { type Api, ada, startApi } from "../support/api";
import { feature, plan } from "../support/facts";
import { engines } from "../support/services";

const features = ["a", "b", "c", "d"];
const tenants = Array.from({ length: 25 }, (_, i) => `t${String(i).padStart(2, "0")}`);

describe.each(engines)("bundles in lists over all tenants, on %s", (engine) => {
  let api: Api;
  let end = 0;
  beforeAll(async () => {
    api = await startApi(engine);
    end = api.clock.now + 5 * day;
    const given = Object.fromEntries(features.map((key) => [key, true]));
    await api.catalogue(
      features.map((key) => feature(key, { name: key.toUpperCase() })),
      [plan("free", {}, { rank: 1 }), plan("pro", given, { name: "Pro", rank: 2 })],
    );
    // All end at the same instant, so that ids alone order them, and the parts of different bundles alternate.
    for (const key of tenants) {
      await api.tenant(key, { name: key, plan: "free" });
      await change(key, (f, c, stamp) => grantBundle(f, { plan: "pro", endsAt: end }, c, stamp));
    }
    await api.tenant("single", { name: "single", plan: "free" });
    await change("single", (f, c, stamp) => grantTrial(f, { features: [{ feature: "a" }], endsAt: end }, c, stamp));
  });
  afterAll(() => api.stop());

  type Decide = (
    facts: TenantFacts,
    ...rest: [Parameters<Parameters<typeof changeTenant>[3]>[1], Parameters<typeof extendGrant>[2]]
  ) => ReturnType<typeof extendGrant>;
  const change = async (key: string, decide: Decide) => {
    const done = await changeTenant(api.services, key, ada, (facts, catalogue, stamp) => decide(facts as TenantFacts, catalogue, stamp));
    if (!done.ok) throw new Error(done.message);
  };
  const pageOf = (query: string) => readTrialList(api.services, readTrialListQuery(new URLSearchParams(query)));
  async function listed(query: string) {
    const pages = [await pageOf(query)];
    for (let next = pages[0]?.next; next; next = pages.at(-1)?.next) pages.push(await pageOf(`${query}&page=${next}`));
    return pages.map(({ rows }) => rows);
  }

  test("pages have one line per bundle, none twice and none left out", async () => {
    for (const query of ["tab=running", "tab=ending", "tab=running&sort=-ends", "tab=running&sort=starts", `ends=${isoDay(end)}`]) {
      const pages = await listed(query);
      expect([query, pages.map((rows) => rows.length)]).toEqual([query, [20, 6]]);
      expect(
        pages
          .flat()
          .map(({ tenant }) => tenant.key)
          .sort(),
      ).toEqual(["single", ...tenants]);
      const bundles = pages.flat().flatMap(({ bundle }) => bundle ?? []);
      expect(bundles.map(({ plan, features }) => [plan, features])).toEqual(tenants.map(() => ["Pro", 4]));
    }
  });

  test("a list by feature has its line alone, and says which bundle it is part of", async () => {
    const rows = (await listed("tab=running&feature=b")).flat();
    expect(rows.map(({ feature, bundle }) => [feature.key, bundle?.plan, bundle?.features])).toEqual(tenants.map(() => ["b", "Pro", null]));
  });

  test("the file has a row per trial, with its bundle", async () => {
    const file = trialsFile(api.services, readTrialListQuery(new URLSearchParams("tab=running")));
    const rows: unknown[][] = [];
    for await (const batch of file.batches) if (Array.isArray(batch)) rows.push(...batch);
    const [id, key] = ["bundle", "bundle_plan"].map((head) => file.heads.indexOf(head));
    expect(rows.length).toBe(4 * tenants.length + 1);
    expect(new Set(rows.map((row) => row[key as number]))).toEqual(new Set(["pro", null]));
    expect(new Set(rows.map((row) => row[id as number])).size).toBe(tenants.length + 1);
  });

  test("the calendar and Home count a bundle once and name it", async () => {
    const { days } = await readTrialCalendar(api.services, monthOf(end));
    const found = days.find(({ from }) => from === startOfDay(end));
    expect(found).toMatchObject({ count: tenants.length + 1, isCut: false });
    expect(new Set(found?.first.map(({ what }) => what))).toEqual(new Set(["Bundle Pro"]));
    const { endingTrials } = await readHome(api.services, "UTC");
    expect(endingTrials).toMatchObject({ count: 20, hasMore: true });
  });

  test("an extended bundle is one line that runs and one that ended, and a mixed outcome says so", async () => {
    const key = tenants[0] as string;
    const grant = (await api.services.facts.tenant(key)).facts?.grants[2]?.id as string;
    api.clock.now += day;
    await change(key, (f, _c, stamp) => extendGrant(f, { grant, days: 3 }, stamp));
    const running = (await listed(`tab=running&q=${key}`)).flat();
    expect(running.map(({ endsAt, bundle }) => [endsAt, bundle?.features])).toEqual([[end + 3 * day, 4]]);
    const ended = (await listed(`tab=ended&q=${key}`)).flat();
    expect(ended.map(({ outcome, bundle }) => [outcome, bundle?.features])).toEqual([["extended", 4]]);
    // Two of the four features become part of the plan before the end.
    const { catalogue } = api;
    await catalogue(
      features.map((name) => feature(name, { name: name.toUpperCase() })),
      [plan("free", { a: true, b: true }, { rank: 1 }), plan("pro", { a: true, b: true, c: true, d: true }, { name: "Pro", rank: 2 })],
    );
    api.clock.now = end + 40 * day;
    await api.services.trials.sweep();
    const [line] = (await listed(`tab=ended&q=${tenants[1]}`)).flat();
    expect([line?.outcome, line?.bundle?.isMixed, line?.bundle?.features]).toEqual([null, true, 4]);
    const byOutcome = (await listed(`tab=ended&outcome=converted&q=${tenants[1]}`)).flat();
    expect(byOutcome.map(({ feature, bundle }) => [feature.key, bundle?.features]).sort()).toEqual([
      ["a", null],
      ["b", null],
    ]);
  });
});
