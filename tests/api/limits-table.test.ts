import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openApiDocument } from "~/api/openapi/openapi-document.server";
import { maxInUse } from "~/core/catalogue/catalogue-bounds";
import { day } from "~/core/time";
import { type FakePosthog, startFakePosthog } from "../fake-posthog/start";
import { type Api, startApi } from "../support/api";
import { addOn, configFeature, feature, meteredFeature, now, plan } from "../support/facts";

let api: Api;
let fake: FakePosthog;
let usage: string;
beforeAll(async () => {
  fake = await startFakePosthog();
  const posthog = { POSTHOG_PROJECT_API_KEY: fake.state.projectKey, POSTHOG_HOST: fake.origin };
  api = await startApi("sqlite", { variables: { ...posthog, LATCHKEY_RATE_LIMIT: "0" } });
  usage = await api.keyFor("usage");
  const many = Array.from({ length: maxInUse - 54 }, (_, i) => feature(`f${i}`));
  const addOns = Array.from({ length: 101 }, (_, i) => addOn(`a${i}`));
  await api.catalogue(
    [
      ...many,
      feature("sso"),
      meteredFeature("calls"),
      configFeature("blob", { kind: "json" }),
      configFeature("tone", { kind: "text", options: [] }),
    ],
    [plan("starter", { calls: 1000 }), ...addOns],
  );
  await api.tenant("acme", { plan: "starter" });
});
afterAll(async () => {
  await api.stop();
  await fake.close();
});

type Refused = [status: number, code: string, field: string | undefined];
/** `fits` is at the limit and taken, `refused` a step beyond it. */
type Probe = { fits: (() => Promise<Response>)[]; refused: [() => Promise<Response>, Refused][] };

const get = (path: string) => () => api.get(path, path.startsWith("/api/entitlements") ? api.keys.check : api.keys.manage);
const send = (method: string, path: string, body: unknown, key?: string) => () => api.send(method, path, body, key ?? api.keys.manage);
const put = (body: unknown, path = "/api/tenants/acme") => send("PUT", path, body);
const check = (body: unknown) => send("POST", "/api/entitlements", body, api.keys.check);
const entitlements = (query: string) => get(`/api/entitlements?tenant=acme&feature=sso&${query}`);
const load = (text: string) => () =>
  api.send("POST", "/api/catalogue/import?dryRun=1", text, api.keys.manage, { "content-type": "application/yaml" });
const importCsv =
  (text: string, query = "") =>
  () =>
    api.send("POST", `/api/tenants/import?dryRun=1${query}`, text, api.keys.manage, { "content-type": "text/csv" });
const badCsv: Refused = [422, "value_invalid", "body"];
const file = "latchkey: 1\nfeatures:\n  sso: Single sign-on\nplans:\n  starter:\n    features: [sso]\n";
let count = 0;
const fresh = () => `x${++count}`;
/** Of a tenant of its own, so that no grant is in the way of another. */
const grant = (more: object) => async () => {
  const key = fresh();
  await api.tenant(key, {});
  return api.send("POST", `/api/tenants/${key}/grants`, { kind: "trial", feature: "sso", days: 7, ...more });
};
const events = (count: number) => ({
  events: Array.from({ length: count }, () => ({ tenant: "acme", feature: "calls", idempotencyKey: fresh() })),
});
/** The result of one event as if it were the whole request. A superseded one is valid, too. */
const report = (more: object) => async () => {
  const body = { events: [{ tenant: "acme", feature: "calls", idempotencyKey: fresh(), ...more }] };
  const [result] = (await (await api.send("POST", "/api/usage", body, usage)).json()).results;
  return Response.json(result, { status: result.status === "refused" ? 400 : 200 });
};
/** What became of one check, as if it had been the whole request. */
const oneCheck = (more: object) => async () => {
  const [result] = (await (await check({ checks: [{ tenant: "acme", ...more }] })()).json()).results;
  return Response.json(result.error ?? result, { status: result.error ? 400 : 200 });
};
const consume = (quantity: unknown) => send("POST", "/api/usage/consume", { tenant: "acme", feature: "calls", quantity }, usage);
const x = (n: number) => "x".repeat(n);
const at = (ms: number) => new Date(now + ms).toISOString();
const request = (field: string): Refused => [400, "invalid_request", field];
const entries = (n: number) => Object.fromEntries(Array.from({ length: n }, (_, i) => [`f${i}`, true]));
const options = (n: number, of = (i: number) => `o${i}`) => ({
  config: { kind: "text", options: Array.from({ length: n }, (_, i) => of(i)) },
});
const metered = (unit: string) => ({ type: "metered", meter: { resetPeriod: "month", unit } });
const tied = (key: string) => ({ flag: { key, rule: "grant" } });
const metadata = (n: number) => ({ metadata: { a: x(n - '{"a":""}'.length) } });
const list = (n: number) => ({ feature: undefined, features: Array.from({ length: n }, (_, i) => ({ feature: `f${i}` })) });
const keys = (n: number) => Array.from({ length: n }, (_, i) => `t${i}`);
const resync = (tenants: unknown) => send("POST", "/api/posthog/resync", { tenants });
const impact = (n: number) =>
  send("POST", "/api/impacts", { cells: keys(n).map(() => ({ plan: "starter", feature: "sso", value: null })) });
