import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { catalogueChange } from "~/core/catalogue/catalogue-changes";
import { putTenant } from "~/core/decision/changes";
import { grantBundle } from "~/core/grants/bundles";
import { endGrant, extendGrant, grantTrial } from "~/core/grants/grant-changes";
import { withPlanAfter } from "~/core/grants/plan-after";
import type { Actor, TenantFacts } from "~/core/model";
import { day, hour, isoDay, startOfDay } from "~/core/time";
import { monthAfter } from "~/core/trials/months";
import { monthOf } from "~/core/trials/trial-chains";
import { readTrialListQuery } from "~/forms/trials/trial-list-query";
import { changeCatalogue } from "~/server/changes/catalogue-change.server";
import { changeTenant } from "~/server/changes/tenant-change.server";
import { readTrialCalendar } from "~/server/trials/trial-calendar.server";
import { readTrialList } from "~/server/trials/trial-list.server";
import { readTrialReport } from "~/server/trials/trial-report.server";
import { putCheckCounts } from "~db/store/check-counts.server";
import { readTenantFacts } from "~db/store/facts.server";
import { addOn, feature, meteredFeature, plan, now as start } from "../support/facts";
import { naiveCounts, naiveTrials } from "../support/naive-trials";
import { engines, startServices, type TestServices } from "../support/services";

let s: TestServices;
afterEach(() => s.stop());

const tenants = ["acme", "bolt", "core"];
const features = ["sso", "audit", "calls"];
const people: Actor[] = ["Ada", "Bo"].map((name) => ({ kind: "admin", id: name, name }));

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("grant" as const),
      starts: fc.integer({ min: -2, max: 3 }),
      days: fc.integer({ min: 1, max: 20 }),
      after: fc.constantFrom(undefined, undefined, "free", "pro"),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("bundle" as const),
      days: fc.integer({ min: 1, max: 20 }),
      after: fc.constantFrom(undefined, "pro"),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("extend" as const), days: fc.integer({ min: 1, max: 20 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("end" as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("plan" as const), plan: fc.constantFrom(null, "free", "pro"), hasAddOn: fc.boolean() }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("status" as const), status: fc.constantFrom("active" as const, "suspended" as const) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("catalogue" as const), gives: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("check" as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("sweep" as const) }) },
);
const steps = fc.array(
  fc.record({
    step,
    tenant: fc.constantFrom(...tenants),
    feature: fc.constantFrom(...features),
    by: fc.constantFrom(...people),
    pause: fc.constantFrom(0, 1, hour, day, 6 * day, 29 * day, 30 * day),
  }),
  { minLength: 5, maxLength: 30 },
);
type Step = (typeof steps extends fc.Arbitrary<infer T> ? T : never)[number];

function catalogueOf(gives: boolean) {
  return [
    plan("free", {}),
    plan("pro", { sso: true, ...(gives ? { calls: 10 } : {}) }),
    addOn("more", { audit: true, sso: true, calls: 0 }),
  ];
}
const putCatalogue = (gives: boolean) =>
  changeCatalogue(s, people[0] as Actor, (_facts, stamp) => ({
    ok: true,
    change: catalogueChange(
      "catalogue.imported",
      { features: [feature("sso"), feature("audit"), meteredFeature("calls")], plans: catalogueOf(gives) },
      stamp,
      null,
    ),
  }));

