import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { day } from "~/core/time";
import { type Api, startApi } from "../support/api";
import { feature, meteredFeature, now, plan } from "../support/facts";

let api: Api;
let usage: string;
beforeAll(async () => {
  api = await startApi();
  usage = await api.keyFor("usage");
  await api.catalogue([feature("sso"), meteredFeature("api_calls")], [plan("starter", { api_calls: 1000 })]);
  await api.tenant("acme", { plan: "starter" });
});
afterAll(() => api.stop());
beforeEach(() => {
  api.clock.now = now;
});

const refused = async (answer: Response) => {
  const { code, field } = await answer.json();
  return [answer.status, code, field];
};
const put = (body: unknown) => api.send("PUT", "/api/tenants/acme", body);
const event = (more: object) => ({ tenant: "acme", feature: "api_calls", idempotencyKey: `k${Math.random()}`, ...more });
const report = async (text: string) => (await (await api.send("POST", "/api/usage", text, usage)).json()).results[0];

describe("the limits that the documentation names:", () => {
  test("a body of 10 MB is refused before it is read, a catalogue of 5 MB and a byte too", async () => {
    const big = "x".repeat(10 * 1024 * 1024);
    expect(await refused(await put({ name: big }))).toEqual([413, "body_too_large", "body"]);
    expect(await refused(await api.send("POST", "/api/usage", JSON.stringify({ events: [big] }), usage))).toEqual([
      413,
      "body_too_large",
      "body",
    ]);
    const yaml = { "content-type": "application/yaml" };
    const load = (bytes: number) => api.send("POST", "/api/catalogue/import?dryRun=1", "#".repeat(bytes), api.keys.manage, yaml);
    expect(await refused(await load(5 * 1024 * 1024 + 1))).toEqual([413, "body_too_large", "body"]);
    expect((await load(5 * 1024 * 1024)).status).toBe(422);
    expect(await refused(await api.send("PUT", "/api/tenants/acme", "{}", api.keys.manage, { "content-type": "text/html" }))).toEqual([
      415,
      "unsupported_media_type",
      "Content-Type",
    ]);
  });

  test("nesting, NUL and half of a pair are told with their place, on every kind of write", async () => {
    const deep = `${"[".repeat(70)}${"]".repeat(70)}`;
    expect(await refused(await put(`{"metadata":{"a":${deep}}}`))).toEqual([400, "invalid_request", "metadata.a.0"]);
    expect(await refused(await put(`{"metadata":{"a":${"[".repeat(1_000)}${"]".repeat(1_000)}}}`))).toEqual([
      400,
      "invalid_request",
      "body",
    ]);
    expect(await refused(await put('{"metadata":{"a":"x\\u0000"}}'))).toEqual([400, "invalid_request", "metadata.a"]);
    expect(await refused(await put('{"name":"\\ud800"}'))).toEqual([400, "invalid_request", "name"]);
    expect((await put({ name: "Ünï 🎉" })).status).toBe(200);
    expect(await refused(await put('{"metadata":{"a":{"__proto__":1}}}'))).toEqual([400, "invalid_request", "metadata.a.__proto__"]);
    expect((await put('{"metadata":{"constructor":{"prototype":1}}}')).status).toBe(200);
  });

  test.each(["9007199254740993", "1e400", "12345678901234567.5"])(
    "the number %s, which a double cannot hold, is refused at its place",
    async (number) => {
      expect(await refused(await put(`{"metadata":{"a":[1,${number}]}}`))).toEqual([400, "invalid_request", "metadata.a.1"]);
      const plan = await api.send("PUT", "/api/plans/p", `{"features":{"days":${number}}}`);
      expect(await refused(plan)).toEqual([400, "invalid_request", "features.days"]);
    },
  );

  test.each([
    ["NaN", 400, "invalid_json", undefined],
    ["1e400", 400, "invalid_request", "quantity"],
    ["9007199254740992", 400, "invalid_request", "quantity"],
    ["1.5", 400, "invalid_request", "quantity"],
    ["0", 400, "invalid_request", "quantity"],
    ["-1", 400, "invalid_request", "quantity"],
    ['"1"', 400, "invalid_request", "quantity"],
  ])("a consumption of %s is refused", async (quantity, ...problem) => {
    const text = `{"tenant":"acme","feature":"api_calls","quantity":${quantity}}`;
    expect(await refused(await api.send("POST", "/api/usage/consume", text, usage))).toEqual(problem);
  });

  test("an event beyond what can be counted, from the future or too old is refused by itself; a clock that jumps loses nothing", async () => {
    const send = (more: object) => report(JSON.stringify({ events: [event(more)] }));
    expect(await send({ quantity: 2 ** 53 })).toMatchObject({ status: "refused", field: "quantity" });
    expect(await send({ quantity: 1.5 })).toMatchObject({ status: "refused", field: "quantity" });
    expect(await send({ time: new Date(now + 300_001).toISOString() })).toMatchObject({ code: "time_out_of_range", field: "time" });
    expect(await send({ time: new Date(now + 300_000).toISOString() })).toMatchObject({ status: "recorded" });
    expect(await send({ time: new Date(now - 7 * day - 1).toISOString() })).toMatchObject({ code: "time_out_of_range", field: "time" });
    expect(await send({ quantity: 2 ** 53 - 1 })).toMatchObject({ status: "recorded" });
    for (const jump of [-30 * day, 400 * day, 0]) {
      api.clock.now = now + jump;
      expect((await api.get("/api/entitlements?tenant=acme&feature=api_calls")).status).toBe(200);
      expect((await put({ name: `At ${jump}` })).status).toBe(200);
      expect(await send({})).toMatchObject({ status: "recorded" });
    }
    expect((await (await api.get("/api/tenants/acme/usage", api.keys.manage)).json()).consumption).toMatchObject([{ used: 2 ** 53 - 1 }]);
  });
});
