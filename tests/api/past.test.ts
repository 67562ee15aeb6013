import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import type { Catalogue } from "~/core/catalogue/catalogue";
import { answer } from "~/core/decision/answer";
import type { ResetPeriod, TenantFacts } from "~/core/model";
import { day, hour } from "~/core/time";
import { type Api, startApi } from "../support/api";
import { addOn, configFeature, feature, meteredFeature, now, plan } from "../support/facts";

const features = [
  feature("sso"),
  feature("audit"),
  meteredFeature("calls", { resetPeriod: "day" }),
  meteredFeature("seats", { resetPeriod: "never" }),
  configFeature("theme", { kind: "text", options: ["light", "dark"] }),
  configFeature("layout", { kind: "json" }),
];
const plans = [
  plan("starter", { calls: 5, theme: "light" }),
  plan("premium", { sso: true, calls: 20, seats: 3, layout: { wide: true } }, { rank: 20, includes: "starter" }),
  addOn("boost", { calls: 10, audit: true }),
];
const all = [...features.map((f) => f.key), "gone"];

/** One request of a program to its installation. Many are refused, which is a part of a history too. */
type Step = { method: string; path: string; body?: object };
/** `at`: from now on in hours, for what lies in time; the rest is as it is sent. */
type Made = (tenant: string, now: number, grants: string[], scheduled: string[]) => Step;

const iso = (at: number) => new Date(at).toISOString();
const some = (pick: number, grants: string[]) => grants[pick % Math.max(1, grants.length)] ?? "gr_none";
const key = fc.constantFrom(...all);
const value = fc.constantFrom(undefined, 0, 3, 8, "unlimited", "light", "dark", "neon", { wide: false });
const hours = fc.integer({ min: -2, max: 80 });

const tenantStep = fc
  .record(
    {
      plan: fc.constantFrom("starter", "premium", "own", null),
      addOns: fc.subarray(["boost"]),
      status: fc.constantFrom("active", "active", "active", "suspended", "archived"),
      usageAnchor: fc.constantFrom(null, iso(now - 40 * day + 7 * hour)),
    },
    { requiredKeys: [] },
  )
  .map(
    (body): Made =>
      (tenant) => ({ method: "PUT", path: `tenants/${tenant}`, body }),
  );

const trialStep = fc.tuple(key, value, hours, hours).map(
  ([feature, value, from, to]): Made =>
    (tenant, at) => {
      const times = { startsAt: iso(at + from * hour), endsAt: iso(at + to * hour) };
      return { method: "POST", path: `tenants/${tenant}/grants`, body: { kind: "trial", feature, value, ...times } };
    },
);
const overrideStep = fc.tuple(key, value, fc.boolean(), fc.option(hours)).map(
  ([feature, value, allow, to]): Made =>
    (tenant, at) => {
      const what = allow ? { effect: "allow", value } : { effect: "deny" };
      const endsAt = to === null ? null : iso(at + to * hour);
      return { method: "POST", path: `tenants/${tenant}/grants`, body: { kind: "override", feature, ...what, endsAt } };
    },
);
const endStep = fc.nat().map(
  (n): Made =>
    (_tenant, _at, grants) => ({ method: "POST", path: `grants/${some(n, grants)}/end` }),
);
const extendStep = fc.tuple(fc.nat(), hours).map(
  ([n, to]): Made =>
    (_tenant, at, grants) => {
      return { method: "POST", path: `grants/${some(n, grants)}/extend`, body: { endsAt: iso(at + to * hour) } };
    },
);

const scheduleStep = fc
  .record(
    {
      hours,
      plan: fc.constantFrom("starter", "premium", "own", null),
      addOns: fc.constantFrom({ add: ["boost"], remove: [] }, { add: [], remove: ["boost"] }),
      status: fc.constantFrom("active", "suspended"),
    },
    { requiredKeys: ["hours"] },
  )
  .map(
    ({ hours, ...change }): Made =>
      (tenant, at) => ({ method: "POST", path: `tenants/${tenant}/scheduled`, body: { at: iso(at + hours * hour), ...change } }),
  );
const moveStep = fc.tuple(fc.nat(), fc.option(hours)).map(
  ([n, to]): Made =>
    (tenant, at, _grants, scheduled) => {
      const path = `tenants/${tenant}/scheduled/${scheduled[n % Math.max(1, scheduled.length)] ?? "sc_none"}`;
      return to === null ? { method: "DELETE", path } : { method: "PATCH", path, body: { at: iso(at + to * hour) } };
    },
);

