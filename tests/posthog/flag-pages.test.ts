import { afterEach, describe, expect, test } from "vitest";
import { day } from "~/core/time";
import { readCatalogueFile } from "~/forms/import/catalogue-file-text";
import { applyImport } from "~/server/catalogue/import.server";
import { startTestApp, type TestApp } from "../support/app";
import { ada } from "../support/facts";
import { textOf } from "../support/page-text";
import { until } from "../support/poll";
import { type PosthogApp, startPosthogApp } from "../support/posthog";

const open: TestApp[] = [];
afterEach(async () => {
  for (const app of open.splice(0)) await app.close();
});

async function fill<T extends TestApp>(app: T, catalogue: string): Promise<T> {
  open.push(app);
  const read = readCatalogueFile("catalogue.yaml", `latchkey: 1\n${catalogue}`);
  if (!read.ok) throw new Error(read.problems[0]?.message);
  await applyImport(app.services, read, ada);
  return app;
}
const secret = { POSTHOG_SECRET_KEY: "phx_fake", POSTHOG_PROJECT_ID: "1", POSTHOG_FLAG_POLL_INTERVAL: "1" };
const read = async (app: TestApp, path: string) => {
  const answer = await (await owner(app)).get(path);
  expect(answer.status).toBe(200);
  return textOf(answer);
};
const owners = new WeakMap<TestApp, ReturnType<TestApp["signIn"]>>();
const owner = (app: TestApp) => {
  const known = owners.get(app) ?? app.signIn("owner");
  owners.set(app, known);
  return known;
};
const becomes = (app: TestApp, path: string, pattern: RegExp, look = async () => {}) =>
  until(
    async () => {
      await look();
      const page = await read(app, path);
      return pattern.test(page) ? page : undefined;
    },
    20_000,
    () => `${path} did not come to say ${pattern}`,
  );

describe("the page of a tenant while PostHog is away", () => {
  const catalogue = `
features: { search: Search, ai_search: { name: AI search, flag: { key: ai-search, rule: grant, whenUnknown: last } } }
plans: { basic: { features: [search] } }
tenants: { acme: { plan: basic } }
`;
  const check = async (app: TestApp) => {
    const key = await app.apiKey("check");
    const answer = await fetch(`${app.url}/api/entitlements?tenant=acme&feature=ai_search`, {
      headers: { authorization: `Bearer ${key}` },
    });
    expect(answer.status).toBe(200);
    return (await answer.json()).entitlements.ai_search;
  };
  const start = async (env: Record<string, string>) => {
    const app = await fill(await startPosthogApp({ env }), catalogue);
    app.fake.state.setFlag({ key: "ai-search" });
    return app;
  };

  test("by local evaluation: since when, why, and that flags are evaluated from the definitions; no page asks PostHog for it", async () => {
    const app = await start(secret);
    await app.posthog.client.waitForLocalEvaluationReady(10_000);
    // The first poll may have come before the flag.
    expect(await becomes(app, "/tenants/acme/features?show=all", /Switched on by its feature flag/)).not.toContain("told nothing of flags");
    app.fake.state.mode.default = "refuse";
    await app.fake.ready();
    const page = await becomes(app, "/tenants/acme/features?show=all", /told nothing of flags/);
    expect(page).toMatch(/PostHog cannot be reached It has told nothing of flags since 20 November 2026, 10:00:00 UTC \( just now \)/);
    expect(page).toContain("Until it is back, flags are evaluated from the definitions that it gave last, and checks go on.");
    expect(page).toContain("Switched on by its feature flag");
    expect(await check(app)).toMatchObject({ entitled: true, reason: { code: "flag_on" } });
    expect(await read(app, "/tenants/acme/posthog")).toMatch(
      /told nothing of flags.* Flags What PostHog's flags say of this tenant\..* ai-search AI search On/,
    );
    expect(await read(app, "/posthog")).toMatch(/Flags No answer PostHog cannot be reached\. Since/);
    app.fake.state.mode.default = "ok";
    await becomes(app, "/tenants/acme/features?show=all", /^(?!.*told nothing of flags)/);
  });

  test("by asking PostHog: that answers rest on last known values, also where such a value is shown", async () => {
    const app = await start({ POSTHOG_FEATURE_FLAGS_CACHE_TTL: "1" });
    await becomes(app, "/tenants/acme/features?show=all", /Switched on by its feature flag/);
    app.fake.state.mode["/flags/"] = "500";
    const asksAgain = async () => {
      app.clock.now += 1_000;
    };
    const page = await becomes(app, "/tenants/acme/features?show=all", /told nothing of flags/, asksAgain);
    expect(page).toMatch(/PostHog answered 500 to a question about flags It has told nothing of flags since 20 November 2026/);
    expect(page).toContain("Until it is back, answers rest on the last known value of each flag, and checks go on.");
    await becomes(app, "/tenants/acme/features?show=all", /ai-search: on, last known/, asksAgain);
    expect(await check(app)).toMatchObject({ entitled: true, isStale: true });
    const questions = () => app.fake.state.requests["/flags/"] ?? 0;
    await until(
      async () => !app.posthog.flags.status("acme")?.isAsking || undefined,
      10_000,
      () => "it never ended asking",
    );
    const asked = questions();
    for (const path of ["/tenants/acme/features?show=all", "/tenants/acme/posthog", "/posthog"]) await read(app, path);
    expect(questions()).toBe(asked);
    expect(await read(app, "/tenants/acme/posthog")).toMatch(/ai-search AI search On last known/);
    app.fake.state.mode["/flags/"] = "ok";
    await becomes(app, "/tenants/acme/features?show=all", /^(?!.*told nothing of flags)/, asksAgain);
  });

  test("says nothing of flags where no feature is tied to one", async () => {
    const app = await fill(
      await startPosthogApp({ env: secret }),
      "features: { search: Search }\nplans: { basic: { features: [search] } }\ntenants: { acme: { plan: basic } }",
    );
    app.fake.state.mode.default = "500";
    await until(
      async () => app.posthog.flags.answeredAt() ?? (app.log().includes("gives no flag definitions") || undefined),
      10_000,
      () => "no poll",
    );
    expect(await read(app, "/tenants/acme/features?show=all")).not.toContain("told nothing of flags");
    expect(await read(app, "/tenants/acme/posthog")).not.toContain("What PostHog's flags say");
  });
});

