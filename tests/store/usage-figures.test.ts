import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { catalogueChange } from "~/core/catalogue/catalogue-changes";
import { putTenant } from "~/core/decision/changes";
import { grantTrial } from "~/core/grants/grant-changes";
import type { TenantFacts } from "~/core/model";
import { day, hour, isoDay } from "~/core/time";
import { changeCatalogue } from "~/server/changes/catalogue-change.server";
import { changeTenant } from "~/server/changes/tenant-change.server";
import { createUsageFigures } from "~/server/usage/figures.server";
import {
  checksOfLastDays,
  featuresByRefusals,
  staleFiguresSince,
  tenantsNearLimits,
  tenantsPerPlan,
} from "~/server/usage/home-figures.server";
import { recordUsage } from "~/server/usage/usage.server";
import type { Database } from "~db/database";
import { putCheckCounts } from "~db/store/check-counts.server";
import { ada, meteredFeature, now, plan } from "../support/facts";
import { figuresByBruteForce, storedFigures } from "../support/figures-oracle";
import { isLong } from "../support/scale";
import { engines, startServices, type TestServices } from "../support/services";

const tenants = ["a", "b", "c", "d"];
const midnight = Date.UTC(2026, 10, 20);

describe.each(engines)("figures over all tenants on %s", (engine) => {
  let s: TestServices;
  let sent = 0;
  beforeEach(async () => {
    s = await startServices(engine);
    await catalogue(100);
    for (const key of tenants) await tenant(key, "small");
  });
  afterEach(() => s.stop());

  const catalogue = (small: number) =>
    changeCatalogue(s, ada, (_facts, stamp) => {
      const features = [
        meteredFeature("calls"),
        meteredFeature("hourly", { resetPeriod: "hour" }),
        meteredFeature("seats", { resetPeriod: "never" }),
      ];
      const plans = [plan("small", { calls: small, hourly: 5, seats: 3 }), plan("large", { calls: 1_000, seats: "unlimited" })];
      return { ok: true, change: catalogueChange("catalogue.imported", { features, plans }, stamp, null) };
    });
  const tenant = (key: string, to: string, status: TenantFacts["status"] = "active") =>
    changeTenant(s, key, ada, (facts, c, stamp) => putTenant(facts, key, { name: key, plan: to, status }, c, stamp));
  const use = (key: string, feature: string, quantity: number, action: "add" | "set" = "add", time = s.clock.now) =>
    recordUsage(s, [{ tenant: key, feature, action, quantity, time, idempotencyKey: `k${++sent}` }]);
  const check = (key: string, at: number, feature = "calls", allowed = true, count = 1) =>
    s.db.transaction([], (tx) =>
      putCheckCounts(tx, s.db.tables, [
        { tenant: key, day: isoDay(at), feature, allowed, source: allowed ? "plan" : "none", count, firstAt: at, lastAt: at },
      ]),
    );
  const expectExact = async () => expect(await storedFigures(s)).toEqual(await figuresByBruteForce(s));

  test("are exact after a pass: checks on both sides of midnight, refusals, use, plans", async () => {
    await check("a", midnight - 1);
    await check("a", midnight, "calls", false, 3);
    await check("b", midnight, "calls", false);
    await use("a", "calls", 85);
    await use("b", "seats", 4, "set");
    expect(await s.figures.pass()).toBe("done");
    await expectExact();
    expect((await storedFigures(s)).levels).toEqual(['["a","calls","small",8500]', '["b","seats","small",13333]']);
    expect((await storedFigures(s)).features).toContain('["2026-11-20","calls",false,"none",4,2]');
    expect(await s.figures.pass()).toBe("nothing");
  });

  test("follow a plan change, a trial, a catalogue change and a suspension without new usage", async () => {
    await use("a", "calls", 50);
    await check("a", midnight, "calls", false);
    await s.figures.pass();
    const fill = async () => (await storedFigures(s)).levels;
    await tenant("a", "large");
    await s.figures.pass();
    expect(await fill()).toEqual(['["a","calls","large",500]']);
    expect((await storedFigures(s)).refused).toEqual(['["calls","a","large","2026-11-20"]']);
    await tenant("a", "small");
    await catalogue(60);
    await s.figures.pass();
    expect(await fill()).toEqual(['["a","calls","small",8333]']);
    await changeTenant(s, "a", ada, (f, c, stamp) =>
      grantTrial(f as TenantFacts, { features: [{ feature: "calls", value: 200 }], endsAt: now + hour }, c, stamp),
    );
    await s.figures.pass();
    expect(await fill()).toEqual(['["a","calls","small",2500]']);
    s.clock.now = now + hour;
    await s.figures.pass();
    expect(await fill()).toEqual(['["a","calls","small",8333]']);
    await tenant("a", "small", "suspended");
    await s.figures.pass();
    expect(await fill()).toEqual(['["a","calls","small",-1]']);
    await expectExact();
  });

  test("move on by themselves: the 30 days at midnight, a limit at its reset", async () => {
    await check("a", midnight - 29 * day);
    await check("a", midnight);
    await use("a", "hourly", 5);
    await s.figures.pass();
    expect((await storedFigures(s)).checks).toEqual(['["a",2,0]']);
    s.clock.now = midnight + day - 1;
    await s.figures.pass();
    expect((await storedFigures(s)).checks).toEqual(['["a",2,0]']);
    s.clock.now = midnight + day;
    await s.figures.pass();
    expect((await storedFigures(s)).checks).toEqual(['["a",1,0]']);
    expect((await storedFigures(s)).levels).toEqual([]);
    await expectExact();
  });

  test("stay right when retention deletes counts, counted or not", async () => {
    await check("a", now - 401 * day, "calls", false);
    await check("a", now - 400 * day, "calls", false);
    await s.figures.pass();
    await check("a", now - 401 * day, "calls", false);
    await check("b", now - 401 * day, "calls", false);
    await s.cleaning.clean();
    await s.figures.pass();
    await s.cleaning.clean();
    await expectExact();
    expect((await storedFigures(s)).features).toHaveLength(1);
  });

  test("are kept by one process at a time, and by another once its lease ends", async () => {
    const elsewhere = figuresOf(s.db, "another");
    await check("a", midnight);
    expect(await elsewhere.pass()).toBe("done");
    await check("a", midnight);
    expect(await s.figures.pass()).toBe("elsewhere");
    s.clock.now += 30_001;
    expect(await s.figures.pass()).toBe("done");
    await expectExact();
  });

  test("are the same when they are computed from the start", async () => {
    await check("a", midnight, "calls", false, 5);
    await use("a", "calls", 85);
    await s.figures.pass();
    const before = await storedFigures(s);
    await s.figures.reset();
    expect((await storedFigures(s)).features).toEqual([]);
    await s.figures.pass();
    expect(await storedFigures(s)).toEqual(before);
  });

  test("give a home page its counts: limits near and full, refusals of the week, checks by day, tenants per plan", async () => {
    await use("a", "calls", 80);
    await use("b", "calls", 100);
    await use("c", "calls", 79);
    await check("a", midnight - 6 * day, "calls", false, 4);
    await check("b", midnight, "calls", false, 1);
    await check("b", midnight - 7 * day, "seats", false, 9);
    await s.facts.catchUpNow();
    expect(await staleFiguresSince(s)).toBe(0);
    await s.figures.pass();
    expect(await staleFiguresSince(s)).toBeNull();
    expect(await tenantsNearLimits(s)).toEqual({
      full: { count: 1, first: [{ key: "b", name: "b", fill: 10_000 }] },
      near: { count: 1, first: [{ key: "a", name: "a", fill: 8_000 }] },
    });
    expect(await featuresByRefusals(s)).toEqual([{ key: "calls", name: "calls", refusals: 5, tenants: 2 }]);
    const days = await checksOfLastDays(s);
    expect(days).toHaveLength(30);
    expect(days.filter((one) => one.refused > 0).map(({ label, refused }) => [label, refused])).toEqual([
      ["2026-11-13", 9],
      ["2026-11-14", 4],
      ["2026-11-20", 1],
    ]);
    expect(await tenantsPerPlan(s)).toEqual([{ key: "small", name: "small", tenants: 4 }]);
    s.clock.now += 120_000;
    expect(await staleFiguresSince(s)).toBeNull();
    await check("a", midnight);
    expect(await staleFiguresSince(s)).toBe(now);
  });

  const figuresOf = (db: Database, holder: string) =>
    createUsageFigures({ db, holder, now: () => s.clock.now, elapsed: () => s.clock.now, log: s.log });

  /** A database whose process ends at its nth transaction, before it or right after its commit. */
  function endingAt(nth: number, isCommitted: boolean): Database {
    let count = 0;
    const transaction: Database["transaction"] = async (locks, work, options) => {
      count += 1;
      if (count > nth || (count === nth && !isCommitted)) throw new Error("killed");
      const result = await s.db.transaction(locks, work, options);
      if (count === nth) throw new Error("killed");
      return result;
    };
    return { ...s.db, transaction };
  }

  test("equal a count by brute force after any writes, passes, resets and kills in the middle", async () => {
    const key = fc.constantFrom(...tenants);
    const act = fc.oneof(
      { weight: 5, arbitrary: fc.tuple(fc.constant("check" as const), key, fc.integer({ min: 0, max: 40 }), fc.boolean()) },
      {
        weight: 4,
        arbitrary: fc.tuple(
          fc.constant("use" as const),
          key,
          fc.integer({ min: -3, max: 60 }),
          fc.constantFrom("calls", "hourly", "seats"),
        ),
      },
      {
        weight: 2,
        arbitrary: fc.tuple(
          fc.constant("plan" as const),
          key,
          fc.constantFrom("small", "large"),
          fc.constantFrom("active" as const, "archived" as const),
        ),
      },
      { weight: 1, arbitrary: fc.tuple(fc.constant("catalogue" as const), fc.integer({ min: 1, max: 200 })) },
      { weight: 1, arbitrary: fc.tuple(fc.constant("clock" as const), fc.constantFrom(hour, day, 31 * day)) },
      { weight: 2, arbitrary: fc.tuple(fc.constant("pass" as const)) },
      { weight: 1, arbitrary: fc.tuple(fc.constant("reset" as const)) },
      { weight: 2, arbitrary: fc.tuple(fc.constant("killed" as const), fc.integer({ min: 1, max: 12 }), fc.boolean()) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 3, maxLength: 15 }), async (acts) => {
        for (const one of acts) {
          const at = s.clock.now;
          if (one[0] === "check") await check(one[1], at - one[2] * day, "calls", one[3]);
          else if (one[0] === "use") await use(one[1], one[3], one[2]);
          else if (one[0] === "plan") await tenant(one[1], one[2], one[3]);
          else if (one[0] === "catalogue") await catalogue(one[1]);
          else if (one[0] === "clock") s.clock.now += one[1];
          else if (one[0] === "pass") await s.figures.pass();
          else if (one[0] === "reset") await s.figures.reset();
          else {
            await figuresOf(endingAt(one[1], one[2]), `killed ${++sent}`)
              .pass()
              .catch(() => {});
            s.clock.now += 31_000;
          }
        }
        s.clock.now += 31_000;
        expect(await s.figures.pass()).not.toBe("elsewhere");
        await expectExact();
      }),
      { numRuns: isLong ? 200 : 12 },
    );
  });
});
