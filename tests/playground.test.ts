import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { setOverride } from "~/core/grants/grant-changes";
import { type TenantFacts, tenantStatuses } from "~/core/model";
import { day, isoTime } from "~/core/time";
import { readPlaygroundQuery } from "~/forms/checks/playground-query";
import { paths } from "~/paths";
import { changeTenant } from "~/server/changes/tenant-change.server";
import { readPlayground } from "~/server/playground/playground.server";
import { recordUsage } from "~/server/usage/usage.server";
import { type Api, ada, startApi } from "./support/api";
import { type Browser, startTestApp, type TestApp } from "./support/app";
import { addOn, configFeature, feature, meteredFeature, plan } from "./support/facts";
import { textOf } from "./support/page-text";
import { engines } from "./support/services";
import { putAs, seedCatalogue, trialAs } from "./support/tenant-world";
import { allRows } from "./support/write-gate";

const features = [
  feature("sso", { name: "Single sign-on", group: "Security" }),
  feature("old", { archivedAt: 1 }),
  meteredFeature("calls", { unit: "calls" }),
  configFeature("tier", { kind: "text", options: ["low", "top"] }),
];
const plans = [plan("free", { calls: 10, tier: "low" }), plan("pro", { sso: true }, { includes: "free" }), addOn("more", { calls: 5 })];

const shape = fc.record({
  plan: fc.constantFrom(null, "free", "pro"),
  addOns: fc.subarray(["more"]),
  status: fc.constantFrom(...tenantStatuses, "active" as const, "active" as const),
  trial: fc.constantFrom(null, "sso", "calls"),
  deny: fc.boolean(),
  used: fc.integer({ min: 0, max: 14 }),
  requested: fc.constantFrom(undefined, 0, 1, 5),
});

const read = (api: Api, query: Record<string, string>) =>
  readPlayground(api.services, readPlaygroundQuery(new URLSearchParams(query)), "UTC");

describe.each(engines)("on %s", (engine) => {
  let api: Api;
  beforeAll(async () => {
    api = await startApi(engine);
    await api.catalogue(features, plans);
  });
  afterAll(() => api.stop());

  test("every feature of any tenant has the decision that a program gets, with the same trace", async () => {
    const reasons = new Set<string>();
    for (const [i, one] of fc.sample(shape, { numRuns: 30, seed: 3 }).entries()) {
      const tenant = `t${i}`;
      await api.tenant(tenant, { plan: one.plan, addOns: one.addOns });
      if (one.trial) await api.trial(tenant, one.trial, undefined, one.trial === "calls" ? 12 : true);
      if (one.deny)
        await changeTenant(api.services, tenant, ada, (f, c, stamp) =>
          setOverride(f as TenantFacts, { feature: "tier", effect: "deny" }, c, stamp),
        );
      if (one.used > 0)
        await recordUsage(api.services, [{ tenant, feature: "calls", action: "add", quantity: one.used, idempotencyKey: tenant }]);
      if (one.status !== "active") await api.tenant(tenant, { status: one.status });
      const keys = ["calls", "sso", "tier", "old", "gone"];
      const body = { checks: [{ tenant, features: keys, ...(one.requested === undefined ? {} : { requested: one.requested }) }] };
      const { results } = await (await api.send("POST", "/api/entitlements?explain=1", body, api.keys.check)).json();
      const query = { tenant, ...(one.requested === undefined ? {} : { requested: String(one.requested) }) };
      const { answers } = await read(api, query);
      for (const result of results) {
        reasons.add(result.reason.code);
        const { chosen } = await read(api, { ...query, feature: result.feature });
        expect(chosen?.rules).toEqual(result.considered);
        expect({ tenant, feature: result.feature, ...JSON.parse(chosen?.json ?? ""), considered: chosen?.rules }).toEqual(result);
        const row = answers?.rows.find(({ key }) => key === result.feature);
        // Lists leave out what is archived or not there.
        if (result.feature === "old" || result.feature === "gone") expect(row).toBeUndefined();
        else expect([row?.entitled, row?.reason]).toEqual([result.entitled, result.reason.code]);
      }
    }
    expect(reasons.size).toBeGreaterThan(8);
  });

  test("the past and the future are answered as the API answers them", async () => {
    await api.tenant("timely", { plan: "free" });
    const before = api.clock.now;
    api.clock.now += day;
    await api.trial("timely", "sso", api.clock.now + 5 * day);
    api.clock.now += day;
    for (const at of [before - 1, before, before + day, api.clock.now, api.clock.now + 4 * day - 1, api.clock.now + 4 * day]) {
      const answer = await (await api.get(`/api/entitlements?tenant=timely&feature=sso&feature=calls&at=${isoTime(at)}&explain=1`)).json();
      for (const feature of ["sso", "calls"]) {
        const { chosen } = await read(api, { tenant: "timely", at: isoTime(at), feature });
        expect([at, JSON.parse(chosen?.json ?? "")]).toEqual([at, answer.entitlements[feature]]);
        expect(chosen?.rules).toEqual(answer.considered[feature]);
      }
    }
  });

  test("nothing is written and nothing is counted", async () => {
    await api.tenant("counted", { plan: "free" });
    await api.services.counts.flush();
    const before = await allRows(api.db);
    const stats = { ...api.services.checks.stats() };
    for (const query of [{}, { feature: "sso" }, { requested: "50" }, { at: isoTime(api.clock.now - day) }, { user: "u1" }])
      await read(api, { tenant: "counted", ...(query as Record<string, string>) });
    await api.services.counts.flush();
    expect(await allRows(api.db)).toEqual(before);
    const { allowed, refused, all } = api.services.checks.stats();
    expect({ allowed, refused, all }).toEqual({ allowed: stats.allowed, refused: stats.refused, all: stats.all });
  });

  test("an unknown tenant has near ones, by key and by name", async () => {
    await api.tenant("bramblecote", { name: "Bramblecote Rail" });
    expect((await read(api, { tenant: "bramblecot" })).near).toEqual([{ key: "bramblecote", name: "Bramblecote Rail" }]);
    expect((await read(api, { tenant: "Rail bramble" })).near).toEqual([{ key: "bramblecote", name: "Bramblecote Rail" }]);
    expect((await read(api, { tenant: "rail-bramblecote" })).near).toEqual([{ key: "bramblecote", name: "Bramblecote Rail" }]);
    expect(await read(api, { tenant: "qqqq" })).toMatchObject({ near: [], tenant: null, answers: null });
  });
});

