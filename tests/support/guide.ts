import { onTestFinished } from "vitest";
import { createLatchkey, type Decision } from "../../client/index";
import type { TestAppOptions } from "./app";
import { importText } from "./import-text";
import { until } from "./poll";
import { startPosthogApp } from "./posthog";

/** AI search is in PRO; a PostHog flag may give it to others. */
const catalogue = `
latchkey: 1
features:
  search: Search
  ai_search: { name: AI search, flag: { key: ai-search, rule: grant, whenUnknown: last } }
plans:
  basic: { name: BASIC, features: [search] }
  pro: { name: PRO, includes: basic, features: [ai_search] }
tenants:
  acme: { name: Acme, plan: basic }
  globex: { name: Globex, plan: pro }
`;

/** Latchkey with two tenants, a PostHog stand-in, and an app that uses it. Ends with the test. */
export async function startGuide(options: TestAppOptions = {}) {
  const app = await startPosthogApp(options);
  onTestFinished(() => app.close());
  await importText(app.services, catalogue);
  const latchkey = createLatchkey({ url: app.url, key: await app.apiKey("check") });
  const decide = (tenant: string, feature: string) => {
    // Applies a test's change at once instead of after the client's cache time of half a minute.
    latchkey.forget();
    return latchkey.decide(tenant, feature);
  };
  return Object.assign(app, {
    latchkey,
    decide,
    /** Waits until flags were refreshed, as every half minute. */
    becomes: (tenant: string, feature: string, is: (decision: Decision) => boolean) =>
      until(
        async () => {
          app.clock.now += 31_000;
          const decision = await decide(tenant, feature);
          return is(decision) ? decision : undefined;
        },
        15_000,
        () => `${feature} of ${tenant} did not become what it should`,
      ),
  });
}