describe("the page of flags", () => {
  const catalogue = `
features:
  plain: Plain
  fine: { name: All is well, flag: { key: fine-flag, rule: grant, whenUnknown: last } }
  gone: { name: Gone, flag: { key: no-such-flag, rule: grant, whenUnknown: last } }
  asleep: { name: Asleep, flag: { key: asleep-flag, rule: both, whenUnknown: off } }
  rolled: { name: Rolled out, flag: { key: rolled-flag, rule: gate, whenUnknown: last } }
  given: { name: Given anyway, flag: { key: given-flag, rule: grant, whenUnknown: last } }
  unused: { name: Never asked, flag: { key: fine-flag, rule: grant, whenUnknown: last } }
plans: { basic: { features: [given] }, pro: { features: [given, plain], includes: basic } }
tenants: { acme: { plan: basic } }
`;
  const rowOf = (page: string, name: string) =>
    new RegExp(`${name} (Grant and gate|Grant|Gate) .*?(?= (All is well|Gone|Asleep|Rolled out|Given anyway|Never asked) Gra|$)`).exec(
      page,
    )?.[0] ?? "";
  const setFlags = ({ fake, clock }: PosthogApp) => {
    const long = new Date(clock.now - 31 * day).toISOString();
    const fresh = new Date(clock.now - 29 * day).toISOString();
    fake.state.setFlag({ key: "fine-flag", updatedAt: fresh });
    fake.state.setFlag({ key: "asleep-flag", active: false });
    fake.state.setFlag({ key: "rolled-flag", updatedAt: long });
    fake.state.setFlag({ key: "given-flag", properties: [{ key: "plan", value: "basic" }] });
  };

  test("names each tie that has outlived its use, with what to do about it, those first", async () => {
    const app = await fill(await startPosthogApp({ env: secret }), catalogue);
    const key = await app.apiKey("check");
    const ask = (feature: string) =>
      fetch(`${app.url}/api/entitlements?tenant=acme&feature=${feature}`, { headers: { authorization: `Bearer ${key}` } });
    app.clock.now += 31 * day;
    setFlags(app);
    for (const feature of ["fine", "gone", "asleep", "rolled", "given"]) await ask(feature);
    const page = await read(app, "/flags");
    expect(page).toContain("6 features are linked to a flag, 5 with something to tidy up.");
    expect(rowOf(page, "Gone")).toContain(
      "PostHog has no flag no-such-flag. Create it in PostHog, correct the key, or take the tie off the feature.",
    );
    expect(rowOf(page, "Asleep")).toContain("The flag is inactive, so it switches the feature off for everybody. Switch it on");
    expect(rowOf(page, "Rolled out")).toContain("rolled out to everyone for over 30 days. The gate has opened for all: take the tie off.");
    expect(rowOf(page, "Given anyway")).toContain("Every plan gives this feature, so the flag can add nothing. Take the tie off.");
    expect(rowOf(page, "Never asked")).toContain("Nobody has asked for this feature for 30 days. If no app uses it any more");
    expect(rowOf(page, "All is well")).toMatch(/fine-flag Open in PostHog Nothing to do $/m);
    expect(page.indexOf("All is well Grant")).toBeGreaterThan(page.indexOf("Rolled out Gate"));
    const html = await (await (await owner(app)).get("/flags")).text();
    expect(html).toMatch(/href="http:\/\/127\.0\.0\.1:\d+\/project\/1\/feature_flags\/\d+"/);
    expect(html).not.toContain("phx_fake");
  });

  test("does not call a feature unused that was tied lately, or that apps ask for together with all others", async () => {
    const young = await fill(await startPosthogApp({ env: secret }), catalogue);
    setFlags(young);
    expect(await read(young, "/flags")).not.toContain("Nobody has asked");

    const bulk = await fill(await startPosthogApp({ env: secret }), catalogue);
    bulk.clock.now += 31 * day;
    setFlags(bulk);
    expect(await read(bulk, "/flags")).toContain("Nobody has asked");
    await fetch(`${bulk.url}/api/entitlements?tenant=acme`, { headers: { authorization: `Bearer ${await bulk.apiKey("check")}` } });
    expect(await read(bulk, "/flags")).not.toContain("Nobody has asked");
  });

  test.each([
    ["500", "PostHog answered 500."],
    ["401", "PostHog refuses the secret key (401). It needs the scope feature_flag:read for this project."],
    ["garbage", "PostHog's answer cannot be read. Is POSTHOG_APP_HOST right?"],
    ["refuse", "PostHog cannot be reached."],
  ] as const)("says why PostHog's list is missing (%s), and goes on with what is known without it", async (mode, why) => {
    const app = await fill(await startPosthogApp({ env: secret }), catalogue);
    app.fake.state.mode["/api/"] = mode;
    const page = await read(app, "/flags");
    expect(page).toContain(why);
    expect(page).toContain("What only PostHog knows of its flags is left out below.");
    expect(rowOf(page, "Gone")).toContain("Nothing to do that is known without PostHog");
    expect(rowOf(page, "Given anyway")).toContain("Every plan gives this feature");
  });

  test("says that a project's secret key does not open PostHog's list", async () => {
    const app = await fill(await startPosthogApp({ env: { ...secret, POSTHOG_SECRET_KEY: "phs_project" } }), catalogue);
    app.fake.state.mode["/api/"] = "401";
    expect(await read(app, "/flags")).toContain(
      "PostHog refuses the secret key (401). A project's key (phs_) is for flags alone: set a personal key (phx_) with the scope feature_flag:read.",
    );
  });

  test("says which settings are missing for PostHog's list, and without a key what switches PostHog on, also where nothing is tied", async () => {
    const remote = await fill(await startPosthogApp(), catalogue);
    expect(await read(remote, "/flags")).toContain(
      "Set POSTHOG_SECRET_KEY and POSTHOG_PROJECT_ID to compare with PostHog's own list of flags.",
    );
    const off = await fill(await startTestApp(), catalogue);
    const sentence = "PostHog is off, so no flag is asked. To switch it on, set POSTHOG_PROJECT_API_KEY and start Latchkey again.";
    expect(await read(off, "/flags")).toContain(sentence);
    const bare = await startTestApp();
    open.push(bare);
    const page = await read(bare, "/flags");
    expect(page).toContain(sentence);
    expect(page).toContain("No feature is linked to a flag");
    expect((await bare.browser().get("/flags")).status).toBe(302);
  });
});
