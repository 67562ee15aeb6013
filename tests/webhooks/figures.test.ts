import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { catalogueChange } from "~/core/catalogue/catalogue-changes";
import { putTenant } from "~/core/decision/changes";
import { convertTrial } from "~/core/grants/convert-trial";
import { grantTrial } from "~/core/grants/grant-changes";
import type { TenantFacts } from "~/core/model";
import type { NoticeKind } from "~/core/notices/notice-rules";
import { day, isoDay, minute } from "~/core/time";
import { webhookEventNames } from "~/core/webhooks/event-types";
import { changeCatalogue } from "~/server/changes/catalogue-change.server";
import { changeTenant } from "~/server/changes/tenant-change.server";
import { createKey, makeKey } from "~/server/keys/api-keys.server";
import { saveNoticeRules } from "~/server/notices/notice-rules.server";
import { readNotices, unreadNotices } from "~/server/notices/notices.server";
import { askForFeature } from "~/server/requests/ask.server";
import { recordUsage } from "~/server/usage/usage.server";
import { createEndpoint } from "~/server/webhooks/endpoint-edits.server";
import { insertApiKey } from "~db/store/api-keys.server";
import { putCheckCounts } from "~db/store/check-counts.server";
import { ada, feature, meteredFeature, plan } from "../support/facts";
import { type Receiver, startReceiver } from "../support/receiver";
import { engines, startServices, type TestServices } from "../support/services";

