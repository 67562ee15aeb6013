import fc from "fast-check";
import { afterEach, beforeAll, expect, test } from "vitest";
import { createKey, revokeKey } from "~/server/keys/api-keys.server";
import { type FakePosthog, startFakePosthog } from "../fake-posthog/start";
import { type Api, ada, startApi } from "../support/api";
import { type Answer, type DescribedApi, describedApi, type Operation, type Route, type Sent } from "../support/described-api";
import { addOn, configFeature, feature, meteredFeature, now, plan } from "../support/facts";
import { type Case, caseOf, extraField, type Way } from "../support/fuzz-cases";
import { createPools, type Pools, unknownKey } from "../support/fuzz-pools";
import { isLong } from "../support/scale";

/** FUZZ_REQUESTS for a shorter or a longer run, FUZZ_SEED to run one again. */
const requests = Number(process.env.FUZZ_REQUESTS ?? (isLong ? 20_000 : 2_000));
const seed = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31));
const batchSize = 20;
/** A run of this length reaches all that there is, whatever its seed. */
const wholeRun = 10_000;

const boundTo = "acme";
const guardedWays: { [W in Way]?: number } = { stranger: 401, forged: 401, mistyped: 401, revoked: 401, expired: 401, scope: 403 };

let api: Api;
let fake: FakePosthog;
beforeAll(() => console.info(`FUZZ_SEED=${seed}`));
afterEach(async () => {
  await api.stop();
  await fake.close();
});

async function startWorld(engine: "sqlite" | "postgres") {
  fake = await startFakePosthog();
  const { projectKey, secretKey } = fake.state;
  const posthog = {
    POSTHOG_HOST: fake.origin,
    POSTHOG_PROJECT_API_KEY: projectKey,
    POSTHOG_SECRET_KEY: secretKey,
    POSTHOG_PROJECT_ID: "1",
  };
  // A flag's key is drawn as any other key is.
  for (const key of [boundTo, "beta"]) fake.state.setFlag({ key });
  api = await startApi(engine, { variables: { ...posthog, LATCHKEY_RATE_LIMIT: "0", LOG_LEVEL: "error" } });
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
  for (const key of [boundTo, "beta"]) await api.tenant(key, { plan: "starter" });
  await api.trial(boundTo, "sso");
  const make = (more: object) =>
    createKey(api.services, ada, { name: "fuzz", scopes: ["check", "usage", "manage"], expiresAt: null, ...more });
  const revoked = await make({});
  await revokeKey(api.services, ada, revoked.id);
  const keys = {
    all: (await make({})).key,
    bound: (await make({ tenant: boundTo })).key,
    expired: (await make({ expiresAt: now })).key,
    revoked: revoked.key,
    forged: unknownKey(),
    check: api.keys.check,
    usage: await api.keyFor("usage"),
    manage: api.keys.manage,
  };
  const described = await describedApi(api.routes);
  const pools = createPools();
  pools.add("tenant", boundTo, "beta", "gamma", "delta");
  pools.add("plan", "starter", "premium", "solo", "team");
  pools.add("addon", "boost", "extra");
  pools.add("feature", "sso", "api_calls", "size", "tier", "fresh-one");
  return { keys, described, pools, seen: new Map<string, number>() };
}
type World = Awaited<ReturnType<typeof startWorld>>;

const wrongKey = (keys: World["keys"], { "x-scopes": scopes = [] }: Operation) =>
  scopes.includes("manage") ? (scopes.includes("check") ? keys.usage : keys.check) : keys.manage;

function keyFor({ keys }: World, { way, route }: Case): string | null {
  if (way === "stranger") return null;
  if (way === "mistyped") return `${keys.all.slice(0, -1)}${keys.all.endsWith("0") ? "1" : "0"}`;
  if (way === "scope") return wrongKey(keys, route.operation);
  return way === "bound" || way === "expired" || way === "revoked" || way === "forged" ? keys[way] : keys.all;
}

/** What HTTP can hold: a header is ASCII, an address has no half of a surrogate pair. */
const inHeader = (text: unknown) =>
  String(text)
    .replace(/[^\x20-\x7e]/g, "?")
    .trim();
const inAddress = (text: unknown) => String(text).replace(/\p{Surrogate}/gu, "?");

type Asked = Sent & { url: string; method: string; text: string | undefined; isJson: boolean };