async function act({ step, tenant, feature, by }: Step): Promise<void> {
  const grants = async () => (await readFacts(tenant)).grants.filter((g) => g.feature === feature);
  if (step.do === "grant") {
    const startsAt = s.clock.now + step.starts * day;
    const value = feature === "calls" ? 5 : true;
    const form = { features: [{ feature, value }], startsAt, endsAt: startsAt + step.days * day };
    await changeTenant(s, tenant, by, (f, c, stamp) =>
      withPlanAfter(grantTrial(f as TenantFacts, form, c, stamp), f as TenantFacts, step.after, c, stamp),
    );
  } else if (step.do === "bundle") {
    const form = { plan: "more", endsAt: s.clock.now + step.days * day };
    await changeTenant(s, tenant, by, (f, c, stamp) =>
      withPlanAfter(grantBundle(f as TenantFacts, form, c, stamp), f as TenantFacts, step.after, c, stamp),
    );
  } else if (step.do === "extend" || step.do === "end") {
    const grant = (await grants())[0]?.id ?? "gr_none";
    await changeTenant(s, tenant, by, (f, _c, stamp) =>
      step.do === "end" ? endGrant(f as TenantFacts, { grant }, stamp) : extendGrant(f as TenantFacts, { grant, days: step.days }, stamp),
    );
  } else if (step.do === "plan") {
    const form = { plan: step.plan, addOns: step.hasAddOn ? ["more"] : [] };
    await changeTenant(s, tenant, by, (f, c, stamp) => putTenant(f, tenant, form, c, stamp));
  } else if (step.do === "status") {
    await changeTenant(s, tenant, by, (f, c, stamp) => putTenant(f, tenant, { status: step.status }, c, stamp));
  } else if (step.do === "catalogue") await putCatalogue(step.gives);
  else if (step.do === "check") {
    const at = s.clock.now;
    const count = { tenant, day: isoDay(at), feature, allowed: true, source: "trial", count: 1, firstAt: at, lastAt: at };
    await s.db.transaction([], (tx) => putCheckCounts(tx, s.db.tables, [count]));
  } else await s.trials.sweep();
}

const readFacts = async (key: string) => (await readTenantFacts(s.db.read, s.db.tables, key)) as TenantFacts;

async function listed(query: string): Promise<string[]> {
  const ids: string[] = [];
  for (let page: string | null = ""; page !== null; ) {
    const list: Awaited<ReturnType<typeof readTrialList>> = await readTrialList(
      s,
      readTrialListQuery(new URLSearchParams(`${query}&page=${page}`)),
    );
    ids.push(...list.rows.map(({ id }) => id));
    page = list.next;
  }
  return ids;
}

describe.each(engines)("on %s", (engine) => {
  test("tabs, calendar and report equal what a reading of the whole history says, whatever was granted, extended, ended and changed", async () => {
    s = await startServices(engine);
    await fc.assert(
      fc.asyncProperty(steps, async (list) => {
        await s.stop();
        s = await startServices(engine);
        await putCatalogue(false);
        for (const key of tenants)
          await changeTenant(s, key, people[0] as Actor, (f, c, stamp) => putTenant(f, key, { plan: "free" }, c, stamp));
        for (const one of list) {
          await act(one);
          s.clock.now += one.pause;
        }
        await s.trials.sweep();
        const naive = await naiveTrials(s);
        for (const [tab, ids] of Object.entries(naive.tabs)) expect([tab, await listed(`tab=${tab}`)]).toEqual([tab, ids]);

        const month = monthOf(s.clock.now);
        const { days } = await readTrialCalendar(s, month);
        expect(days.map(({ count }) => count)).toEqual(days.map(({ from }) => naive.endsOn(from).length));
        const today = startOfDay(s.clock.now);
        expect(await listed(`ends=${isoDay(today)}`)).toEqual(naive.endsOn(today));

        const range = { from: monthAfter(monthOf(start), -12), to: monthAfter(month, 1) };
        const report = await readTrialReport(s, range);
        const { key: _, name: __, ...total } = report.total;
        expect(total).toEqual(naiveCounts(naive.chains));
        const groups = { feature: "feature", person: "givenBy", month: "month" } as const;
        for (const [group, field] of Object.entries(groups)) {
          const rows = report.groups[group as keyof typeof groups].rows;
          const names = [...new Set(naive.chains.map((chain) => chain[field]))].sort();
          expect(rows.map(({ key }) => key).sort()).toEqual(names);
          for (const { key, name, ...row } of rows)
            expect([key, row]).toEqual([key, naiveCounts(naive.chains.filter((chain) => chain[field] === key))]);
        }
        for (const outcome of ["converted", "lapsed", "open"] as const) {
          const ids = naive.chains.filter((chain) => chain.outcome === outcome).map(({ grant }) => grant);
          expect((await listed(`tab=ended&outcome=${outcome}`)).sort()).toEqual(ids.sort());
        }
      }),
      { numRuns: engine === "sqlite" ? 40 : 12 },
    );
  }, 240_000);
});
