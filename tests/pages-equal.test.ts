import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { catalogueChange } from "~/core/catalogue/catalogue-changes";
import { day, hour, isoTime } from "~/core/time";
import { paths } from "~/paths";
import { changeCatalogue } from "~/server/changes/catalogue-change.server";
import {
  type ApiAnswers,
  type GrantItem,
  type ReadApi,
  readAllItems,
  readAnswers,
  readEntitlements,
  type TenantItem,
} from "./support/answers-of-api";
import { startTestApp, type TestApp } from "./support/app";
import { comparedCatalogue, comparedTrials, comparedUsage } from "./support/compared-lists";
import { answeredOverview, comparedList, comparedTenants, readOverview } from "./support/compared-tenants";
import { ada, addOn, configFeature, feature, meteredFeature, plan } from "./support/facts";
import type { Compared, ReadPage } from "./support/page-parts";
import { isLong } from "./support/scale";
import { engines, migratedDatabaseUrl } from "./support/services";

const options = ["low", "mid", "top"];
const features = [
  feature("sso", { name: "Single sign-on", group: "Security" }),
  feature("audit", { name: "Audit & trail", group: "Security" }),
  meteredFeature("calls", { unit: "calls" }, { name: "API calls", group: "API" }),
  meteredFeature("jobs", { resetPeriod: "day" }, { name: "Jobs" }),
  meteredFeature("seats", { resetPeriod: "never", soft: true, unit: "seats" }, { name: "Seats" }),
  configFeature("tier", { kind: "text", options }, { name: "Support tier", group: "API" }),
];
const plans = [
  plan("free", { calls: 10, tier: "low" }, { name: "Free", rank: 1 }),
  plan("pro", { sso: true, calls: 40, jobs: 20, seats: 5 }, { name: "Pro", rank: 2, includes: "free" }),
  plan("big", { audit: true, calls: "unlimited", tier: "top" }, { name: "Big", rank: 3, includes: "pro" }),
  addOn("boost", { calls: 20, audit: true }, { name: "Boost" }),
  addOn("none", { jobs: 0 }, { name: "No jobs" }),
];
const tenants = ["acme", "bolt", "core", "dune"];
const of = <T>(list: readonly T[], n: number): T => list[n % list.length] as T;

/** `open`: the tenant's grants that are not over. */
type Act = { tenant: string; feature: string; n: number; now: number; open: string[] };
type Call = [method: string, path: string, body: object];
let sent = 0;

const granted = (key: string, n: number) =>
  key === "tier" ? of(options, n) : ["calls", "jobs", "seats"].includes(key) ? (n % 7 === 0 ? "unlimited" : n) : undefined;
/** From an hour to 20 days after an instant. */
const later = (from: number, n: number) => isoTime(from + (n % 2 === 0 ? 1 + n : 8 * n) * hour);

const acts = {
  trial: ({ tenant, feature, n, now }) => {
    const startsAt = now + (n % 3 === 0 ? n * hour : 0);
    const body = { kind: "trial", feature, value: granted(feature, n), startsAt: isoTime(startsAt), endsAt: later(startsAt, n) };
    return ["POST", `/api/tenants/${tenant}/grants`, body];
  },
  bundle: ({ tenant, n, now }) => {
    const body = { plan: of(["pro", "big", "boost"], n), endsAt: later(now, n) };
    return ["POST", `/api/tenants/${tenant}/bundles`, body];
  },
  override: ({ tenant, feature, n, now }) => {
    const effect = n % 3 === 0 ? "deny" : "allow";
    const value = effect === "allow" ? granted(feature, n) : undefined;
    const endsAt = n % 4 === 0 ? null : later(now, n);
    return ["POST", `/api/tenants/${tenant}/grants`, { kind: "override", feature, effect, value, endsAt }];
  },
  extend: ({ open, n }) => ["POST", `/api/grants/${of(open, n)}/extend`, { days: 1 + (n % 9) }],
  end: ({ open, n }) => ["POST", `/api/grants/${of(open, n)}/end`, {}],
  convert: ({ open, n }) => ["POST", `/api/grants/${of(open, n)}/convert`, {}],
  plan: ({ tenant, n }) => ["PUT", `/api/tenants/${tenant}`, { plan: of(["free", "pro", null, "big"], n) }],
  addOns: ({ tenant, n }) => ["PUT", `/api/tenants/${tenant}`, { addOns: of([[], ["boost"], ["none"], ["boost", "none"]], n) }],
  status: ({ tenant, n }) => ["PUT", `/api/tenants/${tenant}`, { status: of(["suspended", "active"], n) }],
  schedule: ({ tenant, n, now }) => {
    const change = of([{ plan: "pro" }, { plan: null }, { addOns: { add: ["boost"] } }, { status: "suspended" }], n);
    return ["POST", `/api/tenants/${tenant}/scheduled`, { at: isoTime(now + (1 + n) * hour), ...change }];
  },
  use: ({ tenant, n }) => {
    const event = { tenant, feature: of(["calls", "jobs", "seats"], n), action: n % 5 === 0 ? "set" : "add", quantity: n % 11 };
    return ["POST", "/api/usage", { events: [{ ...event, idempotencyKey: `k${++sent}` }] }];
  },
} satisfies { [name: string]: (act: Act) => Call };