const bulk = (tenants: object, act: object = { act: "suspend" }) => send("POST", "/api/bulk", { ...act, tenants, dryRun: true });
const ask = (more: object) => send("POST", "/api/requests", { tenant: "acme", feature: "sso", ...more });
const noLiveJobs = async () => {
  await api.services.jobs.runAll();
  return Response.json({});
};
const choose = (...keys: string[]) => put({ keys }, "/api/posthog/metadata");
const max = Number.MAX_SAFE_INTEGER;

const probes: { [row: string]: () => Probe } = {
  "tenant, user": () => ({
    fits: [get(`/api/entitlements?tenant=${x(200)}`), entitlements(`user=${x(200)}`), put({}, `/api/tenants/${x(200)}`)],
    refused: [
      [get(`/api/entitlements?tenant=${x(201)}`), request("tenant")],
      [entitlements(`user=${x(201)}`), request("user")],
      [entitlements("user=a%0ab"), request("user")],
      [put({}, `/api/tenants/${x(201)}`), request("key")],
    ],
  }),
  "feature, plan": () => ({
    fits: [entitlements(`feature=${x(100)}`), put({}, `/api/features/${x(100)}`), put({}, `/api/plans/${x(100)}`)],
    refused: [
      [get(`/api/entitlements?tenant=acme&feature=${x(101)}`), request("feature")],
      [get("/api/entitlements?tenant=acme&feature=-a"), request("feature")],
      [put({}, `/api/features/${x(101)}`), request("feature")],
      [put({}, `/api/plans/${x(101)}`), request("plan")],
    ],
  }),
  "`requested`": () => ({
    fits: [entitlements("requested=0"), entitlements(`requested=${max}`)],
    refused: ["-1", "1.5", "NaN", "1e3", "9007199254740992"].map((n) => [entitlements(`requested=${n}`), request("requested")]),
  }),
  "`at`": () => ({
    fits: [entitlements("at=1970-01-01T00:00:00Z"), entitlements("at=9999-12-31T23:59:59.999Z")],
    refused: ["1969-12-31T23:59:59.999Z", "2026-11-20T10:00:00", "now"].map((t) => [entitlements(`at=${t}`), request("at")]),
  }),
  "checks in one POST": () => ({
    fits: [check({ checks: Array.from({ length: 1_000 }, () => ({ tenant: "acme", feature: "sso" })) })],
    refused: [
      [check({ checks: Array.from({ length: 1_001 }, () => 1) }), request("checks")],
      [check({ checks: [] }), request("checks")],
    ],
  }),
  "features in one check": () => ({
    fits: [1, 1_000].map((n) => oneCheck({ features: Array.from({ length: n }, (_, i) => `f${i}`) })),
    refused: [0, 1_001].map((n) => [
      oneCheck({ features: Array.from({ length: n }, (_, i) => `f${i}`) }),
      [400, "invalid_request", "features"],
    ]),
  }),
  "decisions in one POST": () => {
    const whole = { tenant: "acme", features: Array.from({ length: 1_000 }, (_, i) => `f${i}`) };
    const many = Array.from({ length: 25 }, () => whole);
    return {
      fits: [check({ checks: many })],
      refused: [[check({ checks: [...many, { tenant: "acme", feature: "sso" }] }), [400, "too_many_checks", "checks"]]],
    };
  },
  "a page": () => ({
    fits: [get("/api/tenants?limit=1"), get("/api/tenants?limit=200")],
    refused: ["0", "201", "1.5", "x", "", "0x10", "1e1", "%205", "+5"].map((n) => [get(`/api/features?limit=${n}`), request("limit")]),
  }),
  "a cursor": () => ({
    fits: [get(`/api/features?cursor=${Buffer.from('["f1"]').toString("base64url")}`)],
    refused: ["x", "WzFd", x(6_001)].map((c) => [get(`/api/tenants?cursor=${c}`), request("cursor")]),
  }),
  "`search`": () => ({
    fits: [get(`/api/tenants?search=${x(200)}`), get(`/api/features?search=${x(200)}`)],
    refused: [[get(`/api/tenants?search=${x(201)}`), request("search")]],
  }),
  "`q` of a search": () => ({
    fits: [get(`/api/search?q=${x(200)}`), get("/api/search?q=a+b+c+d+e+f+g+h")],
    refused: ["", "?q=", "?q=+", `?q=${x(201)}`, "?q=a+b+c+d+e+f+g+h+i"].map((q) => [get(`/api/search${q}`), request("q")]),
  }),
  "`group` of features": () => ({
    fits: [get(`/api/features?group=${x(200)}`)],
    refused: [[get(`/api/features?group=${x(201)}`), request("group")]],
  }),
  "`subject`, `actor`, `action` of the audit log": () => ({
    fits: [get(`/api/audit?subject=${x(200)}&actor=cli:${x(296)}&action=${x(100)}`), get("/api/audit?subject=a&action=a")],
    refused: [
      [get(`/api/audit?subject=${x(201)}`), request("subject")],
      [get(`/api/audit?actor=cli:${x(297)}`), request("actor")],
      [get(`/api/audit?action=${x(101)}`), request("action")],
      [get("/api/audit?subject="), request("subject")],
      [get("/api/audit?action="), request("action")],
    ],
  }),
  "`search` of the audit log": () => ({
    fits: [get(`/api/audit?search=${x(200)}`), get(`/api/audit?search=${Array(9).fill("a").join("+")}`)],
    refused: [[get(`/api/audit?search=${x(201)}`), request("search")]],
  }),
  "days of a usage summary": () => ({
    fits: [get("/api/tenants/acme/usage?days=1"), get("/api/tenants/acme/usage?days=366")],
    refused: ["0", "367", "1.5", "0x10", "1e1", "%205"].map((n) => [get(`/api/tenants/acme/usage?days=${n}`), request("days")]),
  }),
  "days of demand and of a comparison": () => ({
    fits: [get("/api/demand?days=1"), get("/api/demand?days=90")],
    refused: ["0", "91", "1.5"].map((n) => [get(`/api/demand?days=${n}`), request("days")]),
  }),
  "tenants of a comparison": () => ({
    fits: [
      async () => {
        await api.tenant("globex", {});
        return get("/api/usage/compare?tenant=acme&tenant=globex")();
      },
    ],
    refused: ["acme", "acme&tenant=acme", "a&tenant=b&tenant=c&tenant=d&tenant=e", ""].map((keys) => [
      get(`/api/usage/compare?tenant=${keys}`),
      request("tenant"),
    ]),
  }),
  name: () => ({
    fits: [put({ name: x(200) }), put({ name: x(200) }, "/api/plans/p"), put({ name: x(200) }, "/api/features/f")],
    refused: ["", x(201), "a\nb"].flatMap((name): Probe["refused"] => [
      [put({ name }), request("name")],
      [put({ name }, "/api/plans/p"), request("name")],
      [put({ name }, "/api/features/f"), request("name")],
    ]),
  }),
  description: () => ({
    fits: [put({ description: x(10_000) }, "/api/plans/p")],
    refused: [[put({ description: x(10_001) }, "/api/features/f"), request("description")]],
  }),
  "group of a feature": () => ({
    fits: [put({ group: x(200) }, "/api/features/f")],
    refused: ["", x(201), "a\nb"].map((group) => [put({ group }, "/api/features/f"), request("group")]),
  }),
  "link to ask for a feature": () => ({
    fits: [put({ askUrl: `https://acme.example/${x(479)}` }, "/api/features/f")],
    refused: ["", "acme.example", "javascript:alert(1)", "https://me:secret@acme.example/", `https://acme.example/${x(480)}`].map(
      (askUrl) => [put({ askUrl }, "/api/features/f"), request("askUrl")],
    ),
  }),
  "unit of a metered feature": () => ({
    fits: [put(metered(x(50)), "/api/features/u")],
    refused: ["", x(51), "a\nb"].map((unit) => [put(metered(unit), "/api/features/u"), request("meter.unit")]),
  }),
  "key of a flag": () => ({
    fits: [put(tied(x(400)), "/api/features/t")],
    refused: ["", x(401), "a\nb"].map((key) => [put(tied(key), "/api/features/t"), request("flag.key")]),
  }),
  "note, why": () => ({
    fits: [put({ why: x(1_000) }), grant({ note: x(1_000) })],
    refused: [
      [put({ why: x(1_001) }), request("why")],
      [grant({ note: x(1_001) }), request("note")],
    ],
  }),
  "metadata of a tenant": () => ({
    fits: [put(metadata(10_000)), put({ metadata: { [x(100)]: 1 } })],
    refused: [
      [put(metadata(10_001)), request("metadata")],
      [put({ metadata: { [x(101)]: 1 } }), request(`metadata.${x(101)}`)],
    ],
  }),
  "add-ons of a tenant": () => ({
    fits: [put({ addOns: Array.from({ length: 100 }, (_, i) => `a${i}`) })],
    refused: [[put({ addOns: Array.from({ length: 101 }, (_, i) => `a${i}`) }), request("addOns")]],
  }),
  "features in one grant": () => ({
    fits: [grant(list(1)), grant(list(100))],
    refused: [
      [grant(list(0)), request("features")],
      [grant(list(101)), request("features")],
    ],
  }),
  "days of a trial": () => ({
    fits: [grant({ days: 1 }), grant({ days: 3_650 })],
    refused: [0, 3_651, 1.5].map((days) => [grant({ days }), request("days")]),
  }),
  "start and end of a grant": () => ({
    fits: [
      grant({ days: undefined, endsAt: at(1) }),
      grant({ days: undefined, startsAt: "1970-01-01T00:00:00Z", endsAt: "9999-12-31T23:59:59Z" }),
    ],
    refused: [
      [grant({ days: undefined, endsAt: at(0) }), [422, "ends_in_past", "endsAt"]],
      [grant({ days: undefined, startsAt: at(day), endsAt: at(day) }), [422, "ends_before_start", "endsAt"]],
      [grant({ days: undefined, endsAt: "1969-12-31T23:59:59Z" }), request("endsAt")],
      [grant({ startsAt: "tomorrow" }), request("startsAt")],
    ],
  }),
  "a limit": () => ({
    fits: [0, max, "unlimited"].map((value) => grant({ feature: "calls", value })),
    refused: [
      ...[-1, 1.5, max + 1, "lots", null].map((value): Probe["refused"][0] => [
        grant({ feature: "calls", value }),
        [422, "value_invalid", "value"],
      ]),
      [put({ features: { calls: -1 } }, "/api/plans/p"), [422, "value_invalid", "features"]],
    ],
  }),
  "a value of a plan or grant": () => ({
    fits: [put({ features: { blob: x(9_998) } }, "/api/plans/whole"), grant({ feature: "blob", value: { a: x(9_992) } })],
    refused: [
      [put({ features: { blob: x(9_999) } }, "/api/plans/whole"), request("features.blob")],
      [grant({ feature: "blob", value: { a: x(9_993) } }), request("value")],
    ],
  }),
  "entries of a plan": () => ({
    // As many as a catalogue can have in use; only archived ones come on top.
    fits: [put({ features: entries(maxInUse - 54) }, "/api/plans/whole")],
    refused: [[put({ features: { ...entries(5_000), sso: true } }, "/api/plans/whole"), request("features")]],
  }),
  "rank of a plan": () => ({
    fits: [put({ rank: 0 }, "/api/plans/p"), put({ rank: 1_000_000 }, "/api/plans/p")],
    refused: [-1, 1_000_001, 0.5].map((rank) => [put({ rank }, "/api/plans/p"), request("rank")]),
  }),
  "options of a text": () => ({
    fits: [
      put(options(1_000), "/api/features/o"),
      put(
        options(1, () => x(200)),
        "/api/features/o",
      ),
    ],
    refused: [
      [put(options(1_001), "/api/features/o"), request("config.options")],
      [
        put(
          options(1, () => x(201)),
          "/api/features/o",
        ),
        request("config.options.0"),
      ],
    ],
  }),
  "catalogue file": () => ({
    fits: [load(file), load(file.padEnd(5 * 1024 * 1024, "#"))],
    refused: [
      [load(`latchkey: 1\nplans: ${"[".repeat(101)}${"]".repeat(101)}\n`), [422, "invalid_catalogue", "line 2"]],
      [load("latchkey: 1\nfeatures: { sso: &a x }\n"), [422, "invalid_catalogue", "line 2"]],
      [load("latchkey: 1\nfeatures: { sso: !x x }\n"), [422, "invalid_catalogue", "line 2"]],
      [load("#".repeat(5 * 1024 * 1024 + 1)), [413, "body_too_large", "body"]],
    ],
  }),
  "CSV file of tenants": () => ({
    fits: [noLiveJobs, importCsv(`key,${x(200)},${",".repeat(97)}\na,${x(12_000)}\n`), importCsv(`key\n${keys(100_000).join("\n")}\n`)],
    refused: [
      [importCsv(`key${",".repeat(100)}\na\n`), badCsv],
      [importCsv(`key,name\na,${x(12_001)}\n`), badCsv],
      [importCsv(`key${",".repeat(11)}\na,${`${x(4_999)},`.repeat(11)}\n`), badCsv],
      [importCsv(`key,${x(201)}\na\n`), badCsv],
      [importCsv(`key\n${keys(100_001).join("\n")}\n`), badCsv],
      [importCsv("x".repeat(25 * 1024 * 1024 + 1)), [413, "body_too_large", "body"]],
    ],
  }),
  "columns that a CSV import names": () => ({
    fits: [noLiveJobs, importCsv(`${x(200)}\na\n`, `&key=${x(200)}`)],
    refused: [
      [importCsv("key\na\n", "&key="), request("key")],
      [importCsv("key\na\n", `&plan=${x(201)}`), request("plan")],
      [importCsv("key\na\n", `&key=key${"&metadata=m".repeat(101)}`), request("metadata")],
    ],
  }),
  "usage events in one POST": () => ({
    fits: [send("POST", "/api/usage", events(1_000), usage)],
    refused: [0, 1_001].map((n) => [send("POST", "/api/usage", events(n), usage), request("events")]),
  }),
  quantity: () => ({
    fits: [report({ quantity: max }), report({ quantity: -max }), report({ action: "set", quantity: 0 }), consume(1)],
    refused: [
      ...[1.5, max + 1, "1", null].map((quantity): Probe["refused"][0] => [report({ quantity }), [400, "invalid_request", "quantity"]]),
      [report({ action: "set", quantity: -1 }), [400, "invalid_request", "quantity"]],
      ...[0, -1, 1.5, max + 1].map((quantity): Probe["refused"][0] => [consume(quantity), request("quantity")]),
    ],
  }),
  "time of an event": () => ({
    fits: [report({ time: at(-7 * day) }), report({ time: at(300_000) })],
    refused: [-7 * day - 1, 300_001].map((ms) => [report({ time: at(ms) }), [400, "time_out_of_range", "time"]]),
  }),
  "`idempotencyKey` of an event": () => ({
    fits: [report({ idempotencyKey: x(100) })],
    refused: ["", x(101), "a b", "é"].map((idempotencyKey) => [report({ idempotencyKey }), [400, "invalid_request", "idempotencyKey"]]),
  }),
  "tenants that are sent to PostHog again in one request": () => ({
    fits: [
      resync("all"),
      async () => {
        for (const key of keys(1_000)) await api.tenant(key, {});
        return resync(keys(1_000))();
      },
    ],
    refused: [keys(0), keys(1_001), "some"].map((tenants) => [resync(tenants), request("tenants")]),
  }),
  "tenants that a bulk act names": () => ({
    fits: [bulk({ keys: keys(5_000) })],
    refused: [keys(0), keys(5_001)].map((named) => [bulk({ keys: named }), request("tenants.keys")]),
  }),
  "jobs that wait or run": () => ({
    fits: [noLiveJobs, ...Array.from({ length: 5 }, () => bulk({ keys: ["acme"] }))],
    refused: [[bulk({ keys: ["acme"] }), [409, "too_many_jobs", undefined]]],
  }),
  "requests of apps for a tenant": () => ({
    fits: [
      ...keys(20).map((key) => async () => {
        await api.send("PUT", `/api/features/asked-${key}`, {});
        return ask({ feature: `asked-${key}` })();
      }),
      // One that waits is no new request.
      ask({ feature: `asked-${keys(1)[0]}` }),
    ],
    refused: [[ask({}), [429, "request_limit", undefined]]],
  }),
  "user of a request": () => ({
    fits: [ask({ tenant: "globex", user: "x".repeat(200) })],
    refused: ["", "x".repeat(201), "a\nb"].map((user) => [ask({ tenant: "globex", user }), request("user")]),
  }),
  "features and days of a bulk act": () => ({
    fits: [noLiveJobs, bulk({ keys: ["acme"] }, { act: "extend_trial", features: keys(20).map((_, i) => `f${i}`), days: 3_650 })],
    refused: [
      [bulk({ keys: ["acme"] }, { act: "extend_trial", features: keys(21), days: 1 }), request("features")],
      [bulk({ keys: ["acme"] }, { act: "extend_trial", days: 3_651 }), request("days")],
    ],
  }),
  "cells of an impact": () => ({
    fits: [noLiveJobs, impact(500)],
    refused: [0, 501].map((n) => [impact(n), request("cells")]),
  }),
  "keys of metadata that PostHog gets": () => ({
    fits: [choose(), choose(...keys(50)), choose(x(100))],
    refused: [
      [choose(...keys(51)), request("keys")],
      [choose(x(101)), request("keys.0")],
      [choose(""), request("keys.0")],
    ],
  }),
  "life of a token": () => ({
    fits: [10, 3_600].map((ttl) => send("POST", "/api/tenants/acme/token", { ttl })),
    refused: [9, 3_601, 60.5].map((ttl) => [send("POST", "/api/tenants/acme/token", { ttl }), request("ttl")]),
  }),
};

