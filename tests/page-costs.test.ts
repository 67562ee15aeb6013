import { afterAll, beforeAll, expect, test } from "vitest";
import { type FakePosthog, startFakePosthog } from "./fake-posthog/start";
import { type Browser, startTestApp, type TestApp } from "./support/app";
import { hostileHeaders, hostileQueries } from "./support/hostile-requests";
import { pageAddresses } from "./support/page-addresses";
import { isLong } from "./support/scale";
import { putAs, seedCatalogue, trialAs } from "./support/tenant-world";
import { type CostlyRequest, type CostMeter, createCostMeter, createCostReport, isThreadCostKnown } from "./support/thread-cost";

let app: TestApp;
let fake: FakePosthog;
let meter: CostMeter;
let visitors: { [role: string]: Browser };
let known: { [parameter: string]: string };
beforeAll(async () => {
  fake = await startFakePosthog();
  const { projectKey, secretKey } = fake.state;
  const posthog = {
    POSTHOG_HOST: fake.origin,
    POSTHOG_PROJECT_API_KEY: projectKey,
    POSTHOG_SECRET_KEY: secretKey,
    POSTHOG_PROJECT_ID: "1",
  };
  app = await startTestApp({ env: posthog });
  await seedCatalogue(app);
  await putAs(app, "acme", { name: "Acme", plan: "starter" });
  const grant = await trialAs(app, "acme", "sso");
  known = { tenant: "acme", plan: "starter", feature: "sso", seq: "1", id: "adm_owner", token: "x", grant };
  visitors = { owner: await app.signIn("owner"), viewer: await app.signIn("viewer"), nobody: app.browser() };
  meter = createCostMeter();
});
afterAll(async () => {
  await meter.stop();
  await app.close();
  await fake.close();
});

const cookieOf = ({ cookies }: Browser) => [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
const pageOf = (address: string, visitor: Browser): CostlyRequest => ({
  method: "GET",
  url: app.url + address,
  headers: { accept: "text/html", cookie: cookieOf(visitor) },
});
/** COSTS_ONLY measures addresses that match. */
const chosen = new RegExp(process.env.COSTS_ONLY ?? "");
/** Parameters of lists. */
const parameters = ["q", "sort", "page", "plan", "actor"];

test.runIf(isLong && isThreadCostKnown)(
  "whatever an address or a header holds, a page costs the thread that answers at most ten times what it costs without",
  async () => {
    const report = createCostReport();
    const addresses = pageAddresses(known).filter((address) => !address.includes("?") && chosen.test(address));
    for (const address of addresses) {
      for (const [role, visitor] of Object.entries(visitors)) {
        const plain = pageOf(address, visitor);
        await meter.once(plain);
        const small = await meter.typical(() => plain, 3);
        const limitMs = 10 * small.ms;
        const attack = async (what: string, request: CostlyRequest) =>
          report.add({ name: `${role} ${address}`, what, smallMs: small.ms, limitMs, ...(await meter.atLeast(request, limitMs)) });
        const queries = hostileQueries(role === "owner" ? parameters : []);
        for (const query of role === "owner" ? queries : queries.slice(0, 2))
          await attack(`query ${query.slice(0, 20)}`, { ...plain, url: plain.url + query });
        // What reads headers is the same for all pages.
        if (!["/", "/tenants", "/sign-in"].includes(address)) continue;
        for (const headers of hostileHeaders()) {
          const [[name = "", value = ""] = []] = Object.entries(headers);
          const cookie = `${plain.headers?.cookie}; ${headers.cookie ?? ""}`;
          await attack(`header ${name}: ${value.slice(0, 10)}`, { ...plain, headers: { ...plain.headers, ...headers, cookie } });
        }
      }
    }
    report.show();
    expect(report.beyond()).toEqual([]);
  },
  600_000,
);
