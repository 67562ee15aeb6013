import fc from "fast-check";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { shownUsed } from "~/core/decision/usage";
import type { ResetPeriod, TenantFacts } from "~/core/model";
import { day, hour, minute } from "~/core/time";
import { createGathered } from "~/server/process/batched-writes.server";
import { consume as consumeUnits } from "~/server/usage/consume.server";
import { recordUsage } from "~/server/usage/usage.server";
import { type Api, startApi } from "../support/api";
import { feature, meteredFeature, now, plan } from "../support/facts";
import { until } from "../support/poll";
import { engines } from "../support/services";

const features = [
  meteredFeature("api_calls", { unit: "calls" }),
  meteredFeature("seats", { resetPeriod: "never" }),
  meteredFeature("soft", { soft: true }),
  feature("sso"),
];
const plans = [plan("starter", { api_calls: 10, seats: 5, soft: 10, sso: true })];

describe.each(engines)("usage on %s", (engine) => {
  let api: Api;
  let key: string;
  beforeAll(async () => {
    api = await startApi(engine, { variables: { LATCHKEY_RATE_LIMIT: "0", LATCHKEY_CHECK_RATE_LIMIT: "0" } });
    key = await api.keyFor("usage", "check");
  });
  afterAll(() => api.stop());

  let n = 0;
  /** Each test has its own, at the same instant and with the same catalogue. */
  let tenant: string;
  beforeEach(async () => {
    api.clock.now = now;
    tenant = `acme-${n++}`;
    await api.catalogue(features, plans);
    await api.tenant(tenant, { plan: "starter" });
  });

  const event = (more: object = {}) => ({ tenant, feature: "api_calls", idempotencyKey: `k${n++}`, ...more });
  const report = async (...events: unknown[]) => {
    const answer = await api.send("POST", "/api/usage", { events }, key);
    expect(answer.status).toBe(200);
    return answer.json();
  };
  const consume = (more: object = {}, by = api) => by.send("POST", "/api/usage/consume", { tenant, feature: "api_calls", ...more }, key);
  const ask = async (name = "api_calls", query = "", by = api) =>
    (await (await by.get(`/api/entitlements?tenant=${tenant}&feature=${name}${query}`, key)).json()).entitlements[name];

  test("adds up what is reported and shows it to the very next check", async () => {
    expect(await ask()).toMatchObject({ limit: 10, used: 0, remaining: 10 });
    expect(await report(event({ quantity: 3 }), event())).toMatchObject({ recorded: 2, duplicates: 0, refused: 0 });
    expect(await ask()).toMatchObject({ used: 4, remaining: 6, resetPeriod: "month", resetsAt: "2026-12-01T00:00:00.000Z" });
  });

  test("counts the same report once, in one batch, in several and at the same time", async () => {
    const twice = event({ quantity: 2 });
    expect((await report(twice, twice)).results.map((r: { status: string }) => r.status)).toEqual(["recorded", "duplicate"]);
    await Promise.all(Array.from({ length: 10 }, () => report(twice)));
    expect(await ask()).toMatchObject({ used: 2 });
    expect((await report({ ...twice, quantity: 3 })).results[0]).toMatchObject({ status: "refused", code: "idempotency_key_reused" });
  });

  test("tells beside each event what its own period has come to after the batch, and what is left of what the tenant has now", async () => {
    await api.catalogue([...features, meteredFeature("hourly", { resetPeriod: "hour" }), meteredFeature("free")], plans);
    const lastMonth = { time: new Date(now - 7 * day).toISOString() };
    await api.tenant(tenant, { usageAnchor: now - 2 * day });
    const late = event({ quantity: 2, ...lastMonth });
    const before = { used: 2, remaining: 8, resetsAt: new Date(now - 2 * day).toISOString() };
    const after = { used: 4, remaining: 6, resetsAt: "2026-12-18T10:00:00.000Z" };
    const batch = [late, event({ quantity: 3 }), event(), event({ feature: "seats", action: "set", quantity: 7 })];
    expect((await report(...batch)).results).toEqual([
      { status: "recorded", ...before },
      { status: "recorded", ...after },
      { status: "recorded", ...after },
      { status: "recorded", used: 7, remaining: 0, resetsAt: null },
    ]);
    const again = await report(late, event({ feature: "free", quantity: 5 }), batch[2], batch[2]);
    const notGiven = { used: 5, remaining: 0, resetsAt: after.resetsAt };
    expect(again.results).toEqual([
      { status: "duplicate", ...before },
      { status: "recorded", ...notGiven },
      { status: "duplicate", ...after },
      { status: "duplicate", ...after },
    ]);
  });

  test("a repeated event without a time belongs to the period in which it came first", async () => {
    await api.catalogue([meteredFeature("api_calls", { resetPeriod: "hour" })], [plan("starter", { api_calls: 10 })]);
    const first = event({ quantity: 3 });
    const told = { used: 3, remaining: 7, resetsAt: new Date(now + hour).toISOString() };
    expect((await report(first)).results).toEqual([{ status: "recorded", ...told }]);
    api.clock.now = now + 2 * hour;
    expect((await report(first)).results).toEqual([{ status: "duplicate", ...told }]);
  });

  test("compares what has a known key with what was counted, and not with its neighbour in the batch", async () => {
    const counted = event({ quantity: 1 });
    await report(counted);
    const { results } = await report({ ...counted, quantity: 2 }, { ...counted, quantity: 2 }, counted);
    const reused = { status: "refused", code: "idempotency_key_reused" };
    expect(results).toMatchObject([reused, reused, { status: "duplicate" }]);
    expect(await ask()).toMatchObject({ used: 1 });
  });

  test("takes back what goes down again, and sets; never below 0", async () => {
    await report(event({ feature: "seats", quantity: 4 }), event({ feature: "seats", quantity: -1 }));
    expect(await ask("seats")).toMatchObject({ used: 3, resetsAt: null });
    await report(event({ feature: "seats", action: "set", quantity: 5 }));
    expect(await ask("seats", "")).toMatchObject({ used: 5, entitled: false, reason: { code: "limit_reached" } });
    await report(event({ feature: "seats", quantity: -100 }));
    expect(await ask("seats")).toMatchObject({ used: 0 });
  });

  test("comes to the same whether events are sent in one batch or one by one, whatever goes up, down and is set", async () => {
    const names = ["api_calls", "seats", "soft"];
    const most = Number.MAX_SAFE_INTEGER;
    const some = fc.record({
      feature: fc.constantFrom(...names),
      action: fc.constantFrom("add", "add", "add", "set"),
      quantity: fc.oneof(
        { arbitrary: fc.integer({ min: -6, max: 6 }), weight: 5 },
        { arbitrary: fc.constantFrom(most, most - 2, 2 - most, -most), weight: 1 },
      ),
    });
    const made = some.map((e) => (e.action === "set" ? { ...e, quantity: Math.abs(e.quantity) } : e));
    // The true sums: what is shown is never below 0 nor past 2^53 - 1.
    const sums = new Map(names.map((name) => [name, 0n]));
    await fc.assert(
      fc.asyncProperty(fc.array(made, { minLength: 1, maxLength: 12 }), async (events) => {
        for (const { feature, action, quantity } of events) {
          sums.set(feature, (action === "set" ? 0n : (sums.get(feature) as bigint)) + BigInt(quantity));
        }
        expect(await report(...events.map(event))).toMatchObject({ recorded: events.length });
        for (const name of names) expect([name, (await ask(name)).used]).toEqual([name, shownUsed(sums.get(name) as bigint)]);
      }),
      { numRuns: 40 },
    );
  });

  test.each([
    [{ quantity: 1.5 }, "invalid_request", "quantity"],
    [{ quantity: "1" }, "invalid_request", "quantity"],
    [{ quantity: 2 ** 53 }, "invalid_request", "quantity"],
    [{ action: "set", quantity: -1 }, "invalid_request", "quantity"],
    [{ idempotencyKey: "" }, "invalid_request", "idempotencyKey"],
    [{ idempotencyKey: "a b" }, "invalid_request", "idempotencyKey"],
    [{ extra: 1 }, "invalid_request", "extra"],
    [{ feature: "a\0" }, "invalid_request", "feature"],
    [{ tenant: "\ud800" }, "invalid_request", "tenant"],
    [{ tenant: "nobody" }, "tenant_not_found", "tenant"],
    [{ feature: "nothing" }, "feature_not_found", "feature"],
    [{ feature: "sso" }, "feature_type", "feature"],
    [{ time: "2026-11-13T09:59:59.999Z" }, "time_out_of_range", "time"],
    [{ time: "2026-11-20T10:05:00.001Z" }, "time_out_of_range", "time"],
  ])("refuses an event with %j by itself and takes the others", async (more, code, field) => {
    const answer = await report(event(more), event());
    expect(answer).toMatchObject({ recorded: 1, refused: 1, results: [{ status: "refused", code, field }, { status: "recorded" }] });
    expect(await ask()).toMatchObject({ used: 1 });
  });

  test("takes an event at both edges of its time, in the period that it belongs to", async () => {
    expect(await report(event({ time: new Date(now - 7 * day).toISOString() }), event({ time: "2026-11-20T10:05:00Z" }))).toMatchObject({
      recorded: 2,
    });
    api.clock.now = Date.UTC(2026, 11, 1);
    expect(await ask()).toMatchObject({ used: 0, resetsAt: "2027-01-01T00:00:00.000Z" });
    await report(event({ time: "2026-11-30T23:59:59.999Z", quantity: 5 }), event({ time: "2026-12-01T00:00:00Z" }));
    expect(await ask()).toMatchObject({ used: 1 });
    api.clock.now -= 1;
    expect(await ask()).toMatchObject({ used: 7 });
  });

  test("resets at the tenant's own instant: 31 January, 28 February, 31 March", async () => {
    await api.tenant(tenant, { usageAnchor: Date.UTC(2026, 0, 31, 12) });
    expect(await ask()).toMatchObject({ resetsAt: "2026-11-30T12:00:00.000Z" });
    await report(event({ quantity: 9 }));
    api.clock.now = Date.UTC(2026, 10, 30, 12) - 1;
    expect(await ask()).toMatchObject({ used: 9 });
    api.clock.now += 1;
    expect(await ask()).toMatchObject({ used: 0, resetsAt: "2026-12-31T12:00:00.000Z" });
  });

  test("50 that ask at once for the last 10 units get exactly 10", async () => {
    const other = await startApi(engine, { url: api.services.url });
    const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => consume({}, i % 2 ? api : other).then((a) => a.json())));
    expect(answers.filter((a) => a.consumed)).toHaveLength(10);
    expect(answers.find((a) => !a.consumed).entitlement).toMatchObject({
      entitled: false,
      reason: { code: "limit_reached" },
      used: 10,
      remaining: 0,
    });
    await until(
      async () => ((await ask()).used === 10 && (await ask("api_calls", "", other)).used === 10) || undefined,
      5_000,
      () => "not seen everywhere",
    );
    await other.stop();
  });

  test("consumes in the period that has begun while it waited for others", async () => {
    await api.catalogue([meteredFeature("api_calls", { resetPeriod: "hour" })], [plan("starter", { api_calls: 10 })]);
    await consume({ quantity: 10 });
    api.clock.now = now + hour - 1;
    const transaction: typeof api.db.transaction = (locks, work) => {
      api.clock.now = now + hour;
      return api.db.transaction(locks, work);
    };
    const answer = await consumeUnits(
      { ...api.services, gathered: createGathered({ ...api.services, db: { ...api.db, transaction } }) },
      { tenant, feature: "api_calls", quantity: 4 },
    );
    const resetsAt = new Date(now + 2 * hour).toISOString();
    expect(answer).toMatchObject({ consumed: true, entitlement: { used: 4, remaining: 6, resetsAt } });
    expect(await ask()).toMatchObject({ used: 4, remaining: 6 });
    api.clock.now -= 1;
    expect(await ask()).toMatchObject({ used: 10 });
  });

  test.each([
    [
      "a plan that was taken away",
      (a: Api, acme: string) => a.tenant(acme, { plan: null }),
      { consumed: false, entitlement: { entitled: false } },
    ],
    ["a plan that gives less", (a: Api) => a.catalogue(features, [plan("starter", { api_calls: 1 })]), { entitlement: { limit: 1 } }],
    ["a plan that gives more", (a: Api) => a.catalogue(features, [plan("starter", { api_calls: 99 })]), { entitlement: { remaining: 97 } }],
    [
      "another counter",
      (a: Api) => a.catalogue([meteredFeature("api_calls", { resetPeriod: "hour" })], [plan("starter", { api_calls: 10 })]),
      { entitlement: { used: 2, resetPeriod: "hour" } },
    ],
  ])("sees %s while it waited for its turn", async (_what, change, told) => {
    const transaction: typeof api.db.transaction = async (locks, work) => {
      await change(api, tenant);
      return api.db.transaction(locks, work);
    };
    const answer = await consumeUnits(
      { ...api.services, gathered: createGathered({ ...api.services, db: { ...api.db, transaction } }) },
      { tenant, feature: "api_calls", quantity: 2 },
    );
    expect(answer).toMatchObject(told);
    const { used } = await ask();
    expect(used).toBe((answer as { consumed: boolean }).consumed ? 2 : 0);
  });

  test("consumes all or nothing, and answers the same key the same again", async () => {
    expect(await (await consume({ quantity: 11 })).json()).toMatchObject({ consumed: false, entitlement: { used: 0, remaining: 10 } });
    const first = await (await consume({ quantity: 10, idempotencyKey: "order-1" })).json();
    expect(first).toMatchObject({ consumed: true, entitlement: { entitled: true, used: 10, remaining: 0 } });
    expect(await (await consume({ quantity: 10, idempotencyKey: "order-1" })).json()).toEqual(first);
    expect(await ask()).toMatchObject({ used: 10 });
    const mixed = await consume({ quantity: 1, idempotencyKey: "order-1" });
    expect(mixed.status).toBe(409);
    expect(await (await consume()).json()).toMatchObject({ consumed: false });
  });

  const at = (minutes: number) => new Date(now + minutes * minute).toISOString();
  const seats = (more: object) => event({ feature: "seats", ...more });
  const statuses = async (...events: unknown[]) => (await report(...events)).results.map((r: { status: string }) => r.status);

  test("a late set or add does not change what a newer set says, and the answer says so", async () => {
    expect(await statuses(seats({ action: "set", quantity: 4, time: at(-1) }))).toEqual(["recorded"]);
    const late = [seats({ action: "set", quantity: 1, time: at(-60) }), seats({ quantity: 2, time: at(-2) })];
    const answer = await report(...late);
    expect(answer).toMatchObject({ recorded: 0, superseded: 2, results: Array(2).fill({ status: "superseded", used: 4, remaining: 1 }) });
    expect(await statuses(...late)).toEqual(["duplicate", "duplicate"]);
    expect(await ask("seats")).toMatchObject({ used: 4 });
  });

  test("a late set that is the newest keeps what was added or consumed after it", async () => {
    await report(seats({ quantity: 1, time: at(-30) }), seats({ quantity: 2, time: at(-10) }));
    expect(await (await consume({ feature: "seats" })).json()).toMatchObject({ consumed: true, entitlement: { used: 4 } });
    expect(await statuses(seats({ action: "set", quantity: 1, time: at(-20) }))).toEqual(["recorded"]);
    expect(await ask("seats")).toMatchObject({ used: 4 });
    expect(await statuses(seats({ action: "set", quantity: 0, time: at(-5) }))).toEqual(["recorded"]);
    expect(await ask("seats")).toMatchObject({ used: 1 });
  });

  test("consumption counts although a set from a clock that is ahead is newer", async () => {
    await report(seats({ action: "set", quantity: 4, time: at(4) }));
    expect(await (await consume({ feature: "seats" })).json()).toMatchObject({ consumed: true, entitlement: { used: 5 } });
    expect(await (await consume({ feature: "seats" })).json()).toMatchObject({ consumed: false });
  });

  test("-1 that arrives before +1 comes to 0", async () => {
    await report(seats({ quantity: -1 }));
    expect(await ask("seats")).toMatchObject({ used: 0, remaining: 5 });
    await report(seats({ quantity: 1 }));
    expect(await ask("seats")).toMatchObject({ used: 0, remaining: 5 });
  });

  test("another kind of reset period begins at 0, and the former one goes on where it was", async () => {
    const by = (resetPeriod: ResetPeriod) =>
      api.catalogue([meteredFeature("api_calls", { resetPeriod })], [plan("starter", { api_calls: 1_000 })]);
    // The first hour of the day begins at the day's first instant.
    api.clock.now = Date.UTC(2026, 10, 20, 0, 30);
    await by("hour");
    await report(event({ quantity: 5 }));
    await by("day");
    expect(await ask()).toMatchObject({ used: 0 });
    await report(event({ quantity: 7 }));
    await by("hour");
    expect(await ask()).toMatchObject({ used: 5 });
    await by("day");
    expect(await ask()).toMatchObject({ used: 7 });
  });

  test.each([-60_000, 60_000])("usage is seen on a node whose clock is %i ms away", async (skew) => {
    const other = await startApi(engine, { url: api.services.url });
    other.clock.now = now + skew;
    expect([(await ask()).used, (await ask("api_calls", "", other)).used]).toEqual([0, 0]);
    const seen = (by: Api, used: number) =>
      until(
        async () => (await ask("api_calls", "", by)).used === used || undefined,
        10_000,
        () => `${used} is not seen`,
      );
    await recordUsage(other.services, [{ tenant, feature: "api_calls", action: "add", quantity: 7, idempotencyKey: "skewed" }]);
    await seen(api, 7);
    await report(event());
    await seen(other, 8);
    await other.stop();
  });

  test("goes on past a soft limit", async () => {
    expect(await (await consume({ feature: "soft", quantity: 15 })).json()).toMatchObject({
      consumed: true,
      entitlement: { used: 15, remaining: 0, softLimit: true },
    });
    expect(await ask("soft")).toMatchObject({ entitled: true, used: 15 });
  });

  test("is on the disk when it is answered: another process sees it, and so does a restart", async () => {
    await report(event({ quantity: 7 }));
    const other = await startApi(engine, { url: api.services.url });
    expect(await ask("api_calls", "", other)).toMatchObject({ used: 7 });
    await report(event());
    await until(
      async () => (await ask("api_calls", "", other)).used === 8 || undefined,
      5_000,
      () => "not seen by the other process",
    );
    await other.stop();
  });

  test("takes reports of a tenant and a feature that another process has just made, though it was told that there are none", async () => {
    const other = await startApi(engine, { url: api.services.url });
    const calls = { tenant: "late", feature: "late_calls" };
    await other.services.facts.look();
    await api.catalogue([...features, meteredFeature("late_calls")], [plan("starter", { late_calls: 10 })]);
    await api.tenant("late", { plan: "starter" });
    // As one that asked before the commit, and has not heard of it.
    other.services.facts.putTenant("late", null);
    expect(await recordUsage(other.services, [{ ...calls, action: "add", quantity: 2, idempotencyKey: "l1" }])).toMatchObject([
      { status: "recorded", used: 2 },
    ]);
    await api.tenant("later", { plan: "starter" });
    other.services.facts.putTenant("later", null);
    expect(await consumeUnits(other.services, { ...calls, tenant: "later", quantity: 3 })).toMatchObject({ consumed: true });
    await other.stop();
  });

  test("wants the scope usage", async () => {
    expect((await api.send("POST", "/api/usage", { events: [event()] }, api.keys.check)).status).toBe(403);
    expect((await api.send("POST", "/api/usage/consume", {}, null)).status).toBe(401);
  });

  test.each([[{}], [{ events: [] }], [{ events: Array.from({ length: 1001 }, () => ({})) }], ["{"]])(
    "refuses a body that is no list of events",
    async (body) => {
      expect((await api.send("POST", "/api/usage", body, key)).status).toBe(400);
    },
  );

  test("what was reported ahead, or counted by a period that is used again, is there when its time comes", async () => {
    const by = (resetPeriod: ResetPeriod) =>
      api.catalogue([meteredFeature("api_calls", { resetPeriod })], [plan("starter", { api_calls: 10 })]);
    await by("hour");
    const other = await startApi(engine, { url: api.services.url });
    other.clock.now = api.clock.now = now + hour - 1;
    await report(event({ time: new Date(now + hour + minute).toISOString(), quantity: 3 }));
    expect([(await ask()).used, (await ask("api_calls", "", other)).used]).toEqual([0, 0]);
    other.clock.now = api.clock.now = now + hour;
    expect([(await ask()).used, (await ask("api_calls", "", other)).used]).toEqual([3, 3]);
    await by("never");
    expect((await ask()).used).toBe(0);
    await report(event({ quantity: 2 }));
    expect((await ask()).used).toBe(2);
    await by("hour");
    expect((await ask()).used).toBe(3);
    await other.stop();
  });

  test("of one tenant holds in memory what its present periods have, however many hours pass", async () => {
    await api.catalogue([meteredFeature("api_calls", { resetPeriod: "hour" })], [plan("starter", { api_calls: 10 })]);
    for (let passed = 0; passed < 20; passed++) {
      await report(event(), event({ time: new Date(api.clock.now - hour).toISOString() }));
      expect((await ask()).used).toBe(1);
      api.clock.now += hour;
    }
    const { facts } = await api.services.facts.tenant(tenant);
    expect((await api.services.usage.of(facts as TenantFacts)).totals.size).toBeLessThanOrEqual(1);
  });

  test.each<[ResetPeriod, string | null, string]>([
    ["hour", null, "2026-11-20T11:00:00.000Z"],
    ["day", null, "2026-11-21T00:00:00.000Z"],
    ["week", null, "2026-11-23T00:00:00.000Z"],
    ["month", null, "2026-12-01T00:00:00.000Z"],
    ["year", null, "2027-01-01T00:00:00.000Z"],
    ["hour", "2026-01-31T12:30:00Z", "2026-11-20T10:30:00.000Z"],
    ["day", "2026-01-31T12:30:00Z", "2026-11-20T12:30:00.000Z"],
    ["week", "2026-01-31T12:30:00Z", "2026-11-21T12:30:00.000Z"],
    ["month", "2026-01-31T12:30:00Z", "2026-11-30T12:30:00.000Z"],
    ["year", "2026-01-31T12:30:00Z", "2027-01-31T12:30:00.000Z"],
  ])("a %s anchored to %s ends at %s, an instant that belongs to the next one", async (resetPeriod, anchor, resetsAt) => {
    await api.catalogue([meteredFeature("api_calls", { resetPeriod })], [plan("starter", { api_calls: 10 })]);
    if (anchor) await api.tenant(tenant, { usageAnchor: Date.parse(anchor) });
    await report(event({ quantity: 2 }));
    expect(await ask()).toMatchObject({ used: 2, remaining: 8, resetPeriod, resetsAt });
    const reset = Date.parse(resetsAt);
    api.clock.now = reset - 1;
    expect(await (await consume()).json()).toMatchObject({ entitlement: { used: 3, remaining: 7, resetsAt } });
    await report(event({ time: new Date(reset - 1).toISOString() }), event({ time: resetsAt }));
    expect(await ask()).toMatchObject({ used: 4, remaining: 6, resetsAt });
    api.clock.now = reset;
    expect(await ask()).toMatchObject({ used: 1, remaining: 9 });
    expect((await ask()).resetsAt > resetsAt).toBe(true);
  });

  test("an hour's counter starts again with the hour", async () => {
    await api.catalogue(
      [meteredFeature("api_calls", { resetPeriod: "hour" })],
      plans.map((p) => ({ ...p, entries: p.entries.filter((e) => e.feature === "api_calls") })),
    );
    await report(event({ quantity: 2 }));
    expect(await ask()).toMatchObject({ used: 2, resetsAt: new Date(now + hour).toISOString() });
    api.clock.now = now + hour;
    expect(await ask()).toMatchObject({ used: 0 });
  });
});

