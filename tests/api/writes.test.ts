import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { putTenant } from "~/core/decision/changes";
import { day, minute } from "~/core/time";
import { changeTenant } from "~/server/changes/tenant-change.server";
import { once } from "~/server/http/idempotency.server";
import type { Services } from "~/server/services.server";
import { claimWrite } from "~db/store/idempotency.server";
import { type Api, ada, startApi } from "../support/api";
import { feature, meteredFeature, now, plan } from "../support/facts";
import { engines } from "../support/services";

describe.each(engines)("writes that can be sent twice, on %s", (engine) => {
  let api: Api;
  beforeEach(async () => {
    api = await startApi(engine);
    await api.catalogue([feature("sso"), meteredFeature("api_calls")], [plan("starter", { api_calls: 1000 })]);
    await api.tenant("acme", { plan: "starter" });
  });
  afterEach(() => api.stop());

  const trial = { kind: "trial", feature: "sso", days: 14 };
  const grant = (key: string, body: object = trial, by = api.keys.manage) =>
    api.send("POST", "/api/tenants/acme/grants", body, by, { "idempotency-key": key });
  const grants = async () => (await (await api.get("/api/tenants/acme/grants", api.keys.manage)).json()).items;

  test("are done once, and answered the same again, with a word that they were", async () => {
    const first = await grant('"a"');
    const again = await grant("a");
    expect([first.status, first.headers.get("idempotency-replayed")]).toEqual([201, null]);
    expect([again.status, again.headers.get("idempotency-replayed")]).toEqual([201, "true"]);
    expect(again.headers.get("etag")).toBe(first.headers.get("etag"));
    expect(await again.text()).toBe(await first.text());
    expect(await grants()).toHaveLength(1);
  });

  test("have one effect when 50 come at once; the others hear that it is being done, or what it was", async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => grant("same")));
    const codes = await Promise.all(answers.map(async (a) => (a.status === 201 ? "done" : (await a.json()).code)));
    expect(codes).toContain("done");
    for (const code of codes) expect(["done", "idempotency_key_in_use"]).toContain(code);
    for (const a of answers) if (a.status === 409) expect(a.headers.get("retry-after")).toBe("1");
    expect(await grants()).toHaveLength(1);
    expect((await grant("same")).headers.get("idempotency-replayed")).toBe("true");
  });

  test("are refused when the same name comes with another request, and are another caller's own", async () => {
    await grant("a");
    const mixed = await grant("a", { ...trial, days: 15 });
    expect([mixed.status, await mixed.json()]).toMatchObject([422, { code: "idempotency_key_reused", field: "Idempotency-Key" }]);
    const other = await grant("a", trial, await api.keyFor("manage"));
    expect([other.status, (await other.json()).code]).toEqual([409, "grant_overlaps"]);
  });

  test("keep a refusal too, and are forgotten after 24 hours, not a millisecond before", async () => {
    await grant("first");
    expect((await grant("b")).status).toBe(409);
    api.clock.now = now + day - 1;
    expect((await grant("b")).headers.get("idempotency-replayed")).toBe("true");
    api.clock.now = now + day;
    const later = await grant("b", { ...trial, days: 3 });
    expect([later.status, later.headers.get("idempotency-replayed")]).toEqual([409, null]);
  });

  test.each(["", "ä", "a b", '"a', '"a";b', "x".repeat(256)])("refuse the name %j", async (name) => {
    const answer = await grant(name === "ä" ? "\u00e4" : name || " ");
    expect([answer.status, (await answer.json()).field]).toEqual([400, "Idempotency-Key"]);
    expect(await grants()).toHaveLength(0);
  });

  test("are not blocked for ever by a process that died in the middle, and what it wrote is never written twice", async () => {
    const { services } = api;
    const name = { principal: "key_x", key: "k" };
    const work = (s: Services) =>
      changeTenant(s, "acme", ada, (facts, catalogue, stamp) => putTenant(facts, "acme", { name: "Once" }, catalogue, stamp));
    const answerOf = (result: Awaited<ReturnType<typeof work>>) => ({ status: 200, body: JSON.stringify(result.ok) });
    const attempt = () => once(services, name, "f", work, answerOf, { inItsTransaction: true });
    // The claim of a process that is no more.
    await services.db.transaction([], (tx) => claimWrite(tx, services.db.tables, name, "f", services.now()));
    expect(await attempt()).toEqual({ is: "running" });
    api.clock.now = now + 59_999;
    expect(await attempt()).toEqual({ is: "running" });
    api.clock.now = now + minute;
    expect(await attempt()).toMatchObject({ is: "done", replayed: false, body: "true" });
    expect(await attempt()).toMatchObject({ is: "done", replayed: true, body: "true" });
  });

  test("that were taken over while they slept write nothing", async () => {
    const { services } = api;
    const name = { principal: "key_x", key: "k" };
    const slow = once(
      services,
      name,
      "f",
      async (s) => {
        api.clock.now = now + minute;
        await services.db.transaction([], (tx) => claimWrite(tx, services.db.tables, name, "f", services.now()));
        return changeTenant(s, "acme", ada, (facts, catalogue, stamp) => putTenant(facts, "acme", { name: "Slow" }, catalogue, stamp));
      },
      () => ({ status: 200, body: "" }),
      { inItsTransaction: true },
    );
    await expect(slow).rejects.toThrow("took it over");
    expect((await (await api.get("/api/tenants/acme", api.keys.manage)).json()).name).toBe("acme");
  });

  test("let go of their name when they fail, so that the next try counts", async () => {
    const { services } = api;
    const name = { principal: "key_x", key: "k" };
    const fail = once(
      services,
      name,
      "f",
      () => Promise.reject(new Error("no")),
      () => ({ status: 200, body: "" }),
      { inItsTransaction: true },
    );
    await expect(fail).rejects.toThrow("no");
    const next = await once(
      services,
      name,
      "f",
      async () => 1,
      () => ({ status: 200, body: "1" }),
      { inItsTransaction: true },
    );
    expect(next).toMatchObject({ is: "done", replayed: false });
  });

  test("consume once too", async () => {
    const usage = await api.keyFor("usage");
    const body = { tenant: "acme", feature: "api_calls", quantity: 7 };
    const consume = () => api.send("POST", "/api/usage/consume", body, usage, { "idempotency-key": "c" });
    const [a, b] = [await consume(), await consume()];
    expect((await a.json()).entitlement.used).toBe(7);
    expect((await b.json()).entitlement.used).toBe(7);
    const { consumption } = await (await api.get("/api/tenants/acme/usage", api.keys.manage)).json();
    expect(consumption).toMatchObject([{ feature: "api_calls", used: 7, remaining: 993, limit: 1000 }]);
  });
});
