import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { catalogueChange } from "~/core/catalogue/catalogue-changes";
import { putTenant } from "~/core/decision/changes";
import { day, hour, isoDay, minute } from "~/core/time";
import { changeCatalogue } from "~/server/changes/catalogue-change.server";
import { changeTenant } from "~/server/changes/tenant-change.server";
import { answerThen } from "~/server/checks/point-in-time.server";
import { once } from "~/server/http/idempotency.server";
import { recordUsage } from "~/server/usage/usage.server";
import { listAudit } from "~db/store/audit.server";
import { changesReader, lastChange } from "~db/store/changes.server";
import { putCheckCounts } from "~db/store/check-counts.server";
import { writeEventCursor } from "~db/store/event-cursor.server";
import { claimWrite } from "~db/store/idempotency.server";
import { takeLease } from "~db/store/leases.server";
import { noteReports } from "~db/store/usage-reports.server";
import { ada, meteredFeature, now, plan } from "~tests/facts";
import { engines, startServices, type TestServices } from "~tests/services";

describe.each(engines)("what is old on %s", (engine) => {
  let s: TestServices;
  beforeEach(async () => {
    s = await startServices(engine);
  });
  afterEach(() => s.stop());

  const rowsOf = async (
    table: "usageEvents" | "checkCounts" | "idempotentAnswers" | "changes" | "usageTotals" | "factsHistory" | "signInCounts",
  ) => (await s.db.read.select().from(s.db.tables[table])).length;
  const tenant = (key: string, name: string) =>
    changeTenant(s, key, ada, (facts, c, stamp) => putTenant(facts, key, { name, plan: "basic" }, c, stamp));
  const catalogue = () =>
    changeCatalogue(s, ada, (_facts, stamp) => ({
      ok: true,
      change: catalogueChange(
        "catalogue.imported",
        { features: [meteredFeature("calls")], plans: [plan("basic", { calls: 10 })] },
        stamp,
        null,
      ),
    }));
  const report = (idempotencyKey: string, time?: number) =>
    recordUsage(s, [{ tenant: "acme", feature: "calls", action: "add", quantity: 1, idempotencyKey, time }]);

  test("goes a little at a time, and nothing else does", async () => {
    const counted = (i: number, at: number) => ({
      tenant: `t${i}`,
      day: isoDay(at),
      feature: "calls",
      allowed: true,
      source: "plan",
      count: 1,
      firstAt: at,
      lastAt: at,
    });
    const old = Array.from({ length: 25 }, (_, i) => i);
    await s.db.transaction([], async (tx) => {
      const counter = { at: now, periodKind: "month" as const, periodStart: 0, added: 1, apiKey: null };
      const reports = (name: string) =>
        old.map((i) => ({ tenant: `t${i}`, idempotencyKey: name, feature: "calls", report: 1, ...counter }));
      await noteReports(tx, s.db.tables, reports("old"), now - 8 * day - 1);
      await noteReports(tx, s.db.tables, reports("young"), now - 8 * day);
      await putCheckCounts(tx, s.db.tables, [
        ...old.map((i) => counted(i, now - 401 * day)),
        ...old.map((i) => counted(i, now - 400 * day)),
      ]);
      for (const i of old) await claimWrite(tx, s.db.tables, { principal: "k", key: `old${i}` }, "f", now - day - 1);
      await claimWrite(tx, s.db.tables, { principal: "k", key: "young" }, "f", now - day);
      const ends = (key: string, at: number) => ({ key, points: 1, expire: new Date(at) });
      await tx.insert(s.db.tables.signInCounts).values([...old.map((i) => ends(`old${i}`, now - 1)), ends("young", now)]);
    });
    expect(await s.cleaning.clean(10)).toEqual({ "usage reports": 3, "check counts": 3, "idempotent answers": 3, "sign-in counts": 3 });
    expect(await rowsOf("signInCounts")).toBe(1);
    expect([await rowsOf("usageEvents"), await rowsOf("checkCounts"), await rowsOf("idempotentAnswers")]).toEqual([25, 25, 1]);
    expect(await s.cleaning.clean(10)).toEqual({});
  });

  test("of what was consumed, of history and of the audit log stays, and the past is answered as before", async () => {
    await catalogue();
    await tenant("acme", "Acme");
    await report("r1");
    const ask = (at: number) => answerThen(s, "acme", null, at);
    const then = await ask(now + hour);
    s.clock.now += 500 * day;
    await tenant("acme", "Acme Ltd");
    expect(await s.cleaning.clean()).toEqual({ "usage reports": 1, "usage history": 1, "use by day": 1, feed: 1 });
    expect(await ask(now + hour)).toEqual(then);
    expect(then.body.entitlements.calls).toMatchObject({ used: 1, limit: 10 });
    expect([await rowsOf("usageTotals"), await rowsOf("factsHistory")]).toEqual([1, 3]);
    expect(await listAudit(s.db.read, s.db.tables, {}, { size: 10 })).toHaveLength(3);
  });

  test("of reports is what can no longer come again: a late one counts once for as long as it is taken", async () => {
    await catalogue();
    await tenant("acme", "Acme");
    const time = now + 5 * minute;
    expect(await report("r1", time)).toMatchObject([{ status: "recorded" }]);
    s.clock.now = time + 7 * day;
    await s.cleaning.clean();
    expect(await report("r1", time)).toMatchObject([{ status: "duplicate" }]);
    s.clock.now += 1;
    expect(await report("r1", time)).toMatchObject([{ status: "refused", code: "time_out_of_range" }]);
    s.clock.now += day;
    await s.cleaning.clean();
    expect(await rowsOf("usageEvents")).toBe(0);
  });

  test("of the feed goes but the newest number, and not before PostHog was told or has been away for 90 days", async () => {
    await catalogue();
    await tenant("acme", "Acme");
    await tenant("acme", "Acme Ltd");
    const last = await lastChange(s.db.read, s.db.tables);
    const seqs = async () => (await changesReader(s.db.read, s.db.tables)(0)).seqs;
    const before = await seqs();
    await s.db.transaction([], (tx) => writeEventCursor(tx, s.db.tables, { seq: before[0] as number, told: [], clock: now }));
    s.clock.now += 7 * day;
    await s.cleaning.clean();
    expect(await seqs()).toEqual(before);
    s.clock.now += 1;
    await s.cleaning.clean();
    expect(await seqs()).toEqual(before.slice(1));
    s.clock.now += 83 * day;
    await s.cleaning.clean();
    expect(await seqs()).toEqual([last]);
    await tenant("acme", "Acme Inc");
    expect((await seqs()).length).toBe(2);
    expect(await lastChange(s.db.read, s.db.tables)).toBeGreaterThan(last);
  });

  test("is left to the process that is at it", async () => {
    await catalogue();
    await tenant("acme", "Acme");
    await report("r1");
    s.clock.now += 9 * day;
    await takeLease(s.db, "old rows", "another process", s.clock.now, 60_000);
    expect(await s.cleaning.clean()).toBeNull();
    expect(await rowsOf("usageEvents")).toBe(1);
    s.clock.now += 60_000;
    expect(await s.cleaning.clean()).toMatchObject({ "usage reports": 1 });
  });

  test("does not answer for a write that is sent again after a day", async () => {
    const write = () =>
      once(
        s,
        { principal: "k", key: "w" },
        "f",
        async () => s.clock.now,
        (at) => ({ status: 200, body: String(at) }),
        { inItsTransaction: false },
      );
    expect(await write()).toMatchObject({ replayed: false });
    expect(await write()).toMatchObject({ replayed: true, body: String(now) });
    s.clock.now += day;
    expect(await write()).toMatchObject({ replayed: false, body: String(now + day) });
  });
});