describe("the page", () => {
  let app: TestApp;
  let viewer: Browser;
  beforeAll(async () => {
    app = await startTestApp();
    viewer = await app.signIn("viewer");
    await seedCatalogue(app);
    await putAs(app, "acme", { name: "Acme", plan: "starter" });
    await trialAs(app, "acme", "sso");
  });
  afterAll(() => app.close());
  const page = async (query: Record<string, string>) => textOf(await viewer.get(paths.playground(query)));

  test("offers a tenant to begin with, and says that nothing is counted", async () => {
    const text = await page({});
    expect(text).toContain("Nothing here is counted as a check, usage or demand.");
    expect(text).toContain("Try with acme");
  });
  test("shows a viewer the answer, its rules, and code for the same check", async () => {
    const text = await page({ tenant: "acme", feature: "sso", user: "u1", requested: "5" });
    expect(text).toMatch(/On trial until .* Is a trial live\? decides Does the feature's flag grant it, and say on\? not reached/);
    expect(text).toContain("/api/entitlements?tenant=acme&feature=sso&user=u1&requested=5&explain=1");
    expect(text).toContain('await latchkey.has("acme", "sso", { user: "u1", requested: 5 })');
  });
  test("narrows the features by words and by their answer", async () => {
    expect(await page({ tenant: "acme", q: "sign" })).toContain("1 of 1 feature on");
    const text = await page({ tenant: "acme", show: "no" });
    expect(text).toContain("Audit trail");
    expect(text).not.toContain("Epics Part of Starter");
    expect(await page({ tenant: "acme", q: "zzz" })).toContain("No feature fits");
  });
  test.each([
    [{ tenant: "acme", at: "soon" }, "Choose a date and time. "],
    [{ tenant: "acme", requested: "many" }, "What is requested is a whole number from 0 on."],
    [{ tenant: "\u0007" }, "A tenant key has 1 to 200 characters and no control characters."],
    [{ tenant: "acmee" }, "There is no tenant acmee. Did you mean Acme (acme) ?"],
    [{ tenant: "acme", feature: "soo" }, "There is no such feature."],
    [{ tenant: "acme", feature: "audit" }, "Did you mean Audit trail ?"],
    [{ tenant: "acme", at: "2001-01-01T00:00" }, "Acme did not exist then."],
    [{ tenant: "acme", at: "2001-01-01T00:00", user: "u1" }, "As of 1 Jan 2001"],
    [{ tenant: "acme", at: "9999-12-31T23:59" }, "With today's plans, grants and usage."],
    [{ tenant: "acme", page: "999", feature: "x".repeat(300) }, "There is no such feature."],
  ])("answers %j with a sentence", async (query, sentence) => {
    const response = await viewer.get(paths.playground(query));
    expect(response.status).toBe(200);
    expect(await textOf(response)).toContain(sentence);
  });
});
