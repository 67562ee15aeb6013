import Ajv2020 from "ajv/dist/2020";
import addFormats from "ajv-formats";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openApiDocument } from "~/api/openapi-document.server";
import { revokeKey } from "~/server/api-keys.server";
import { type Api, ada, startApi } from "../support/api";
import { addOn, configFeature, feature, meteredFeature, plan } from "../support/facts";
import { fromSchema, type JsonSchema } from "../support/from-schema";

/** FUZZ_REQUESTS=20000 for the full run, FUZZ_SEED to run one again. */
const requests = Number(process.env.FUZZ_REQUESTS ?? 3_000);
const seed = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31));
const atOnce = 20;

type Operation = {
  operationId: string;
  parameters: { name: string; in: string; required: boolean; schema: JsonSchema }[];
  requestBody?: { required: boolean; content: { [type: string]: { schema: JsonSchema; example?: unknown } } };
  responses: { [status: string]: { headers?: object; content?: { [type: string]: unknown } } };
  security: object[];
  "x-scopes"?: string[];
};
type Route = { method: string; path: string; operation: Operation };
type Way = "plain" | "plain" | "broken" | "bytes" | "stranger" | "scope" | "revoked" | "method";
type Case = { route: Route; way: Way; path: string; query: string; body: unknown; headers: Record<string, string> };

let api: Api;
let keys: { all: string; check: string; usage: string; manage: string; revoked: string };
let routes: Route[];
let document: JsonSchema;
const ajv = addFormats(new Ajv2020({ strict: false, allErrors: false }));
const validators = new Map<string, (value: unknown) => boolean>();
const seen = new Map<string, number>();

const known = {
  tenant: ["acme", "beta", "gone"],
  key: ["acme", "beta", "gone", "sso"],
  targetingKey: ["acme", "beta", "nobody"],
  feature: ["sso", "api_calls", "size", "tier", "none"],
  features: ["sso", "api_calls"],
  plan: ["starter", "premium", "boost", "none"],
  addOns: ["boost", "starter"],
  includes: ["starter", "premium"],
  id: ["gr_none", "gr_1"],
};

beforeAll(async () => {
  api = await startApi("sqlite", { variables: { LATCHKEY_RATE_LIMIT: "0", LOG_LEVEL: "error" } });
  await api.catalogue(
    [
      feature("sso"),
      meteredFeature("api_calls"),
      configFeature("size", { kind: "number", better: "higher" }),
      configFeature("tier", { kind: "text", options: ["a", "b"] }),
    ],
    [
      plan("starter", { api_calls: 1000 }),
      plan("premium", { sso: true }, { rank: 20, includes: "starter" }),
      addOn("boost", { api_calls: 5 }),
    ],
  );
  for (const key of ["acme", "beta"]) await api.tenant(key, { plan: "starter" });
  const granted = await api.trial("acme", "sso");
  known.id.push((granted.ok && granted.facts?.grants[0]?.id) || "gr_2");
  const revoked = await api.keyFor("check", "usage", "manage");
  const row = (await api.services.db.read.select().from(api.services.db.tables.apiKeys)).find((k) => k.scopes.length === 3);
  await revokeKey(api.services, ada, row?.id ?? "");
  keys = {
    all: await api.keyFor("check", "usage", "manage"),
    check: api.keys.check,
    usage: await api.keyFor("usage"),
    manage: api.keys.manage,
    revoked,
  };
  const described = openApiDocument(api.routes, { origin: null, exact: true });
  document = JSON.parse(JSON.stringify(described));
  ajv.addSchema(document, "api");
  routes = Object.entries(described.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation: operation as Operation })),
  );
});
afterAll(() => api.stop());

const inPointer = (part: string) => encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"));

function validate(place: string[], value: unknown): string | null {
  const pointer = `api#/${place.map(inPointer).join("/")}`;
  const validator = validators.get(pointer) ?? ajv.compile({ $ref: pointer });
  validators.set(pointer, validator);
  return validator(value) ? null : JSON.stringify((validator as { errors?: unknown }).errors).slice(0, 500);
}

const resolve = (ref: string) =>
  ref
    .split("/")
    .slice(1)
    .reduce((at: unknown, part) => (at as JsonSchema)[part], document) as JsonSchema;

/** Anything that is sent in a header or an address has to be written so that HTTP can hold it. */
const inHeader = (text: unknown) => String(text).replace(/[^\x20-\x7e]/g, "?");

function caseOf(route: Route): fc.Arbitrary<Case> {
  const { operation } = route;
  const of = (place: string) => operation.parameters.filter((p) => p.in === place);
  const values = (place: string) =>
    fc.record(
      Object.fromEntries(
        of(place).map((p) => [
          p.name,
          fc.oneof({ weight: 8, arbitrary: fromSchema(p.schema, resolve, known, p.name) }, { weight: 1, arbitrary: fc.string() }),
        ]),
      ),
      {
        requiredKeys: of(place)
          .filter((p) => p.required)
          .map((p) => p.name),
      },
    );
  const media = Object.entries(operation.requestBody?.content ?? {})[0]?.[1];
  const body = media
    ? fc.oneof({ weight: 6, arbitrary: fromSchema(media.schema, resolve, known) }, { weight: 2, arbitrary: fc.constant(media.example) })
    : fc.constant(undefined);
  const way = fc.constantFrom<Way>("plain", "plain", "plain", "plain", "broken", "bytes", "stranger", "scope", "revoked", "method");
  return fc
    .record({ way, path: values("path"), query: values("query"), headers: values("header"), body, junk: fc.jsonValue({ maxDepth: 3 }) })
    .map(({ way, path, query, headers, body, junk }) => ({
      route,
      way,
      path: route.path.replace(
        /\{(\w+)\}/g,
        (_, name) => encodeURIComponent(String((path as JsonSchema)[name]).replace(/\p{Surrogate}/gu, "?")) || "x",
      ),
      query: new URLSearchParams(
        Object.entries(query as JsonSchema).flatMap(([k, v]) => [v].flat().map((one) => [k, String(one).replace(/\p{Surrogate}/gu, "?")])),
      ).toString(),
      body: way === "broken" ? junk : body,
      headers: Object.fromEntries(Object.entries(headers as JsonSchema).map(([k, v]) => [k, inHeader(v)])),
    }));
}

