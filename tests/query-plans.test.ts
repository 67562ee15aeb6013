import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { beginSession } from "~/server/admins/sessions.server";
import { insertAdmin } from "~db/store/admins.server";
import { type FakePosthog, startFakePosthog } from "./fake-posthog/start";
import { type Api, startApi } from "./support/api";
import { describedApi } from "./support/described-api";
import { feature, meteredFeature, plan } from "./support/facts";
import { featureKey, fillLargeDataset, planKey, tenantKey } from "./support/large-dataset";
import { pageAddresses } from "./support/page-addresses";
import { recordStatements } from "./support/recorded-statements";
import { remixBuild } from "./support/remix-build";
import { right } from "./support/right-requests";
import { explainOn } from "./support/rows-read";
import { engines } from "./support/services";
import { createWalk } from "./support/walk";

const maxRows = 10_000;

/** Statements that read more, all of them on threads or connections that answer no check, and why that is so. */
const exceptions: { [reason: string]: RegExp } = {
  "the total of a list of tenants, which its page shows": /^select count\(\*\) from "tenants"/,
  "the total of what waits for PostHog, which its page shows": /^select count\(\*\) from "outbox"/,
  "counts per plan and status, read at most every 10 s": /^select "plan", "status", count\(\*\) from "tenants" group by/,
  "words of one or two characters, which have no trigram": /"words" like/,
  "part of a name, which no index of both engines finds": /"search_text" like/,
  "tenants with a live trial in order of name: there are more than 10,000": /in \(select "tenant" from "grants"/,
  "live trials in order of their start, of which those that are live are sorted": /order by coalesce\("grants"\."starts_at"/,
  "in order of plan, those without one first, which PostgreSQL's index has last": /order by "tenants"\."plan" (asc|desc) nulls/,
};

const recorder = recordStatements();
afterAll(() => recorder.restore());

describe.each(engines)("on %s at 100,000 tenants", (engine) => {
  let api: Api;
  let fake: FakePosthog;
  beforeAll(async () => {
    fake = await startFakePosthog();
    const posthog = { POSTHOG_PROJECT_API_KEY: fake.state.projectKey, POSTHOG_HOST: fake.origin };
    api = await startApi(engine, { build: await remixBuild(), variables: { ...posthog, LATCHKEY_RATE_LIMIT: "0" } });
    await fillLargeDataset(api.services, api.url, { tenants: 100_000, plans: 200, features: 300, entriesPerPlan: 50, days: 30 });
    await api.catalogue([feature("sso"), meteredFeature("calls")], [plan("starter", { sso: true, calls: 100 })]);
    await api.tenant("acme", { plan: "starter" });
    // The feed of the rows that were filled in is read before anything is recorded.
    await api.get("/api/entitlements?tenant=acme&feature=sso");
  }, 300_000);
  afterAll(async () => {
    await api.stop();
    await fake.close();
  });

  async function ownersCookie(): Promise<string> {
    const { services } = api;
    const { db } = services;
    const owner = { id: "adm_owner", email: "owner@example.com", name: "The owner", role: "owner" as const, createdBy: "test" };
    const cookie = await db.transaction([], async (tx) => {
      await insertAdmin(tx, db.tables, { ...owner, createdAt: new Date(services.now()), passwordHash: "none" });
      return beginSession(tx, services, owner.id, new Request(api.origin));
    });
    return cookie.split(";")[0] as string;
  }

  test("no page and no operation of the API reads more than 10,000 rows of a table in one statement", async () => {
    const cookie = await ownersCookie();
    const key = await api.keyFor("check", "usage", "manage");
    const known = { plan: planKey(0), feature: featureKey(1), tenant: tenantKey(40), grant: "gr_80", seq: "1", id: "adm_owner" };
    const statuses: [string, number][] = [];
    for (const address of pageAddresses(known)) {
      recorder.during(`GET ${address}`);
      const answer = await fetch(api.origin + address, { headers: { cookie, accept: "text/html" }, redirect: "manual" });
      await answer.text();
      statuses.push([address, answer.status]);
    }
    const walk = await createWalk(api, new Set());
    for (const { operation } of (await describedApi(api.routes)).routes) {
      const id = operation.operationId;
      const sent = right[id];
      if (!sent || ["listenToChanges", "listenForFlags"].includes(id)) continue;
      recorder.during(null);
      const asked = await sent(api);
      recorder.during(id);
      const answer = await walk.ask(id, key, asked);
      statuses.push([id, answer.status]);
    }
    recorder.during(null);
    expect(statuses.filter(([, status]) => status >= 400 && status !== 404 && status !== 409)).toEqual([]);

    const explain = await explainOn(engine, api.url, maxRows);
    const found: string[] = [];
    const statements = recorder.take();
    for (const statement of statements) {
      for (const { table, rows, plan } of await explain.scansOf(statement)) {
        if (!Object.values(exceptions).some((pattern) => pattern.test(statement.sql)))
          found.push(`${statement.by}: ${rows ?? "all"} of ${table} (${plan}): ${statement.sql}`);
      }
    }
    await explain.close();
    expect(found).toEqual([]);
    expect(statements.length).toBeGreaterThan(60);
  }, 300_000);
});
