import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { catalogueChange } from "~/core/catalogue/catalogue-changes";
import { putTenant } from "~/core/decision/changes";
import { grantTrial } from "~/core/grants/grant-changes";
import type { Instant, TenantFacts } from "~/core/model";
import { day, hour, isoDay, minute } from "~/core/time";
import { changeCatalogue } from "~/server/changes/catalogue-change.server";
import { changeTenant } from "~/server/changes/tenant-change.server";
import { putCheckCounts } from "~db/store/check-counts.server";
import { takeLease } from "~db/store/leases.server";
import { ada, feature, plan, now as start } from "../support/facts";
import { engines, startServices, type TestServices } from "../support/services";

describe.each(engines)("on %s", (engine) => {
  let s: TestServices;
  const end = start + 10 * day;
  beforeEach(async () => {
    s = await startServices(engine);
    await changeCatalogue(s, ada, (_facts, stamp) => ({
      ok: true,
      change: catalogueChange(
        "catalogue.imported",
        { features: [feature("sso")], plans: [plan("free"), plan("pro", { sso: true })] },
        stamp,
        null,
      ),
    }));
    for (const key of ["acme", "bolt"]) {
      await putPlan(key, "free");
      await changeTenant(s, key, ada, (f, c, stamp) =>
        grantTrial(f as TenantFacts, { features: [{ feature: "sso" }], endsAt: end }, c, stamp),
      );
    }
  });
  afterEach(() => s.stop());

  const putPlan = (key: string, to: string) => changeTenant(s, key, ada, (f, c, stamp) => putTenant(f, key, { plan: to }, c, stamp));
  async function outcomes() {
    const rows = await s.db.read.select().from(s.db.tables.trialOutcomes).orderBy(s.db.tables.trialOutcomes.tenant);
    return rows.map(({ outcome }) => outcome);
  }
  async function sweepAt(at: Instant) {
    s.clock.now = at;
    await s.trials.sweep();
    return outcomes();
  }

  test("a plan that gives the feature a millisecond before the 30 days are over converts, and one at their end does not", async () => {
    expect(await sweepAt(end - 1)).toEqual(["running", "running"]);
    expect(await sweepAt(end)).toEqual(["open", "open"]);
    s.clock.now = end + 30 * day - 1;
    await putPlan("acme", "pro");
    s.clock.now = end + 30 * day;
    await putPlan("bolt", "pro");
    expect(await sweepAt(end + 30 * day)).toEqual(["converted", "open"]);
    expect(await sweepAt(end + 30 * day + minute)).toEqual(["converted", "lapsed"]);
  });

  test("a plan that gives the feature for a moment after the end converts, though it was taken back before anything was computed", async () => {
    s.clock.now = end + day;
    await putPlan("acme", "pro");
    s.clock.now = end + day + 1;
    await putPlan("acme", "free");
    expect(await sweepAt(end + 2 * day)).toEqual(["converted", "open"]);
  });

  test("a plan that gave the feature before the end only does not convert", async () => {
    s.clock.now = end - 2;
    await putPlan("acme", "pro");
    s.clock.now = end - 1;
    await putPlan("acme", "free");
    expect(await sweepAt(end + 31 * day)).toEqual(["lapsed", "lapsed"]);
  });

  test("a check whose count is written after midnight and after a computation still counts as the first use", async () => {
    const midnight = start - (start % day) + day;
    await sweepAt(midnight + minute);
    const at = midnight - 1;
    const count = { tenant: "acme", day: isoDay(at), feature: "sso", allowed: true, source: "trial", count: 1, firstAt: at, lastAt: at };
    await s.db.transaction([], (tx) => putCheckCounts(tx, s.db.tables, [count]));
    await sweepAt(midnight + hour);
    const [row] = await s.db.read.select().from(s.db.tables.trialOutcomes).orderBy(s.db.tables.trialOutcomes.tenant);
    expect(row?.firstUsedAt?.getTime()).toBe(at);
  });

  test("while another process computes, nothing is written, and afterwards everything is", async () => {
    expect(await takeLease(s.db, "trial outcomes", "other", s.clock.now, minute)).toBe(true);
    expect(await s.trials.sweep()).toBeNull();
    expect(await outcomes()).toEqual([]);
    s.clock.now += minute + 1;
    expect(await s.trials.sweep()).toBe(2);
    expect(await s.trials.sweep()).toBe(0);
  });
});