test("a total whose transaction was open while others committed is seen everywhere once it commits", async () => {
  const api = await startApi("postgres");
  await api.catalogue(features, plans);
  await api.tenant("acme", { plan: "starter" });
  const key = await api.keyFor("check");
  const report = (name: string) =>
    recordUsage(api.services, [{ tenant: "acme", feature: name, action: "add", quantity: 1, idempotencyKey: `${name} ${api.clock.now}` }]);
  await report("seats");
  const other = await startApi("postgres", { url: api.services.url });
  const used = async (name: string) =>
    (await (await other.get(`/api/entitlements?tenant=acme&feature=${name}`, key)).json()).entitlements[name].used;
  expect([await used("seats"), await used("api_calls")]).toEqual([1, 0]);
  const slow = new pg.Client({ connectionString: api.services.url });
  await slow.connect();
  await slow.query("begin");
  await slow.query(
    "update usage_totals set used = 5, version = version + 1, written_by = pg_current_xact_id()::text::bigint where feature = 'seats'",
  );
  for (let n = 1; n <= 3; n++) {
    api.clock.now = other.clock.now = now + n * 30_000;
    await report("api_calls");
    await until(
      async () => (await used("api_calls")) === n || undefined,
      10_000,
      () => `${n} is not seen`,
    );
  }
  expect(await used("seats")).toBe(1);
  await slow.query("commit");
  await until(
    async () => (await used("seats")) === 5 || undefined,
    10_000,
    () => "the late commit is not seen",
  );
  await slow.end();
  await other.stop();
  await api.stop();
});

