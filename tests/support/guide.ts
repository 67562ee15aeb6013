import { onTestFinished } from "vitest";
import { createLatchkey, type Decision } from "../../client/index";
import type { TestAppOptions } from "./app";
import { importText } from "./import-text";
import { until } from "./poll";
import { startPosthogApp } from "./posthog";

/** AI search belongs to PRO; a flag of PostHog's may give it to others. */
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

/** Latchkey with two tenants, a PostHog beside it, and an app that asks it. Ends with the test. */
export async function startGuide(options: TestAppOptions = {}) {
  const app = await startPosthogApp(options);
  onTestFinished(() => app.close());
  await importText(app.services, catalogue);
  const latchkey = createLatchkey({ url: app.url, key: await app.apiKey("check") });
  const decide = (tenant: string, feature: string) => {
    // What a test changes counts at once, and not after the half minute for which the client keeps an answer.
    latchkey.forget();
    return latchkey.decide(tenant, feature);
  };
  return Object.assign(app, {
    latchkey,
    decide,
    /** Once flags were asked again, as they are each half minute. */
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