const step = fc.record({
  act: fc.constantFrom(...(Object.keys(acts) as (keyof typeof acts)[]), "use" as const, "trial" as const),
  tenant: fc.constantFrom(...tenants),
  feature: fc.constantFrom(...features.map(({ key }) => key)),
  n: fc.integer({ min: 1, max: 60 }),
  wait: fc.constantFrom(0, hour, 7 * hour, day, 3 * day),
});

describe.each(engines)("on %s", (engine) => {
  let app: TestApp;
  let key: string;
  let remove: () => void;
  let admins = 0;
  /** What was done without a refusal, and which marks were seen. */
  const seen = new Set<string>();

  beforeAll(async () => {
    const database = await migratedDatabaseUrl(engine);
    remove = database.remove;
    app = await startTestApp({ env: { DATABASE_URL: database.url, LATCHKEY_RATE_LIMIT: "0" } });
    key = await app.apiKey("check", "usage", "manage");
    await changeCatalogue(app.services, ada, (_facts, stamp) => ({
      ok: true,
      change: catalogueChange("catalogue.imported", { features, plans }, stamp, null),
    }));
    for (const tenant of tenants) await send(["PUT", `/api/tenants/${tenant}`, { name: tenant, plan: "free" }]);
  });
  afterAll(async () => {
    await app.close();
    remove();
  });

  const headers = () => ({ authorization: `Bearer ${key}`, "content-type": "application/json" });
  const get: ReadApi = async (path) => {
    const response = await fetch(app.url + path, { headers: headers() });
    if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
    return response.json();
  };
  async function send([method, path, body]: Call): Promise<boolean> {
    const response = await fetch(app.url + path, { method, headers: headers(), body: JSON.stringify(body) });
    if (response.status >= 500) throw new Error(`${method} ${path}: ${await response.text()}`);
    return response.ok;
  }
  const openGrants = async (tenant: string): Promise<GrantItem[]> => {
    const states = ["live", "upcoming"].map((state) => readAllItems<GrantItem>(get, `/api/tenants/${tenant}/grants?state=${state}`));
    return (await Promise.all(states)).flat();
  };

  async function take({ act, tenant, feature, n, wait }: typeof step extends fc.Arbitrary<infer Step> ? Step : never): Promise<void> {
    const open = (await openGrants(tenant)).map(({ grant }) => grant.id);
    const call = acts[act]({ tenant, feature, n, now: app.clock.now, open: open.length > 0 ? open : ["gr_none"] }) as Call;
    if (await send(call)) seen.add(act);
    app.clock.now += 1 + wait;
  }

  /** A new session, because one ends after seven days. */
  async function browse(): Promise<ReadPage> {
    const admin = await app.signIn("admin", `adm_${++admins}`);
    return async (path) => {
      const response = await admin.get(path);
      expect([path, response.status]).toEqual([path, 200]);
      return response.text();
    };
  }

  async function* comparedLists(read: ReadPage, api: ApiAnswers): AsyncGenerator<Compared> {
    for (const compared of [comparedList, comparedUsage, comparedTrials, comparedCatalogue]) yield* compared(read, api);
  }

  /** Writes what follows the clock, as the background process does. */
  async function sweep(): Promise<void> {
    await app.services.schedules.sweep();
    await app.services.figures.pass();
  }

  /** A suspended tenant's page shows what it has once it is reinstated. */
  async function expectReinstated(read: ReadPage, { key: tenant }: TenantItem): Promise<void> {
    const { shown, listed } = readOverview(await read(paths.tenant(tenant)));
    await send(["PUT", `/api/tenants/${tenant}`, { status: "active" }]);
    expect([tenant, shown]).toEqual([tenant, answeredOverview(await readAnswers(get, app.clock.now), tenant, listed)]);
  }

  /** A grant is marked as redundant exactly if its end leaves the answer as it is. */
  async function expectMarked(read: ReadPage, tenant: string): Promise<void> {
    const { listed, redundant } = readOverview(await read(paths.tenant(tenant)));
    const item = (await openGrants(tenant)).find(({ state, grant }) => state === "live" && listed.includes(grant.id));
    if (!item) return;
    const { id, feature } = item.grant;
    const answer = async () => {
      const { entitled, value, limit } = (await readEntitlements(get, tenant)).get(feature) ?? {};
      return { entitled, value, limit };
    };
    const before = await answer();
    expect(await send(["POST", `/api/grants/${id}/end`, {}])).toBe(true);
    const after = await answer();
    const isRedundant = JSON.stringify(before) === JSON.stringify(after);
    expect([tenant, feature, before, after, redundant.includes(id)]).toEqual([tenant, feature, before, after, isRedundant]);
    seen.add(isRedundant ? "redundant" : "needed");
  }

  test(
    "after any grants, ends, changes of plan and usage, pages show what the API answers",
    async () => {
      const property = fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 12 }), async (steps) => {
        for (const one of steps) await take(one);
        const read = await browse();
        const expectEqual = async (all: AsyncGenerator<Compared>) => {
          for await (const { page, shown, answered } of all) expect([page, shown]).toEqual([page, answered]);
        };
        // Before what is due has been written into rows, and afterwards.
        await expectEqual(comparedTenants(read, await readAnswers(get, app.clock.now)));
        await sweep();
        const api = await readAnswers(get, app.clock.now);
        await expectEqual(comparedTenants(read, api));
        await expectEqual(comparedLists(read, api));
        for (const tenant of api.tenants.filter(({ status }) => status === "suspended")) await expectReinstated(read, tenant);
        for (const tenant of tenants) await expectMarked(read, tenant);
      });
      // Runs follow each other in one world, so a failure cannot be repeated with fewer steps.
      await fc.assert(property, { numRuns: isLong ? 100 : 8, endOnFailure: true });
      expect(seen.size).toBeGreaterThan(8);
    },
    isLong ? 2_400_000 : 240_000,
  );

  test("another digit, instant or tenant on any of these pages is a difference", async () => {
    await sweep();
    const read = await browse();
    const api = await readAnswers(get, app.clock.now);
    const next = (text: string) => text.replace(/\d/g, (digit) => String((Number(digit) + 1) % 10));
    const readOther: ReadPage = async (path) =>
      (await read(path))
        .replace(/>[^<]+</g, next)
        .replace(/datetime="[^"]+"/gi, next)
        .replace(/"\/tenants\/acme/g, '"/tenants/other');
    const others: Compared[] = [];
    for (const compared of [comparedTenants, comparedLists]) for await (const one of compared(readOther, api)) others.push(one);
    let differing = 0;
    for (const { page, shown, answered } of others) {
      if (!/acme|\d/.test(JSON.stringify(answered ?? null))) continue;
      expect([page, shown]).not.toEqual([page, answered]);
      differing += 1;
    }
    expect(differing).toBeGreaterThan(20);
  });
});
