import { setImmediate as turn } from "node:timers/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { catalogueChange } from "~/core/catalogue/catalogue-changes";
import { putTenant } from "~/core/decision/changes";
import { changeCatalogue } from "~/server/changes/catalogue-change.server";
import { changeTenant } from "~/server/changes/tenant-change.server";
import { type FakePosthog, startFakePosthog } from "../fake-posthog/start";
import { ada, feature, flagTie, plan } from "../support/facts";
import { until } from "../support/poll";
import { startServices, type TestServices } from "../support/services";

/** Longer than a test may take: waiting for it on the real clock never ends. */
const longest = 60_000;
const tenants = Array.from({ length: 200 }, (_, i) => `t${i}`);

let fake: FakePosthog;
let services: TestServices;
beforeEach(async () => {
  fake = await startFakePosthog();
  services = await startServices("sqlite", {
    variables: {
      POSTHOG_PROJECT_API_KEY: fake.state.projectKey,
      POSTHOG_HOST: fake.origin,
      POSTHOG_FLAG_TIMEOUT_MS: String(longest),
      POSTHOG_FEATURE_FLAGS_CACHE_TTL: "1",
    },
  });
  const given = { features: [feature("ai_search", { flag: flagTie("grant") })], plans: [plan("basic")] };
  await changeCatalogue(services, ada, (_facts, stamp) => ({
    ok: true,
    change: catalogueChange("catalogue.imported", given, stamp, null),
  }));
  for (const key of ["known", ...tenants])
    await changeTenant(services, key, ada, (f, c, stamp) => putTenant(f, key, { plan: "basic" }, c, stamp));
});
afterEach(async () => {
  vi.useRealTimers();
  await services.stop();
  await fake.close();
});

const ask = (tenant: string) => services.checks.ask({ question: tenant, tenant, features: ["ai_search"] });
const asked = () => fake.state.requests["/flags/"] ?? 0;
const askedAbout = (n: number) =>
  until(
    async () => asked() >= n || undefined,
    10_000,
    () => `only ${asked()} of ${n} questions came`,
  );

// The clock that a check waits by stands until it is moved; PostHog's silence does not end.
test.each(["silent", "hang", "trickle"] as const)(
  "while PostHog does this: %s, a tenant that is met waits as long as it may and not a millisecond longer, one that is known not at all",
  async (mode) => {
    // Whom the flag is about is known.
    await ask("known");
    const before = asked();
    fake.state.mode["/flags/"] = mode;
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    let answered = 0;
    const checks = tenants.map(async (tenant) => {
      const prepared = await ask(tenant);
      answered += 1;
      return prepared;
    });
    await askedAbout(before + tenants.length);
    await vi.advanceTimersByTimeAsync(longest - 1);
    await turn();
    expect(answered).toBe(0);

    await vi.advanceTimersByTimeAsync(1);
    for (const { body } of await Promise.all(checks))
      expect(JSON.parse(body).entitlements.ai_search.sources).toMatchObject([{ state: "unknown" }]);

    for (let second = 0; second < 5; second++) {
      services.clock.now += 1_000;
      for (const tenant of tenants) expect(ask(tenant)).not.toBeInstanceOf(Promise);
    }
    // Of all that nobody waits for, one try a second at most while PostHog says nothing.
    expect(asked()).toBeLessThanOrEqual(before + tenants.length + 5);
  },
);