const featureStep = fc
  .constantFrom<Step>(
    { method: "POST", path: "features/sso/archive" },
    { method: "POST", path: "features/sso/restore" },
    { method: "POST", path: "features/calls/archive" },
    { method: "POST", path: "features/calls/restore" },
    { method: "PUT", path: "features/theme", body: { config: { kind: "text", options: ["light", "dark", "neon"] } } },
    { method: "PUT", path: "features/theme", body: { config: { kind: "text", options: ["dark", "light"] } } },
    ...(["hour", "day", "month"] as ResetPeriod[]).map((resetPeriod) => ({
      method: "PUT",
      path: "features/calls",
      body: { meter: { resetPeriod, soft: resetPeriod === "hour", unit: null } },
    })),
  )
  .map(
    (step): Made =>
      () =>
        step,
  );
const planStep = fc
  .oneof(
    fc
      .record({ sso: fc.boolean(), calls: fc.constantFrom(0, 5, 7, "unlimited"), rank: fc.integer({ min: 1, max: 30 }) })
      .map(({ sso, calls, rank }) => ({
        method: "PUT",
        path: "plans/starter",
        body: { rank, features: { calls, theme: "light", ...(sso && { sso }) } },
      })),
    fc
      .constantFrom(null, "starter", "premium")
      .map((includes) => ({ method: "PUT", path: "plans/own", body: { includes, features: { audit: true } } })),
    fc.constantFrom<Step>(
      { method: "POST", path: "plans/premium/archive" },
      { method: "POST", path: "plans/premium/restore" },
      { method: "DELETE", path: "plans/own" },
      { method: "PUT", path: "plans/boost", body: { features: { calls: 1 } } },
      { method: "PUT", path: "plans/boost", body: { features: { calls: 10, audit: true } } },
    ),
  )
  .map(
    (step): Made =>
      () =>
        step,
  );

let events = 0;
const usageStep = fc
  .record({
    feature: fc.constantFrom("calls", "seats"),
    action: fc.constantFrom("add", "add", "set"),
    quantity: fc.integer({ min: 0, max: 4 }),
    late: fc.constantFrom(0, 0, 0, 1, 30, 100),
  })
  .map(
    ({ late, ...event }): Made =>
      (tenant, at) => {
        const time = iso(at - late * hour);
        return { method: "POST", path: "usage", body: { events: [{ tenant, ...event, idempotencyKey: `e${events++}`, time }] } };
      },
  );
const consumeStep = fc.tuple(fc.constantFrom("calls", "seats"), fc.integer({ min: 1, max: 4 })).map(
  ([feature, quantity]): Made =>
    (tenant) => ({ method: "POST", path: "usage/consume", body: { tenant, feature, quantity } }),
);

const step = fc.oneof(
  { arbitrary: tenantStep, weight: 4 },
  { arbitrary: fc.oneof(trialStep, overrideStep), weight: 4 },
  { arbitrary: fc.oneof(endStep, extendStep), weight: 2 },
  { arbitrary: scheduleStep, weight: 4 },
  { arbitrary: moveStep, weight: 1 },
  { arbitrary: featureStep, weight: 2 },
  { arbitrary: planStep, weight: 2 },
  { arbitrary: usageStep, weight: 3 },
  { arbitrary: consumeStep, weight: 2 },
);
/** Milliseconds until the next: often just one, so that edges are met. */
const pause = fc.oneof(fc.constantFrom(1, hour - 1, hour, day), fc.integer({ min: 1, max: 30 * hour }));

type Body = { entitlements: Record<string, { used?: number }> };
type Seen = {
  at: number;
  query: string;
  features: string[] | null;
  requested?: number;
  body: Body;
  tenant: TenantFacts | null;
  catalogue: Catalogue;
};

let api: Api;
afterEach(() => api.stop());