test.each([
  ["a limit holds while a number is set at the same time", false],
  ["a plan that ends while somebody waits for a number gives nothing more", true],
])("%s", async (_name, planEnds) => {
  const api = await startApi("postgres");
  await api.catalogue(features, plans);
  await api.tenant("acme", { plan: "starter" });
  const key = await api.keyFor("usage");
  const connection = { connectionString: api.services.url };
  const [other, watcher] = [new pg.Client(connection), new pg.Client(connection)];
  await Promise.all([other.connect(), watcher.connect()]);
  const consume = () => api.send("POST", "/api/usage/consume", { tenant: "acme", feature: "seats" }, key);
  expect(await (await consume()).json()).toMatchObject({ consumed: true, entitlement: { used: 1, limit: 5 } });
  // As a report of 5 seats would, half-way.
  await other.query("begin");
  await other.query("update usage_totals set used = 5 where feature = 'seats'");
  const late = consume();
  const isWaiting = async () => {
    const { rows } = await watcher.query("select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'");
    return rows.length > 0 || undefined;
  };
  await until(isWaiting, 10_000, () => "nobody waits for the report");
  if (planEnds) await api.tenant("acme", { plan: null });
  await other.query(planEnds ? "rollback" : "commit");
  const entitlement = planEnds ? { reason: { code: "not_in_plan" }, used: 1, remaining: 0 } : { used: 5, remaining: 0 };
  expect(await (await late).json()).toMatchObject({ consumed: false, entitlement });
  await Promise.all([other.end(), watcher.end()]);
  await api.stop();
});