function readyToSend(one: Case, pools: Pools): Asked {
  const { route, way } = one;
  const { operationId, requestBody } = route.operation;
  const place = { operation: operationId, path: route.path };
  const path = Object.fromEntries(Object.entries(one.path).map(([k, v]) => [k, inAddress(pools.filled(v, place)) || "x"]));
  const address = route.path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(path[name] as string));
  const here = { ...place, path: address };
  const query = Object.fromEntries(
    Object.entries(one.query).map(([k, v]) => [
      k,
      Array.isArray(v) ? v.map((x) => inAddress(pools.filled(x, here))) : inAddress(pools.filled(v, here)),
    ]),
  );
  const params = new URLSearchParams(Object.entries(query).flatMap(([k, v]) => [v].flat().map((x) => [k, x])));
  const taken = routes(route.path);
  const method = way === "method" ? (["PATCH", "DELETE", "POST", "PUT"].find((m) => !taken.includes(m)) as string) : route.method;
  const value = pools.filled(one.body, here);
  const [type] = Object.keys(requestBody?.content ?? {});
  const isFile = type !== "application/json";
  const text =
    way === "bytes"
      ? '{"a":"\u0000\ud800'
      : value === undefined
        ? undefined
        : isFile && typeof value === "string"
          ? value
          : JSON.stringify(value);
  const isSent = type !== undefined && text !== undefined && method !== "GET";
  return {
    url: `${address}${params.size > 0 ? `?${params}` : ""}`,
    method,
    path,
    query,
    text: isSent ? text : undefined,
    isJson: isSent && !isFile,
    body: isSent && way !== "bytes" ? { type: type as string, value: JSON.parse(JSON.stringify(value)) } : null,
  };
}

const methodsOf = new Map<string, string[]>();
const routes = (path: string) => methodsOf.get(path) ?? [];

async function send(world: World, one: Case, asked: Asked): Promise<Answer> {
  const key = keyFor(world, one);
  const headers: Record<string, string> = {};
  const address = { operation: one.route.operation.operationId, path: asked.url.replace(/\?.*/, "") };
  for (const [name, value] of Object.entries(one.headers)) headers[name] = inHeader(world.pools.filled(value, address));
  if (key !== null) Object.assign(headers, one.byOtherHeader ? { "x-api-key": key } : { authorization: `Bearer ${key}` });
  const [type] = Object.keys(one.route.operation.requestBody?.content ?? {});
  if (asked.text !== undefined) headers["content-type"] = one.way === "media" ? "text/html" : (type as string);
  const answer = await fetch(api.origin + asked.url, { method: asked.method, redirect: "manual", headers, body: asked.text });
  const isStream = answer.headers.get("content-type")?.startsWith("text/event-stream");
  if (isStream) await answer.body?.cancel();
  return { status: answer.status, headers: answer.headers, text: isStream ? "" : await answer.text() };
}

/** Every `tenant` that an answer names, apart from what it says of questions that it refused. */
function tenantsIn(value: unknown): unknown[] {
  if (typeof value !== "object" || value === null || "error" in value) return [];
  return Object.entries(value).flatMap(([k, v]) => (k === "tenant" && typeof v === "string" ? [v] : tenantsIn(v)));
}

/** Answers are promises about what comes after: what was deleted is gone, what was created is there. */
type Promised = { path: string; isThere: boolean };

async function check(world: World, one: Case): Promise<Promised[]> {
  const asked = readyToSend(one, world.pools);
  const answer = await send(world, one, asked);
  const fault = faultOf(world, one, asked, answer);
  if (fault !== null) {
    const { method, url, text } = asked;
    throw new Error(
      `${fault}: ${one.way} ${method} ${url} ${text} ${JSON.stringify(one.headers)} → ${answer.status} ${answer.text.slice(0, 300)}`,
    );
  }
  return one.way !== "method" && answer.status < 300 ? learn(world, one, asked, answer) : [];
}

/** A dot alone, or two, is another address. */
const isElsewhere = ({ url }: Asked) => new URL(api.origin + url).pathname !== url.replace(/\?.*/, "");