async function send({ route, way, path, query, body, headers }: Case) {
  const { operation } = route;
  const key = way === "stranger" ? null : way === "revoked" ? keys.revoked : way === "scope" ? wrongKey(operation) : keys.all;
  const taken = routes.filter((r) => r.path === route.path).map((r) => r.method);
  const method = way === "method" ? (["PATCH", "DELETE", "POST", "PUT"].find((m) => !taken.includes(m)) as string) : route.method;
  const types = Object.keys(operation.requestBody?.content ?? {});
  const isText = types.length > 1;
  const text =
    way === "bytes"
      ? '{"a":"\u0000\ud800'
      : body === undefined
        ? undefined
        : isText && typeof body === "string"
          ? body
          : JSON.stringify(body);
  const sends = method !== "GET" && text !== undefined && types.length > 0;
  const answer = await fetch(`${api.origin}${path}${query && `?${query}`}`, {
    method,
    redirect: "manual",
    headers: { ...(key ? { authorization: `Bearer ${key}` } : {}), ...(sends ? { "content-type": types[0] as string } : {}), ...headers },
    body: sends ? text : undefined,
  });
  return { answer, sentBody: sends && way !== "bytes" ? { type: types[0] as string } : null };
}

const wrongKey = ({ "x-scopes": scopes = [] }: Operation) =>
  scopes.includes("manage") ? (scopes.includes("check") ? keys.usage : keys.check) : keys.manage;

async function check(one: Case): Promise<void> {
  const { route, way } = one;
  const { answer, sentBody } = await send(one);
  const { status } = answer;
  const type = answer.headers.get("content-type")?.split(";")[0] ?? "";
  const isStream = type === "text/event-stream";
  const text = isStream ? "" : await answer.text();
  if (isStream) await answer.body?.cancel();
  const what = `${way} ${route.method} ${one.path}?${one.query} ${JSON.stringify(one.body)} → ${status} ${text.slice(0, 300)}`;
  const { operationId, security, responses } = route.operation;
  const isGuarded = security.length > 0;
  const count = `${operationId} ${way === "method" ? "405" : status}`;
  seen.set(count, (seen.get(count) ?? 0) + 1);

  expect(status, what).toBeLessThan(500);
  // A dot alone, or two, is another address.
  if (status === 404 && text.includes('"not_found"')) return;
  if (way === "method") {
    expect([status, answer.headers.get("allow")?.includes(route.method)], what).toEqual([405, true]);
    return;
  }
  if (isGuarded && (way === "stranger" || way === "revoked")) expect(status, what).toBe(401);
  if (isGuarded && way === "scope") expect(status, what).toBe(403);
  if (status === 401 && isGuarded) expect(answer.headers.get("www-authenticate"), what).toMatch(/^Bearer /);
  const described = responses[status];
  expect(described, `not described: ${what}`).toBeDefined();
  const types = Object.keys(described?.content ?? {});
  if (types.length === 0) expect(text, what).toBe("");
  else {
    expect(types, what).toContain(type);
    const place = ["paths", route.path, route.method.toLowerCase(), "responses", String(status), "content", type, "schema"];
    if (type.endsWith("json")) expect(validate(place, JSON.parse(text)), what).toBeNull();
  }
  // What the description does not allow is refused.
  if (sentBody && status < 300 && sentBody.type === "application/json") {
    const place = ["paths", route.path, route.method.toLowerCase(), "requestBody", "content", sentBody.type, "schema"];
    expect(validate(place, JSON.parse(JSON.stringify(one.body))), `taken although it does not fit: ${what}`).toBeNull();
  }
}

test(`${requests} requests made from the description: no 5xx, every answer as described, nobody gets past the door (FUZZ_SEED=${seed})`, async () => {
  const cases = fc.array(fc.oneof(...routes.map(caseOf)), { minLength: atOnce, maxLength: atOnce });
  console.info(`FUZZ_SEED=${seed}`);
  await fc.assert(
    fc.asyncProperty(cases, async (list) => {
      const results = await Promise.allSettled(list.map(check));
      const failed = results.find((r) => r.status === "rejected");
      if (failed) throw failed.reason;
    }),
    { seed, numRuns: Math.ceil(requests / atOnce), endOnFailure: true },
  );
  // All of it was reached: each operation gave at least one answer of success. A short run with a random seed cannot promise that.
  const succeeded = new Set([...seen.keys()].filter((k) => / 2\d\d$/.test(k)).map((k) => k.split(" ")[0]));
  const never = routes.map((r) => r.operation.operationId).filter((id) => !succeeded.has(id));
  if (requests >= 20_000) expect(never.filter((id) => !["listenForFlags"].includes(id))).toEqual([]);
  if (requests > 3_000)
    console.info(
      [...seen]
        .sort()
        .map(([k, n]) => `${k}: ${n}`)
        .join("\n"),
    );
}, 600_000);
