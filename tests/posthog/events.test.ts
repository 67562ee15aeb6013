import { afterEach, describe, expect, test } from "vitest";
import { putTenant } from "~/core/decision/changes";
import { changeTenant } from "~/server/changes/tenant-change.server";
import type { TestAppOptions } from "../support/app";
import { ada } from "../support/facts";
import { importText } from "../support/import-text";
import { type PosthogApp, startPosthogApp } from "../support/posthog";

const open: PosthogApp[] = [];
afterEach(async () => {
  for (const app of open.splice(0)) await app.close();
});

const catalogue = `
latchkey: 1
features: { sso: Single sign-on, search: Search, ai_search: { flag: { key: ai-search, rule: grant, whenUnknown: last } } }
plans: { basic: { features: [search] }, pro: { features: [search, sso] } }
tenants: { acme: { plan: basic }, globex: { plan: basic } }
`;

async function start(options: TestAppOptions = {}) {
  const app = await startPosthogApp(options);
  open.push(app);
  await importText(app.services, catalogue);
  const key = await app.apiKey("check");
  const check = async (query: string) => {
    const answer = await fetch(`${app.url}/api/entitlements?${query}`, {
      headers: { authorization: `Bearer ${key}`, "x-posthog-distinct-id": "program" },
    });
    return (await answer.json()) as { entitlements: Record<string, { entitled: boolean; reason: { code: string } }> };
  };
  /** As the clock does each second. */
  const counted = () => app.services.counts.flush();
  return Object.assign(app, { check, counted });
}

describe("a denial", () => {
  test("is told with the tenant's group and the reason, once in an hour for a tenant and feature, with how many there were", async () => {
    const app = await start();
    for (let i = 0; i < 5; i++) await app.check("tenant=acme&feature=sso");
    await app.check("tenant=acme&feature=search");
    await app.counted();
    await app.check("tenant=acme&feature=sso");
    await app.counted();
    app.clock.now += 3_599_999;
    await app.check("tenant=acme&feature=sso");
    await app.counted();
    const [first, ...none] = await app.captured("entitlement_denied");
    expect(none).toEqual([]);
    expect(first).toMatchObject({
      distinct_id: "$organization_acme",
      properties: {
        $groups: { organization: "acme" },
        feature: "sso",
        reason: "not_in_plan",
        available_in: ["pro"],
        count: 5,
        $process_person_profile: false,
      },
    });
    expect(first?.properties).not.toHaveProperty("$current_url");

    app.clock.now += 1;
    await app.check("tenant=acme&feature=sso");
    await app.counted();
    expect((await app.captured("entitlement_denied")).map((e) => e.properties?.count)).toEqual([5, 3]);
  });

  test("of very many tenants at once is sampled: 30 in a minute, and the checks themselves wait for none of it", async () => {
    const app = await start();
    for (let i = 0; i < 100; i++) {
      await changeTenant(app.services, `t${i}`, ada, (facts, c, stamp) => putTenant(facts, `t${i}`, { plan: "basic" }, c, stamp));
      await app.check(`tenant=t${i}&feature=sso`);
    }
    await app.counted();
    await expect.poll(async () => (await app.captured("entitlement_denied")).length).toBe(30);
    app.clock.now += 60_000;
    for (let i = 0; i < 100; i++) await app.check(`tenant=t${i}&feature=sso`);
    await app.counted();
    await expect.poll(async () => (await app.captured("entitlement_denied")).length).toBe(60);
    const tenants = (await app.captured("entitlement_denied")).map((e) => e.properties?.$groups as { organization: string });
    expect(new Set(tenants.map((g) => g.organization)).size).toBe(60);
  });

  test("of a tenant that does not exist is not told: it would make a group of every typing error", async () => {
    const app = await start();
    await app.check("tenant=nobody&feature=sso");
    await app.check("tenant=acme&feature=no_such_feature");
    await app.counted();
    expect(await app.captured("entitlement_denied")).toEqual([]);
  });

  test("goes on being counted while PostHog is away", async () => {
    const app = await start();
    app.fake.state.mode["/batch/"] = "500";
    const { entitlements } = await app.check("tenant=acme&feature=sso");
    expect(entitlements.sso).toMatchObject({ entitled: false, reason: { code: "not_in_plan" } });
    await app.counted();
    await app.posthog.client.flush().catch(() => {});
    app.fake.state.mode["/batch/"] = "ok";
    await expect.poll(() => app.captured("entitlement_denied"), { timeout: 15_000 }).toHaveLength(1);
  });
});

describe("$feature_flag_called", () => {
  test("is told once for each tenant, flag and verdict, with the tenant's group", async () => {
    const app = await start();
    app.fake.state.setFlag({ key: "ai-search", properties: [{ key: "plan", value: "basic" }] });
    for (let i = 0; i < 3; i++) {
      expect((await app.check("tenant=acme&feature=ai_search")).entitlements.ai_search?.entitled).toBe(true);
      await app.check("tenant=globex&feature=ai_search");
    }
    const events = await app.captured("$feature_flag_called");
    expect(events.map((e) => e.properties?.$groups)).toEqual([{ organization: "acme" }, { organization: "globex" }]);
    expect(events[0]).toMatchObject({
      distinct_id: "$organization_acme",
      properties: { $feature_flag: "ai-search", $feature_flag_response: true, "$feature/ai-search": true },
    });
    expect(events[0]?.properties).not.toHaveProperty("$current_url");

    app.fake.state.setFlag({ key: "ai-search", active: false });
    app.clock.now += 31_000;
    await app.check("tenant=acme&feature=ai_search");
    await expect
      .poll(async () => (await app.captured("$feature_flag_called")).map((e) => e.properties?.$feature_flag_response))
      .toEqual([true, true, false]);
  });
});

test("what two processes tell of the same hour, or of the same verdict on one day, is the same event for PostHog", async () => {
  const app = await start();
  app.fake.state.setFlag({ key: "ai-search" });
  const env = { DATABASE_URL: `file:${app.databaseFile}`, POSTHOG_HOST: app.fake.origin, POSTHOG_FEATURE_FLAGS_CACHE_TTL: "1" };
  const other = await startPosthogApp({ env });
  open.push(other);
  const authorization = `Bearer ${await app.apiKey("check")}`;
  async function askBoth() {
    for (const { url, services, posthog } of [app, other]) {
      for (const feature of ["sso", "ai_search"])
        await fetch(`${url}/api/entitlements?tenant=acme&feature=${feature}`, { headers: { authorization } });
      await services.counts.flush();
      await posthog.client.flush();
    }
  }
  const told = async (event: string) => {
    const events = await app.captured(event);
    return [events.length, new Set(events.map((e) => e.uuid)).size];
  };
  await askBoth();
  await expect.poll(() => told("entitlement_denied")).toEqual([2, 1]);
  await expect.poll(() => told("$feature_flag_called")).toEqual([2, 1]);
  for (const { clock } of [app, other]) clock.now += 3_600_000;
  await askBoth();
  await expect.poll(() => told("entitlement_denied")).toEqual([4, 2]);
});
