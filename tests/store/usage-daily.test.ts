import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { catalogueChange } from "~/core/catalogue/catalogue-changes";
import { putTenant } from "~/core/decision/changes";
import { maxUsed } from "~/core/decision/usage";
import { day } from "~/core/time";
import { changeCatalogue } from "~/server/changes/catalogue-change.server";
import { changeTenant } from "~/server/changes/tenant-change.server";
import { consume } from "~/server/usage/consume.server";
import { recordUsage } from "~/server/usage/usage.server";
import { readAddedByDay } from "~db/store/usage-daily.server";
import { ada, meteredFeature, plan } from "../support/facts";
import { isLong } from "../support/scale";
import { engines, startServices, type TestServices } from "../support/services";

const midnight = Date.UTC(2026, 10, 20);

describe.each(engines)("use by day on %s", (engine) => {
  let s: TestServices;
  let sent = 0;
  beforeEach(async () => {
    s = await startServices(engine);
    await changeCatalogue(s, ada, (_facts, stamp) => {
      const features = [meteredFeature("calls"), meteredFeature("seats", { resetPeriod: "never" })];
      const change = { features, plans: [plan("basic", { calls: 10, seats: 10 })] };
      return { ok: true, change: catalogueChange("catalogue.imported", change, stamp, null) };
    });
    for (const key of ["acme", "beta"]) {
      await changeTenant(s, key, ada, (facts, c, stamp) => putTenant(facts, key, { name: key, plan: "basic" }, c, stamp));
    }
  });
  afterEach(() => s.stop());

  const event = (quantity: number, time: number, more: { feature?: string; action?: "add" | "set"; tenant?: string } = {}) => ({
    ...{ tenant: "acme", feature: "calls", action: "add" as const, quantity, time, idempotencyKey: `k${++sent}` },
    ...more,
  });
  const byDay = async (tenant = "acme", feature = "calls") =>
    (await readAddedByDay(s.db.read, s.db.tables, tenant, [feature], "2026-01-01")).map(({ day, added }) => [day, added]);

  test("an event counts on the UTC day of its own time, on both sides of midnight, however late it comes", async () => {
    s.clock.now = midnight + day - 1;
    await recordUsage(s, [event(1, midnight - 1), event(2, midnight), event(4, midnight + day - 1)]);
    await recordUsage(s, [event(8, midnight - 5 * day)]);
    expect(await byDay()).toEqual([
      ["2026-11-15", 8],
      ["2026-11-19", 1],
      ["2026-11-20", 6],
    ]);
  });

  test("an event that is sent again adds nothing, and neither does a set", async () => {
    const one = event(3, midnight);
    await recordUsage(s, [one]);
    await recordUsage(s, [one, event(9, midnight + 1, { action: "set" })]);
    expect(await byDay()).toEqual([["2026-11-20", 3]]);
  });

  test("what is taken away counts below zero", async () => {
    await recordUsage(s, [event(-4, midnight)]);
    await recordUsage(s, [event(1, midnight)]);
    expect(await byDay()).toEqual([["2026-11-20", -3]]);
  });

  test("a consumption counts on its day, and a refused one does not", async () => {
    s.clock.now = midnight + day - 1;
    expect(await consume(s, { tenant: "acme", feature: "calls", quantity: 7 })).toMatchObject({ consumed: true });
    expect(await consume(s, { tenant: "acme", feature: "calls", quantity: 7 })).toMatchObject({ consumed: false });
    s.clock.now = midnight + day;
    expect(await consume(s, { tenant: "acme", feature: "calls", quantity: 2 })).toMatchObject({ consumed: true });
    expect(await byDay()).toEqual([
      ["2026-11-20", 7],
      ["2026-11-21", 2],
    ]);
  });

  test("a day stays at 2^53 - 1 if more is added", async () => {
    await recordUsage(s, [event(maxUsed, midnight), event(maxUsed, midnight)]);
    await recordUsage(s, [event(maxUsed, midnight)]);
    expect(await byDay()).toEqual([["2026-11-20", maxUsed]]);
  });

  test("days equal the sums of all recorded events, in whatever batches and at the same time they arrive", async () => {
    const events = fc.record({
      tenant: fc.constantFrom("acme", "beta"),
      feature: fc.constantFrom("calls", "seats"),
      action: fc.constantFrom("add" as const, "add" as const, "set" as const),
      quantity: fc.integer({ min: 0, max: 9 }),
      hours: fc.integer({ min: -100, max: 10 }),
      at: fc.constantFrom(-1, 0, 1),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(events, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 4 }), async (batches) => {
        await Promise.all(
          batches.map((batch) =>
            recordUsage(
              s,
              batch.map(({ hours, at, quantity, ...more }) => event(quantity, midnight + hours * 3_600_000 + at, more)),
            ),
          ),
        );
        const t = s.db.tables;
        const sums = new Map<string, number>();
        for (const e of await s.db.read.select().from(t.usageEvents)) {
          const name = `${e.tenant} ${e.feature} ${e.at?.toISOString().slice(0, 10)}`;
          sums.set(name, (sums.get(name) ?? 0) + (e.added ?? 0));
        }
        const days = await s.db.read.select().from(t.usageDaily);
        const found = new Map(days.filter((d) => d.added !== 0).map((d) => [`${d.tenant} ${d.feature} ${d.day}`, d.added]));
        expect(found).toEqual(new Map([...sums].filter(([, added]) => added !== 0)));
      }),
      { numRuns: isLong ? 200 : 15 },
    );
  });
});
