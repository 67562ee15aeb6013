import { afterAll, beforeAll, expect, test } from "vitest";
import { bodyLimitsOf } from "~/api/http/body-limits";
import { createKey } from "~/server/keys/api-keys.server";
import { type FakePosthog, startFakePosthog } from "../fake-posthog/start";
import { type Api, ada, startApi } from "../support/api";
import { describedApi, type Route } from "../support/described-api";
import { feature, meteredFeature, plan } from "../support/facts";
import { hostileBodies, hostileHeaders, hostileQueries } from "../support/hostile-requests";
import { fresh, right } from "../support/right-requests";
import { isLong } from "../support/scale";
import { type CostlyRequest, type CostMeter, createCostMeter, createCostReport, isThreadCostKnown } from "../support/thread-cost";
import type { Sent } from "../support/walk";

let api: Api;
let fake: FakePosthog;
let meter: CostMeter;
let keys: { all: string; pub: string; none: null };
let routes: Route[];
beforeAll(async () => {
  fake = await startFakePosthog();
  const { projectKey, secretKey } = fake.state;
  const posthog = {
    POSTHOG_HOST: fake.origin,
    POSTHOG_PROJECT_API_KEY: projectKey,
    POSTHOG_SECRET_KEY: secretKey,
    POSTHOG_PROJECT_ID: "1",
  };
  api = await startApi("sqlite", { variables: { ...posthog, LATCHKEY_RATE_LIMIT: "0", LATCHKEY_BROWSER_RATE_LIMIT: "0" } });
  await api.catalogue([feature("sso"), meteredFeature("calls")], [plan("starter", { calls: 1000 })]);
  await api.tenant("acme", { name: "Acme", plan: "starter" });
  const make = (more: object) =>
    createKey(api.services, ada, { name: "cost", scopes: ["check", "usage", "manage"], expiresAt: null, ...more });
  const pub = await make({ kind: "pub", scopes: ["check"], tenant: "acme", origins: ["https://a.b"] });
  keys = { all: (await make({})).key, pub: pub.key, none: null };
  routes = (await describedApi(api.routes)).routes;
  meter = createCostMeter();
});
afterAll(async () => {
  await meter.stop();
  await api.stop();
  await fake.close();
});

const descriptionOf = (id: string) => api.routes.find(({ description }) => description?.id === id)?.description;

function requestOf({ method, path, operation }: Route, { params = {}, query = {}, body, text }: Sent, key: string | null): CostlyRequest {
  const search = new URLSearchParams(query as Record<string, string>).toString();
  const [type] = Object.keys(operation.requestBody?.content ?? {});
  const sent = text ?? (body === undefined ? undefined : JSON.stringify(body));
  return {
    method,
    url: `${api.origin}${path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(params[name] ?? "x"))}${search && `?${search}`}`,
    headers: {
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      ...(sent === undefined ? {} : { "content-type": type ?? "application/json" }),
    },
    body: sent,
  };
}

/** Names of fields at the top of a body, in whatever shape it may have. */
function fieldsOf(schema: unknown): string[] {
  if (typeof schema !== "object" || schema === null) return [];
  const { properties = {}, anyOf = [], oneOf = [] } = schema as { properties?: object; anyOf?: unknown[]; oneOf?: unknown[] };
  return [...new Set([...Object.keys(properties), ...[...anyOf, ...oneOf].flatMap(fieldsOf)])];
}

const many = <T>(count: number, item: (i: number) => T) => Array.from({ length: count }, (_, i) => item(i));
/** Bodies of documented sizes. What they cost is what the route is for, and nothing within its limits may cost twice as much. */
const largest: { [id: string]: () => object } = {
  askMany: () => ({ checks: many(1_000, (t) => ({ tenant: `t${t}`, features: many(25, (f) => `feature_${t}_${f}`) })) }),
  reportUsage: () => ({ events: many(1_000, () => ({ tenant: "acme", feature: "calls", idempotencyKey: fresh() })) }),
  putTenant: () => ({ metadata: { a: many(3_300, () => []) } }),
  grant: () => ({ kind: "trial", days: 7, features: many(100, (f) => ({ feature: `f${f}`, value: many(40, () => 1) })) }),
  putPlan: () => ({ features: Object.fromEntries(many(5_000, (f) => [`feature_${f}`, 1])) }),
  putFeature: () => ({ type: "config", config: { kind: "text", options: many(1_000, (o) => `${o}${"x".repeat(190)}`) } }),
  resync: () => ({ tenants: many(1_000, (t) => `t${t}`) }),
};
/** Read in another process by a server that was built; tests/background.test.ts measures that. */
const elsewhere = ["importCatalogue"];
/** COSTS_ONLY measures operations whose name matches. */
const chosen = new RegExp(process.env.COSTS_ONLY ?? "");
/** Answers that end when the client goes. */
const streams = ["listenToChanges", "listenForFlags"];

test.runIf(isLong && isThreadCostKnown)(
  "whatever is sent to a route costs the thread that answers at most ten times a small request, or twice its largest documented body",
  async () => {
    const report = createCostReport();
    for (const route of routes) {
      const { operationId: id, requestBody } = route.operation;
      if (elsewhere.includes(id) || streams.includes(id) || !chosen.test(id)) continue;
      const make = right[id];
      if (!make) throw new Error(`Say in right-requests.ts how to ask ${id} rightly.`);
      const rightRequest = async (key: string | null = keys.all) => requestOf(route, await make(api, key ?? keys.all), key);
      for (let i = 0; i < 20; i++) await meter.once(await rightRequest());
      const small = await meter.typical(rightRequest);
      const sent = await make(api, keys.all);
      const large = largest[id];
      const honest = large ? await meter.typical(() => requestOf(route, { ...sent, body: large() }, keys.all), 3) : { ms: 0 };
      const limitMs = Math.max(10 * small.ms, 2 * honest.ms);
      const attack = async (what: string, request: CostlyRequest) => {
        report.add({ name: id, what, smallMs: small.ms, limitMs, ...(await meter.atLeast(request, limitMs)) });
      };

      const [content] = Object.values(requestBody?.content ?? {});
      const schema = content?.schema as { $ref?: string } | undefined;
      const names = route.operation.parameters.filter((p) => p.in === "query").map((p) => p.name);
      const scopes = route.operation["x-scopes"] ?? [];
      for (const [role, key] of Object.entries(keys)) {
        if (role === "pub" && !scopes.includes("check")) continue;
        const plain = requestOf(route, sent, key);
        for (const query of hostileQueries(role === "none" ? [] : names)) {
          await attack(`${role}, query ${query.slice(0, 20)}`, { ...plain, url: `${plain.url.replace(/\?.*/, "")}${query}` });
        }
        // Who is not let in by the first route is not by the others.
        for (const headers of role === "all" || route === routes[0] ? hostileHeaders() : []) {
          const [[name, value] = []] = Object.entries(headers);
          await attack(`${role}, header ${name}: ${value?.slice(0, 10)}`, { ...plain, headers: { ...plain.headers, ...headers } });
        }
        if (!requestBody || route.method === "GET") continue;
        const bodies = hostileBodies(
          (sent.body ?? {}) as object as { [name: string]: unknown },
          fieldsOf(schema),
          bodyLimitsOf(descriptionOf(id)),
        );
        for (const [what, body] of role === "none" ? bodies.slice(0, 8) : bodies) await attack(`${role}, ${what}`, { ...plain, body });
      }
    }
    report.show();
    expect(report.beyond()).toEqual([]);
  },
  600_000,
);