describe.each(engines)("events of figures on %s", (engine) => {
  let s: TestServices;
  let receiver: Receiver;
  let sent = 0;
  beforeEach(async () => {
    s = await startServices(engine, { variables: { LATCHKEY_WEBHOOK_ALLOW_HOSTS: "127.0.0.1" } });
    receiver = await startReceiver();
    await changeCatalogue(s, ada, (_facts, stamp) => {
      const features = [meteredFeature("calls", {}, { name: "API calls" }), feature("sso", { name: "Single sign-on" })];
      const plans = [plan("small", { calls: 100 }), plan("large", { calls: 1_000, sso: true })];
      return { ok: true, change: catalogueChange("catalogue.imported", { features, plans }, stamp, null) };
    });
    await tenant("acme");
  });
  afterEach(async () => {
    await receiver.close();
    await s.stop();
  });

  const tenant = (key: string, to = "small") =>
    changeTenant(s, key, ada, (facts, c, stamp) => putTenant(facts, key, { name: key, plan: to }, c, stamp));
  const use = (key: string, quantity: number) =>
    recordUsage(s, [{ tenant: key, feature: "calls", action: "add", quantity, time: s.clock.now, idempotencyKey: `k${++sent}` }]);
  const refuse = (count: number) =>
    s.db.transaction([], (tx) => {
      const at = { firstAt: s.clock.now, lastAt: s.clock.now, day: isoDay(s.clock.now) };
      return putCheckCounts(tx, s.db.tables, [{ tenant: "acme", feature: "sso", allowed: false, source: "none", count, ...at }]);
    });
  const pass = async () => {
    await s.figures.pass();
    await s.trials.sweep();
    await s.webhooks.feed.pass();
    await s.webhooks.sender.pass();
  };
  const listen = async () => {
    await pass();
    await createEndpoint(s, ada, { url: receiver.url, kind: "standard", events: webhookEventNames });
    s.clock.now += 1;
  };
  const rules = (kinds: NoticeKind[]) => saveNoticeRules(s, ada, { kinds, endsSoonDays: 3, demandPerDay: 50 });
  const types = () => receiver.received.map(({ type }) => type).filter((type) => !type.startsWith("tenant."));
  const texts = async () => (await readNotices(s, "nobody", {})).notices.map(({ text }) => text);

  test("a request is announced once, with what is asked for, and told to people", async () => {
    await rules(["request_waiting"]);
    await listen();
    const asked = await askForFeature(s, ada, { tenant: "acme", feature: "sso", user: "dana", note: null });
    for (let i = 0; i < 2; i++) {
      await pass();
      s.clock.now += minute;
    }
    const events = receiver.received.map(({ body }) => JSON.parse(body)).filter(({ type }) => type === "request.created");
    const summary = "Trial of Single sign-on";
    expect(events).toMatchObject([
      { data: { tenant: { key: "acme" }, request: { id: asked.ok && asked.request.id, summary, user: "dana" } } },
    ]);
    const { notices } = await readNotices(s, "adm_1", {});
    expect(notices).toMatchObject([{ kind: "request_waiting", about: "acme", text: `acme: Ada asks for: ${summary}.` }]);
  });

  test("a limit is reported once at 80 % and once at 100 %, and again in the next period", async () => {
    await listen();
    await use("acme", 79);
    await pass();
    expect(types()).toEqual([]);
    await use("acme", 1);
    await pass();
    await use("acme", 5);
    await pass();
    expect(types()).toEqual(["limit.warning"]);
    expect(receiver.received.at(-1)?.data).toMatchObject({ tenant: { key: "acme" }, used: 80, limit: 100, percent: 80 });
    await use("acme", 15);
    await pass();
    await pass();
    expect(types()).toEqual(["limit.warning", "limit.reached"]);
    s.clock.now = Date.UTC(2026, 11, 1);
    await pass();
    await use("acme", 100);
    await pass();
    expect(types()).toEqual(["limit.warning", "limit.reached", "limit.warning", "limit.reached"]);
  });

  test("in the first moments of a period the use of the one before is not reported", async () => {
    await listen();
    await use("acme", 100);
    await pass();
    receiver.received.length = 0;
    s.clock.now = Date.UTC(2026, 11, 1);
    // The kept figures are not computed again yet.
    await s.webhooks.feed.pass();
    await s.webhooks.sender.pass();
    expect(types()).toEqual([]);
  });

  test("a larger plan ends the report of a limit, and the same fill is reported again", async () => {
    await listen();
    await use("acme", 100);
    await pass();
    s.clock.now += minute;
    await tenant("acme", "large");
    await pass();
    await use("acme", 900);
    await pass();
    expect(types()).toEqual(["limit.warning", "limit.reached", "limit.warning", "limit.reached"]);
  });

  test("limits that were reached before the first start are not reported", async () => {
    await use("acme", 100);
    await s.figures.pass();
    await listen();
    await pass();
    expect([types(), await texts()]).toEqual([[], []]);
  });

  test("a feature is in demand once a day, from the number of refusals that the rules name", async () => {
    await rules(["feature_in_demand"]);
    await listen();
    await refuse(49);
    await pass();
    expect(types()).toEqual([]);
    await refuse(1);
    await pass();
    await refuse(100);
    await pass();
    expect(types()).toEqual(["feature.in_demand"]);
    expect(await texts()).toEqual(["Single sign-on was refused 50 times on 20 Nov 2026."]);
    s.clock.now += day;
    await refuse(60);
    await pass();
    expect(types()).toEqual(["feature.in_demand", "feature.in_demand"]);
  });

  test("a trial whose feature the plan gives at its end converted, as the report on trials counts it", async () => {
    await rules(["trial_ended", "trial_converted"]);
    await listen();
    const form = { features: [{ feature: "sso" }], endsAt: s.clock.now + day };
    await changeTenant(s, "acme", ada, (f, c, stamp) => grantTrial(f as TenantFacts, form, c, stamp));
    await tenant("acme", "large");
    s.clock.now += day + minute;
    await pass();
    await pass();
    expect(types()).toEqual(["grant.created", "grant.ended", "grant.converted"]);
    expect(await texts()).toEqual([
      "acme: the trial of Single sign-on converted. A plan or add-on now includes it.",
      "acme: the trial of Single sign-on ended.",
    ]);
  });

  test("a trial that is converted to a plan reports its end and the conversion", async () => {
    await listen();
    const form = { features: [{ feature: "sso" }], endsAt: s.clock.now + day };
    const granted = await changeTenant(s, "acme", ada, (f, c, stamp) => grantTrial(f as TenantFacts, form, c, stamp));
    const grant = (granted.ok && granted.change?.grants[0]?.id) || "";
    s.clock.now += minute;
    await changeTenant(s, "acme", ada, (f, c, stamp) => convertTrial(f as TenantFacts, { grant, plan: "large" }, c, stamp));
    s.clock.now += minute;
    await pass();
    await pass();
    expect(types()).toEqual(["grant.created", "grant.ended", "grant.converted"]);
  });

  test("a key that expires within 14 days is noticed once", async () => {
    await createKey(s, ada, { name: "Web app", scopes: ["check"], expiresAt: s.clock.now + 14 * day + 1 });
    await pass();
    expect(await texts()).toEqual([]);
    s.clock.now += 1;
    await pass();
    await pass();
    expect(await texts()).toEqual(["The API key “Web app” expires on 4 December 2026 (UTC). Rotate it if it is still needed."]);
  });

  test("all keys that expire are counted, also those beyond one batch", async () => {
    await s.db.transaction([], async (tx) => {
      for (let i = 0; i < 501; i++) {
        const { row } = makeKey(s, ada, { name: `Key ${i}`, scopes: ["check"], expiresAt: s.clock.now + day });
        await insertApiKey(tx, s.db.tables, row);
      }
    });
    await pass();
    expect(await texts()).toEqual(["An API key expires: 501 times."]);
  });

  test("a publication names the plans and features that changed", async () => {
    await listen();
    await changeCatalogue(s, ada, (_facts, stamp) => {
      const change = { features: [feature("audit")], plans: [plan("small", { calls: 200 })] };
      return { ok: true, change: catalogueChange("catalogue.imported", change, stamp, null) };
    });
    await pass();
    expect(receiver.received.map(({ type }) => type)).toEqual(["catalogue.published"]);
    expect(receiver.received[0]?.data).toMatchObject({
      plans: { created: [], changed: ["small"], archived: [], removed: [], count: 1 },
      features: { created: ["audit"], changed: [], archived: [], removed: [], count: 1 },
    });
  });

  test("many notices of one kind become one that counts them", async () => {
    await rules(["trial_ended"]);
    await listen();
    for (let i = 0; i < 25; i++) {
      await tenant(`t${i}`);
      const form = { features: [{ feature: "sso" }], endsAt: s.clock.now + day };
      await changeTenant(s, `t${i}`, ada, (f, c, stamp) => grantTrial(f as TenantFacts, form, c, stamp));
    }
    s.clock.now += day + minute;
    await pass();
    expect(await texts()).toEqual(["A trial ended: 25 times."]);
    const endOne = async () => {
      const form = { features: [{ feature: "sso" }], endsAt: s.clock.now + 20 * minute };
      await changeTenant(s, "acme", ada, (f, c, stamp) => grantTrial(f as TenantFacts, form, c, stamp));
      s.clock.now += 21 * minute;
      await pass();
    };
    await endOne();
    await endOne();
    expect(await texts()).toEqual(["A trial ended: 27 times."]);
    expect(await unreadNotices(s, "nobody")).toBe(1);
    // An hour after the first batch.
    await endOne();
    expect(await texts()).toEqual(["acme: the trial of Single sign-on ended.", "A trial ended: 27 times."]);
  });
});
