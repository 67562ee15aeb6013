import { afterAll, beforeAll, expect, test } from "vitest";
import { featureKeyRefused } from "~/forms/entity-keys";
import { type Api, startApi } from "../support/api";
import { feature, meteredFeature, plan } from "../support/facts";

let api: Api;
let usage: string;
beforeAll(async () => {
  api = await startApi();
  usage = await api.keyFor("usage");
  await api.catalogue([feature("sso"), meteredFeature("calls")], [plan("starter", { sso: true, calls: 10 })]);
  await api.tenant("acme", { plan: "starter" });
});
afterAll(() => api.stop());

type Refused = { code: string; detail?: string; message?: string };
const seen = ({ code, detail, message }: Refused): [string, string | undefined] => [code, detail ?? message];
const problem = async (answer: Promise<Response>) => seen((await (await answer).json()) as Refused);
const firstResult = async (answer: Promise<Response>) => {
  const { results } = (await (await answer).json()) as { results: (Refused & { error?: Refused })[] };
  return seen(results[0]?.error ?? (results[0] as Refused));
};
const query = (fields: { [name: string]: string }) => api.get(`/api/entitlements?${new URLSearchParams(fields)}`, api.keys.check);
const check = (fields: object) => api.send("POST", "/api/entitlements", { checks: [fields] }, api.keys.check);
const event = (fields: object) => api.send("POST", "/api/usage", { events: [{ tenant: "acme", ...fields }] }, usage);

const badKeys = ["a b", "-a", "x".repeat(101), "é", "__proto__"];
const routes: [route: string, refuse: (key: string) => Promise<[string, string | undefined]>][] = [
  ["GET /api/entitlements", (key) => problem(query({ tenant: "acme", feature: key }))],
  ["POST /api/entitlements, feature", (key) => firstResult(check({ tenant: "acme", feature: key }))],
  ["POST /api/entitlements, features", (key) => firstResult(check({ tenant: "acme", features: ["sso", key] }))],
  ["POST /api/usage", (key) => firstResult(event({ feature: key, idempotencyKey: "a" }))],
  ["POST /api/usage/consume", (key) => problem(api.send("POST", "/api/usage/consume", { tenant: "acme", feature: key }, usage))],
  ["PUT /api/features/{feature}", (key) => problem(api.send("PUT", `/api/features/${encodeURIComponent(key)}`, {}))],
  ["POST grants", (key) => problem(api.send("POST", "/api/tenants/acme/grants", { kind: "trial", feature: key, days: 1 }))],
  ["GET grants", (key) => problem(api.get(`/api/tenants/acme/grants?feature=${encodeURIComponent(key)}`, api.keys.manage))],
  ["GET usage", (key) => problem(api.get(`/api/tenants/acme/usage?feature=${encodeURIComponent(key)}`, api.keys.manage))],
];

test.each(routes)("%s refuses a malformed feature key with the code and sentence of every route", async (_, refuse) => {
  for (const key of badKeys) expect([key, ...(await refuse(key))]).toEqual([key, "invalid_request", featureKeyRefused]);
});

test.each(["a b", "-a", "é"])("PUT /api/plans/{plan} refuses the feature key %j with the same code and sentence", async (key) => {
  expect(await problem(api.send("PUT", "/api/plans/starter", { features: { [key]: true } }))).toEqual([
    "invalid_request",
    featureKeyRefused,
  ]);
});

test.each([
  ["tenant", ""],
  ["tenant", "x".repeat(201)],
  ["tenant", "a\nb"],
  ["tenant", "a\0"],
  ["user", ""],
  ["user", "x".repeat(201)],
  ["user", "a\0"],
  ["feature", "a b"],
  ["feature", "a\0"],
  ["requested", -1],
  ["requested", 1.5],
  ["requested", 2 ** 53],
])("GET and POST refuse a check whose %s is %j with the same code and sentence", async (field, value) => {
  const whole = { tenant: "acme", feature: "calls", [field]: value };
  const texts = Object.fromEntries(Object.entries(whole).map(([name, value]) => [name, String(value)]));
  const got = await firstResult(check(whole));
  expect(got[0]).toBe("invalid_request");
  expect(await problem(query(texts))).toEqual(got);
});

test("unknown query parameters are ignored, whatever their values", async () => {
  const answer = await query({ tenant: "acme", feature: "sso", page: "\0", __proto__x: "x", explained: "maybe" });
  expect(answer.status).toBe(200);
});