/** What is wrong with an answer; null: nothing. */
function faultOf({ described, seen, pools }: World, { route, way }: Case, asked: Asked, answer: Answer): string | null {
  const { status, headers, text } = answer;
  const { operationId, security } = route.operation;
  if (status >= 500) return "it failed inside";
  if (isElsewhere(asked)) return null;
  if (way === "method") {
    const allowed = headers.get("allow")?.split(", ");
    return status === 405 && allowed?.includes(route.method) ? null : "another method is not refused with those that would do";
  }
  seen.set(`${operationId} ${status}`, (seen.get(`${operationId} ${status}`) ?? 0) + 1);
  const undescribed = described.undescribed(route, answer);
  if (undescribed) return undescribed;

  if (status === 401 && !headers.get("www-authenticate")?.startsWith("Bearer ")) return "it does not say which key is wanted";

  const isDone = status < 300;
  const isJson = headers.get("content-type")?.endsWith("json; charset=utf-8");
  const said = text !== "" && isJson ? JSON.parse(text) : {};
  if (security.length > 0) {
    if (status !== (guardedWays[way] ?? status)) return `it should be ${guardedWays[way]}`;
    if (way === "bound" && !route.isBound && said.code !== "tenant_forbidden") return "a bound key gets in";
    if (way === "bound" && isDone && tenantsIn(said).some((t) => t !== boundTo)) return "it tells a bound key of another tenant";
  }
  if (pools.returnedBy(operationId, asked.query.cursor)) {
    seen.set("cursor taken", (seen.get("cursor taken") ?? 0) + (isDone ? 1 : 0));
    if (status === 400 && said.field === "cursor") return "a cursor that it answered is refused";
  }
  if (way === "bytes" && asked.isJson && isDone) return "bytes that are no JSON are taken";
  if (way === "media" && asked.text !== undefined && ![415, 429].includes(status)) return "another type is taken";
  if (way === "extra") {
    // What is too much is refused in what is written, and not even looked at in what is asked.
    const isWritten = route.isWrite && asked.isJson && typeof asked.body?.value === "object";
    const isRight = isWritten ? status === 400 && said.errors.some((e: { field: string }) => e.field === extraField) : true;
    if (!isRight || (!isWritten && text.includes(extraField) && !isDone)) return "an unknown field is treated wrongly";
  }
  const disallowed = isDone ? described.disallowed(route, asked) : null;
  return disallowed && `it is taken although ${disallowed}`;
}

function learn({ pools }: World, { route }: Case, { url }: Asked, { status, headers, text }: Answer): Promised[] {
  const isJson = headers.get("content-type")?.startsWith("application/json");
  pools.learn(route.operation.operationId, url.replace(/\?.*/, ""), headers.get("etag"), isJson ? JSON.parse(text) : null, text);
  if (headers.get("idempotency-replayed") !== null) return [];
  if (status === 204) return [{ path: url, isThere: false }];
  return status === 201 && route.method === "PUT" ? [{ path: url, isThere: true }] : [];
}

async function keepPromises({ keys, seen }: World, promised: Promised[], batch: Case[]): Promise<void> {
  // An import may change anything, and two requests of one batch may be about the same thing.
  const ids = new Set(["importCatalogue", "putPlan", "deletePlan"]);
  for (const { path, isThere } of promised) {
    const others = batch.filter((c) => ids.has(c.route.operation.operationId));
    if (path.startsWith("/api/plans/") && others.length > 1) continue;
    const answer = await fetch(api.origin + path, { headers: { authorization: `Bearer ${keys.all}` } });
    await answer.arrayBuffer();
    expect([path, answer.status]).toEqual([path, isThere ? 200 : 404]);
    seen.set(isThere ? "created" : "deleted", (seen.get(isThere ? "created" : "deleted") ?? 0) + 1);
  }
}

async function fuzz(engine: "sqlite" | "postgres", count: number): Promise<void> {
  const world = await startWorld(engine);
  const { described, seen } = world;
  for (const { path, method } of described.routes) methodsOf.set(path, [...routes(path), method]);
  const cases = fc.array(fc.oneof(...described.routes.map((route: Route) => caseOf(route, described as DescribedApi))), {
    minLength: batchSize,
    maxLength: batchSize,
  });
  const run = await fc.check(
    fc.asyncProperty(cases, async (batch) => {
      const results = await Promise.allSettled(batch.map((one) => check(world, one)));
      const failed = results.find((r) => r.status === "rejected");
      if (failed) throw failed.reason;
      await keepPromises(
        world,
        results.flatMap((r) => (r.status === "fulfilled" ? r.value : [])),
        batch,
      );
    }),
    { seed, numRuns: Math.ceil(count / batchSize), endOnFailure: true },
  );
  // The request that went wrong says more than the twenty that were sent with it.
  if (run.failed) throw run.errorInstance;
  if (process.env.FUZZ_SHOW)
    console.info(
      [...seen]
        .sort()
        .map(([k, n]) => `${k}: ${n}`)
        .join("\n"),
    );
  if (count < wholeRun) return;
  // All of it was reached: each operation gave answers of success, and something was made and deleted.
  const succeeded = new Set([...seen.keys()].filter((k) => / 2\d\d$/.test(k)).map((k) => k.split(" ")[0]));
  expect(described.routes.map((r) => r.operation.operationId).filter((id) => !succeeded.has(id))).toEqual([]);
  expect([seen.has("created"), seen.has("deleted"), (seen.get("cursor taken") ?? 0) > 0]).toEqual([true, true, true]);
}

test(`${requests} requests made from the description: no 5xx, every answer as described, nobody gets past the door (FUZZ_SEED=${seed})`, async () => {
  await fuzz("sqlite", requests);
}, 600_000);

test(`the same of a tenth as many on PostgreSQL (FUZZ_SEED=${seed})`, async () => {
  await fuzz("postgres", requests / 10);
}, 600_000);