test.each([
  ["sqlite", 60],
  ["postgres", 12],
] as const)("on %s, asking now about the past gives what a check gave then, for random histories (%i)", async (engine, numRuns) => {
  api = await startApi(engine);
  const app = await api.keyFor("check", "usage", "manage");
  await api.catalogue(features, plans);
  const statuses = new Map<number, number>();
  const get = async (query: string): Promise<Body> => {
    const response = await api.get(`/api/entitlements?${query}`, app);
    expect(response.status).toBe(200);
    return response.json();
  };
  let runs = 0;

  async function ask(tenant: string, ofAll: boolean, requested: number | undefined): Promise<Seen> {
    const { facts } = api.services;
    const list = ofAll ? null : all;
    const query = [
      `tenant=${tenant}`,
      ...(list ?? []).map((f) => `feature=${f}`),
      ...(requested === undefined ? [] : [`requested=${requested}`]),
    ].join("&");
    const body = await get(query);
    return {
      at: api.clock.now,
      query,
      features: list,
      requested,
      body,
      tenant: (await facts.tenant(tenant)).facts,
      catalogue: facts.catalogue(),
    };
  }

  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(step, pause, fc.boolean(), fc.constantFrom(undefined, 0, 5), fc.boolean()), { minLength: 1, maxLength: 14 }),
      async (steps) => {
        const tenant = `t${runs++}`;
        const told: Seen[] = [await ask(tenant, true, undefined)];
        api.clock.now += 1;
        await api.tenant(tenant, { plan: "starter" });
        for (const [make, wait, ofAll, requested, isSwept] of steps) {
          const { facts } = await api.services.facts.tenant(tenant);
          const grants = facts?.grants.map((g) => g.id) ?? [];
          const scheduled = facts?.scheduled?.map(({ id }) => id) ?? [];
          const { method, path, body } = make(tenant, api.clock.now, grants, scheduled);
          const { status } = await api.send(method, `/api/${path}`, body, app);
          expect(status).toBeLessThan(500);
          statuses.set(status, (statuses.get(status) ?? 0) + 1);
          api.clock.now += wait;
          told.push(await ask(tenant, ofAll, requested));
          if (isSwept) {
            // Writing due changes into rows changes no answer.
            await api.services.schedules.sweep();
            const after = await ask(tenant, ofAll, requested);
            expect({ ...after.body, revision: 0 }).toEqual({ ...told.pop()?.body, revision: 0 });
            told.push(after);
          }
          api.clock.now += 1;
        }
        for (const then of told) {
          const past = await get(`${then.query}&at=${iso(then.at)}`);
          const { tenant: facts, catalogue, features, at, requested } = then;
          const usedThen = (key: string) => then.body.entitlements[key]?.used;
          // Counters are known for 7 days, and longer only if nothing followed.
          const isLongAgo = at < api.clock.now - 7 * day;
          const isForgotten = (key: string) => isLongAgo && usedThen(key) !== undefined && past.entitlements[key]?.used === undefined;
          const usage = (key: string) => ({ used: isForgotten(key) ? null : (usedThen(key) ?? 0) });
          const known = answer({ key: tenant, tenant: facts, catalogue, features, now: at, requested }, { usage }, false);
          expect(past).toEqual(JSON.parse(JSON.stringify(known.body)));
          if (!Object.keys(past.entitlements).some(isForgotten)) expect(past).toEqual(then.body);
        }
      },
    ),
    { numRuns },
  );
  // The histories were no empty ones.
  const done = (statuses.get(200) ?? 0) + (statuses.get(201) ?? 0);
  expect(done).toBeGreaterThan(numRuns * 2);
});

test.each(["sqlite", "postgres"] as const)(
  "on %s, what was used at an instant is known for 7 days, also when it went down again",
  async (engine) => {
    api = await startApi(engine);
    const app = await api.keyFor("check", "usage");
    await api.catalogue(features, plans);
    await api.tenant("acme", { plan: "premium" });
    const at = async (instant: number, rest = "") =>
      (await (await api.get(`/api/entitlements?tenant=acme&feature=seats&at=${iso(instant)}${rest}`, app)).json()).entitlements.seats;
    const report = (event: object) =>
      api.send("POST", "/api/usage", { events: [{ tenant: "acme", feature: "seats", idempotencyKey: `s${events++}`, ...event }] }, app);
    const [up, down] = [now + 1_000, now + 2_000];
    api.clock.now = up;
    await report({ quantity: 3 });
    api.clock.now = down;
    await report({ action: "set", quantity: 1 });
    expect(await at(up - 1)).toMatchObject({ entitled: true, used: 0, remaining: 3 });
    api.clock.now = up + 7 * day;
    expect(await at(up)).toMatchObject({ entitled: false, reason: { code: "limit_reached" }, used: 3, remaining: 0 });
    expect(await at(down - 1)).toMatchObject({ used: 3 });
    expect(await at(down)).toMatchObject({ used: 1, remaining: 2 });
    api.clock.now += 1;
    // A limit is not tested against what nobody knows.
    const forgotten = await at(up, "&requested=50&explain=1");
    expect(forgotten).toMatchObject({ entitled: true, reason: { code: "plan" }, limit: 3 });
    expect(forgotten).not.toHaveProperty("used");
    expect(forgotten).not.toHaveProperty("remaining");
    api.clock.now += 30 * day;
    await api.services.cleaning.clean();
    expect(await at(up)).toEqual(forgotten);
    expect(await at(down)).toMatchObject({ used: 1, remaining: 2 });
  },
);