const limitsPage = readFileSync(new URL("../../docs/api-limits.md", import.meta.url), "utf8");
/** Rows of the page's last two tables: what is asked, and what is written. */
const documented = limitsPage
  .split("## Of what is asked")[1]
  ?.split("\n")
  .filter((line) => /^\| (?!what |-)/.test(line))
  .map((line) => line.split(" | ")[0]?.slice(2)) as string[];

test("every row of the page of limits is tried at its limit and beyond", () => {
  const elsewhere = ["event streams", "those of browser keys, tokens and tickets", "users asked about in PostHog, of one tenant"];
  expect(Object.keys(probes)).toEqual(documented.filter((row) => !elsewhere.includes(row)));
});

test("every bound of a request that the description states is a row of the page of limits", async () => {
  const document = await openApiDocument(api.routes, { origin: null });
  const requests = Object.values(document.paths).flatMap((methods) => Object.values(methods as { [method: string]: Operation }));
  const rows = limitsPage.split("\n").filter((line) => line.startsWith("|"));
  const missing = requests.flatMap(({ operationId, parameters, requestBody }) =>
    boundsIn([parameters, requestBody?.content]).flatMap((bound) => {
      // 2^53 - 1 is written so; a quoted Idempotency-Key has two characters more than what is in it.
      if (bound === max) return [];
      const written = (bound === 257 ? 255 : bound).toLocaleString("en-US");
      const isThere = rows.some((row) => new RegExp(`(?<![\\d,])${written}(?![\\d,]\\d)`).test(row));
      return isThere ? [] : [`${operationId} states ${written}: say so in docs/api-limits.md, and try it here`];
    }),
  );
  expect(missing).toEqual([]);
});

type Operation = { operationId: string; parameters: unknown; requestBody?: { content: unknown } };

/** Of all schemas in here, examples apart. */
function boundsIn(node: unknown): number[] {
  if (typeof node !== "object" || node === null) return [];
  return Object.entries(node).flatMap(([name, value]) => {
    if (name === "example" || name === "examples") return [];
    const isBound = ["maxLength", "maxItems", "maximum"].includes(name) && typeof value === "number";
    return isBound ? [value] : boundsIn(value);
  });
}

test.each(Object.keys(probes))("%s: what is at the limit is taken, and a step beyond is a problem that names the field", async (row) => {
  const { fits, refused } = (probes[row] as () => Probe)();
  for (const [i, ask] of fits.entries()) {
    const answer = await ask();
    expect([row, i, answer.ok, answer.ok ? "" : await answer.text()]).toEqual([row, i, true, ""]);
  }
  for (const [ask, expected] of refused) {
    const answer = await ask();
    const { code, field } = await answer.json();
    expect([row, answer.status, code, field]).toEqual([row, ...expected]);
  }
});
