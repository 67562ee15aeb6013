import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { day } from "~/core/time";
import { type Api, startApi } from "../support/api";
import { addOn, feature, meteredFeature, now, plan } from "../support/facts";
import { engines } from "../support/services";

describe.each(engines)("what the pages can do, programs can do too, on %s:", (engine) => {
  let api: Api;
  beforeEach(async () => {
    api = await startApi(engine);
    await api.catalogue(
      [feature("sso"), feature("audit"), meteredFeature("api_calls", { unit: "calls" })],
      [
        plan("starter", { api_calls: 1000 }),
        plan("premium", { sso: true }, { rank: 20, includes: "starter" }),
        addOn("boost", { api_calls: 5 }),
      ],
    );
  });
  afterEach(() => api.stop());

  const get = (path: string, headers = {}) => api.get(path, api.keys.manage, headers);
  const json = async (path: string) => (await get(path)).json();
  const send = (method: string, path: string, body?: unknown, headers = {}) => api.send(method, path, body, api.keys.manage, headers);
  const refused = async (answer: Response) => [answer.status, (await answer.json()).code];

  async function all(path: string, limit: number): Promise<{ key?: string; seq?: number }[]> {
    const found: { key?: string; seq?: number }[] = [];
    for (let next: string | null = ""; next !== null; ) {
      const page: { items: []; next: string | null } = await json(
        `${path}${path.includes("?") ? "&" : "?"}limit=${limit}${next && `&cursor=${next}`}`,
      );
      expect(page.items.length).toBeLessThanOrEqual(limit);
      found.push(...page.items);
      next = page.next;
    }
    return found;
  }

  test("lists tenants a page at a time, each once and in order, whatever comes between, by name, plan, status and trial", async () => {
    for (const key of ["b", "A", "c", "é", "a_", "a%"])
      await api.tenant(key, { plan: key === "c" ? "premium" : "starter", addOns: key === "b" ? ["boost"] : [] });
    await api.tenant("gone", { status: "archived" });
    await api.trial("b", "sso", now + 3 * day);
    await api.trial("c", "audit", now + 30 * day);
    const keys = async (query = "") => (await all(`/api/tenants${query}`, 2)).map((t) => t.key);
    expect(await keys()).toEqual(["A", "a%", "a_", "b", "c", "é", "gone"]);
    expect(await keys("?plan=premium")).toEqual(["c"]);
    expect(await keys("?plan=boost")).toEqual(["b"]);
    expect(await keys("?plan=-")).toEqual(["gone"]);
    expect(await keys("?status=archived")).toEqual(["gone"]);
    expect(await keys("?trial=live")).toEqual(["b", "c"]);
    expect(await keys("?trial=ending")).toEqual(["b"]);
    expect(await keys("?search=a_")).toEqual(["a_"]);
    expect((await json("/api/tenants?search=b")).items).toMatchObject([
      { key: "b", addOns: ["boost"], plan: "starter", usageAnchor: null },
    ]);
    for (const bad of ["cursor=x", "cursor=WzFd", "limit=0", "limit=201", "limit=x", "status=none", "trial=soon"]) {
      expect([bad, ...(await refused(await get(`/api/tenants?${bad}`)))]).toEqual([bad, 400, "invalid_request"]);
    }
    expect((await get("/api/tenants?unknown=1")).status).toBe(200);
  });

  test("goes on from tenants with the longest names and keys that there are", async () => {
    const [growing, wide] = ["İ".repeat(200), "字".repeat(200)];
    for (const [key, name] of [
      [growing, growing],
      ["a", growing],
      ["b", growing],
      [wide, wide],
      ["z", wide],
    ])
      expect((await send("PUT", `/api/tenants/${encodeURIComponent(key as string)}`, { name })).status).toBe(201);
    expect((await all("/api/tenants", 1)).map((t) => t.key).sort()).toEqual(["a", "b", "z", growing, wide].sort());
  });

  test("refuses a cursor that somebody made up, whatever it holds", async () => {
    await api.tenant("acme", {});
    const made = (...place: unknown[]) => Buffer.from(JSON.stringify(place)).toString("base64url");
    const numbers = [-1, 2 ** 53 - 1, -(2 ** 53 - 1), 8_640_000_000_000_000, -8_640_000_000_000_000, 253_402_300_800_000];
    for (const [path, cursors] of [
      ["/api/tenants", [made("\0", "x"), made("x", "\ud800"), made("x".repeat(1_301), "x")]],
      ["/api/tenants/acme/grants", [made(1, "\0"), ...numbers.map((n) => made(n, "x"))]],
      ["/api/plans", [made(1, "\0"), ...numbers.map((n) => made(n, "x"))]],
      ["/api/features", [made("\0"), made("\udc00")]],
    ] as const)
      for (const cursor of cursors)
        expect([path, cursor, ...(await refused(await get(`${path}?cursor=${cursor}`)))]).toEqual([path, cursor, 400, "invalid_request"]);
    expect((await get(`/api/audit?cursor=${made(2 ** 53 - 1)}`)).status).toBe(200);
  });

  test("changes a tenant only if it is what was read: If-Match, If-None-Match, ETag and 304", async () => {
    const put = (body: object, headers = {}) => send("PUT", "/api/tenants/acme", body, headers);
    expect(await refused(await put({}, { "if-match": '"1"' }))).toEqual([412, "stale"]);
    const made = await put({ plan: "starter" }, { "if-none-match": "*" });
    expect(made.status).toBe(201);
    const tag = made.headers.get("etag") as string;
    expect(await refused(await put({}, { "if-none-match": "*" }))).toEqual([412, "stale"]);
    expect((await get("/api/tenants/acme", { "if-none-match": tag })).status).toBe(304);
    expect((await get("/api/tenants/acme")).headers.get("etag")).toBe(tag);
    const changed = await put({ name: "Acme" }, { "if-match": tag });
    expect(changed.status).toBe(200);
    expect(await refused(await put({ name: "B" }, { "if-match": tag }))).toEqual([412, "stale"]);
    expect(await refused(await put({ name: "B" }, { "if-match": `W/${changed.headers.get("etag")}` }))).toEqual([412, "stale"]);
    expect(await refused(await put({ name: "B" }, { "if-match": "7" }))).toEqual([400, "invalid_request"]);
    expect((await put({ name: "B" }, { "if-match": `"9", ${changed.headers.get("etag")}` })).status).toBe(200);
    expect((await put({ name: "C" }, { "if-match": "*" })).status).toBe(200);
    expect((await json("/api/tenants/acme")).name).toBe("C");
    expect(await refused(await get("/api/tenants/none"))).toEqual([404, "tenant_not_found"]);
  });

  test("says of an If-None-Match that no write can mean what would be meant", async () => {
    const answer = await send("PUT", "/api/tenants/acme", {}, { "if-none-match": '"8"' });
    expect([answer.status, await answer.json()]).toMatchObject([
      400,
      {
        code: "invalid_request",
        field: "If-None-Match",
        detail:
          "Of a write only If-None-Match: * has a meaning: create it, and change nothing that is there. To change what you read, send its ETag as If-Match.",
      },
    ]);
    const match = await send("PUT", "/api/tenants/acme", {}, { "if-match": "8" });
    expect(await match.json()).toMatchObject({ field: "If-Match", detail: expect.stringContaining("quoted ETag") });
  });

  test("tags grants by the tenant's revision and by the clock, and takes the tag when a grant is written", async () => {
    await api.tenant("acme", { plan: "starter" });
    const { grants } = await (await send("POST", "/api/tenants/acme/grants", { kind: "trial", feature: "sso", days: 7 })).json();
    const one = `/api/grants/${grants[0].id}`;
    const tagOf = async (path: string) => (await get(path)).headers.get("etag") as string;
    const before = { list: await tagOf("/api/tenants/acme/grants"), one: await tagOf(one) };
    for (const [path, tag] of [
      ["/api/tenants/acme/grants", before.list],
      [one, before.one],
    ] as const) {
      const again = await get(path, { "if-none-match": tag });
      expect([path, again.status, again.headers.get("etag"), await again.text()]).toEqual([path, 304, tag, ""]);
    }
    expect(await tagOf("/api/tenants/acme/grants?kind=override")).not.toBe(before.list);
    // Nothing is written, and yet it says something else.
    api.clock.now = now + 7 * day;
    expect((await get(one, { "if-none-match": before.one })).status).toBe(200);
    expect((await get("/api/tenants/acme/grants", { "if-none-match": before.list })).status).toBe(200);
    api.clock.now = now;

    const override = (feature: string, tag: string) =>
      send("POST", "/api/tenants/acme/grants", { kind: "override", feature, effect: "deny" }, { "if-match": tag });
    expect((await override("audit", before.list)).status).toBe(201);
    expect(await refused(await override("sso", before.list))).toEqual([412, "stale"]);
    expect(await refused(await send("POST", `${one}/end`, {}, { "if-match": before.one }))).toEqual([412, "stale"]);
    expect((await get(one, { "if-none-match": before.one })).status).toBe(200);
    expect((await send("POST", `${one}/end`, {}, { "if-match": `W/"1", ${await tagOf(one)}` })).status).toBe(200);
  });

  test("lists, extends and ends grants, with what was promised before on record", async () => {
    await api.tenant("acme", { plan: "starter" });
    const { grants } = await (await send("POST", "/api/tenants/acme/grants", { kind: "trial", feature: "sso", days: 7 })).json();
    const id = grants[0].id;
    await send("POST", "/api/tenants/acme/grants", {
      kind: "override",
      feature: "audit",
      effect: "deny",
      startsAt: new Date(now + day).toISOString(),
    });
    const states = async (query = "") =>
      (await all(`/api/tenants/acme/grants${query}`, 1)).map((g) => (g as unknown as { state: string }).state);
    expect(await states()).toEqual(["upcoming", "live"]);
    for (const body of [{}, { days: 1, endsAt: new Date(now + 14 * day).toISOString() }, { days: 0 }, { days: 3_651 }, { days: 1.5 }])
      expect([body, (await send("POST", `/api/grants/${id}/extend`, body)).status]).toEqual([body, 400]);
    const longer = await send("POST", `/api/grants/${id}/extend`, { days: 7 });
    expect(longer.status).toBe(200);
    expect((await longer.json()).grants).toMatchObject([
      { id, endedAt: new Date(now).toISOString() },
      { extends: id, value: true, endsAt: new Date(now + 14 * day).toISOString() },
    ]);
    expect((await states()).sort()).toEqual(["ended", "live", "upcoming"]);
    expect(await states("?state=live")).toEqual(["live"]);
    expect(await states("?state=ended")).toEqual(["ended"]);
    expect(await states("?kind=override")).toEqual(["upcoming"]);
    expect(await json(`/api/grants/${id}`)).toMatchObject({ tenant: "acme", state: "ended", grant: { id } });
    expect(await refused(await send("POST", `/api/grants/${id}/extend`, { endsAt: new Date(now + 20 * day).toISOString() }))).toEqual([
      409,
      "grant_over",
    ]);
    expect(await refused(await get("/api/grants/gr_none"))).toEqual([404, "grant_not_found"]);
    expect(await refused(await get("/api/tenants/none/grants"))).toEqual([404, "tenant_not_found"]);
  });

  test("creates and changes plans with their entries in one step, archives, restores and deletes them", async () => {
    const put = (body: object, headers = {}) => send("PUT", "/api/plans/team", body, headers);
    const made = await put({ name: "Team", rank: 15, includes: "starter", features: { sso: true, api_calls: 50 } });
    expect(made.status).toBe(201);
    expect(await made.json()).toMatchObject({ kind: "base", rank: 15, includes: "starter", features: { sso: true, api_calls: 50 } });
    const tag = made.headers.get("etag") as string;
    expect(await (await put({ features: { api_calls: "unlimited" } }, { "if-match": tag })).json()).toMatchObject({
      name: "Team",
      features: { api_calls: "unlimited" },
    });
    expect(await refused(await put({ name: "X" }, { "if-match": tag }))).toEqual([412, "stale"]);
    for (const [body, code] of [
      [{ features: { none: true } }, "feature_not_found"],
      [{ features: { sso: 5 } }, "value_invalid"],
      [{ features: { sso: null } }, "value_invalid"],
      [{ includes: "boost" }, "plan_kind"],
      [{ includes: "team" }, "include_cycle"],
      [{ kind: "add_on" }, "plan_kind"],
    ] as const) {
      expect(await refused(await put(body))).toEqual([422, code]);
    }
    expect((await json("/api/plans?kind=base")).items.map((p: { key: string }) => p.key)).toEqual(["starter", "team", "premium"]);
    expect((await all("/api/plans", 1)).map((p) => p.key)).toEqual(["starter", "team", "premium", "boost"]);
    await api.tenant("acme", { plan: "team" });
    expect(await refused(await send("DELETE", "/api/plans/team"))).toEqual([409, "plan_in_use"]);
    expect(await (await send("POST", "/api/plans/team/archive")).json()).toMatchObject({ archivedAt: new Date(now).toISOString() });
    expect((await all("/api/plans?archived=1", 5)).map((p) => p.key)).toEqual(["team"]);
    expect(await (await send("POST", "/api/plans/team/restore", { why: "sold again" })).json()).toMatchObject({ archivedAt: null });
    await api.tenant("acme", { plan: null });
    const gone = await send("DELETE", "/api/plans/team", undefined, { "idempotency-key": "d" });
    expect([gone.status, await gone.text()]).toEqual([204, ""]);
    expect((await send("DELETE", "/api/plans/team", undefined, { "idempotency-key": "d" })).status).toBe(204);
    expect(await refused(await send("DELETE", "/api/plans/team"))).toEqual([404, "plan_not_found"]);
    expect(await refused(await get("/api/plans/team"))).toEqual([404, "plan_not_found"]);
    expect(await refused(await send("POST", "/api/plans/team/archive"))).toEqual([404, "plan_not_found"]);
  });

  test("creates and changes features of every type, archives and restores them", async () => {
    const put = (key: string, body: object) => send("PUT", `/api/features/${key}`, body);
    expect((await put("chat", {})).status).toBe(201);
    expect(await (await put("size", { config: { kind: "number" } })).json()).toMatchObject({
      type: "config",
      config: { kind: "number", better: "higher" },
    });
    expect(await (await put("seats", { type: "metered", meter: { resetPeriod: "never" } })).json()).toMatchObject({
      meter: { soft: false, unit: null },
    });
    expect(await (await put("chat", { name: "Chat", group: "Talk", flag: { key: "chat-on", rule: "gate" } })).json()).toMatchObject({
      name: "Chat",
      flag: { key: "chat-on", rule: "gate", whenUnknown: "last" },
    });
    expect(await refused(await put("chat", { type: "metered" }))).toEqual([422, "feature_type"]);
    expect(await refused(await put("chat", { meter: { resetPeriod: "day" } }))).toEqual([422, "value_invalid"]);
    expect(await refused(await put("chat%20", {}))).toEqual([400, "invalid_request"]);
    expect(await refused(await put("x", { type: "config" }))).toEqual([422, "value_invalid"]);
    expect(await refused(await put("x", { config: { kind: "text", options: ["a", "a"] } }))).toEqual([400, "invalid_request"]);
    expect((await send("POST", "/api/features/chat/archive")).status).toBe(200);
    expect((await all("/api/features?archived=1", 9)).map((f) => f.key)).toEqual(["chat"]);
    expect((await send("POST", "/api/features/chat/restore")).status).toBe(200);
    expect((await all("/api/features", 2)).map((f) => f.key)).toEqual(["api_calls", "audit", "chat", "seats", "size", "sso"]);
    expect((await all("/api/features?search=CHAT", 2)).map((f) => f.key)).toEqual(["chat"]);
    expect((await all("/api/features?group=Talk", 2)).map((f) => f.key)).toEqual(["chat"]);
    expect((await all("/api/features?type=metered", 1)).map((f) => f.key)).toEqual(["api_calls", "seats"]);
    expect(await refused(await get("/api/features?type=none"))).toEqual([400, "invalid_request"]);
    expect(await refused(await send("POST", "/api/features/none/archive"))).toEqual([404, "feature_not_found"]);
  });

  test("exports a catalogue, says what an import would do, and does it if nothing changed since", async () => {
    const file = await (await get("/api/catalogue")).text();
    const load = (text: string, query = "", headers = {}) =>
      send("POST", `/api/catalogue/import${query}`, text, { "content-type": "application/yaml", ...headers });
    expect(await (await load(file)).json()).toMatchObject({ changed: false, dryRun: false });
    const next = file.replace("features:", "features:\n  brand_new: Brand new");
    const dry = await load(next, "?dryRun=1");
    const tag = dry.headers.get("etag") as string;
    expect(await dry.json()).toMatchObject({ dryRun: true, changed: true, features: { added: [{ key: "brand_new" }] } });
    expect((await get("/api/features/brand_new")).status).toBe(404);
    await send("PUT", "/api/features/between", {});
    expect(await refused(await load(next, "", { "if-match": tag }))).toEqual([412, "stale"]);
    expect(await (await load(next, "", { "idempotency-key": "i" })).json()).toMatchObject({ changed: true });
    expect((await load(next, "", { "idempotency-key": "i" })).headers.get("idempotency-replayed")).toBe("true");
    expect((await get("/api/features/brand_new")).status).toBe(200);
    expect((await load(next, "", { "if-match": "*" })).status).toBe(200);
    expect((await load(next, "", { "if-match": `"0", W/${tag}, ${(await load(next, "?dryRun=1")).headers.get("etag")}` })).status).toBe(
      200,
    );
    for (const query of ["", "?dryRun=1"]) {
      expect(await refused(await load(next, query, { "if-match": '"0", "1"' }))).toEqual([412, "stale"]);
      expect(await refused(await load(next, query, { "if-none-match": "*" }))).toEqual([412, "stale"]);
    }
    const asJson = await (await get("/api/catalogue?format=json&tenants=1")).text();
    expect(await (await load(asJson, "", { "content-type": "application/json" })).json()).toMatchObject({ changed: false });
    const bad = await load("latchkey: 1\nfeatures: 5\n");
    expect([bad.status, await bad.json()]).toMatchObject([422, { code: "invalid_catalogue", field: expect.stringMatching(/^line \d/) }]);
  });

  test("tags an export, and takes the tag when the file comes back", async () => {
    const tags = new Map<string, string>();
    for (const query of ["", "?format=json", "?tenants=1"]) {
      const tag = (await get(`/api/catalogue${query}`)).headers.get("etag") as string;
      expect([query, (await get(`/api/catalogue${query}`, { "if-none-match": tag })).status]).toEqual([query, 304]);
      tags.set(query, tag);
    }
    await api.tenant("acme", { plan: "starter" });
    const isKnown = async (query: string) => (await get(`/api/catalogue${query}`, { "if-none-match": tags.get(query) })).status === 304;
    expect([await isKnown(""), await isKnown("?tenants=1")]).toEqual([true, false]);
    const load = async () =>
      send("POST", "/api/catalogue/import", await (await get("/api/catalogue")).text(), {
        "content-type": "application/yaml",
        "if-match": tags.get("?tenants=1"),
      });
    expect((await load()).status).toBe(200);
    await send("PUT", "/api/features/between", {});
    expect(await isKnown("")).toBe(false);
    expect(await refused(await load())).toEqual([412, "stale"]);
  });

  test("tells who changed what, a page at a time, with the key as the actor", async () => {
    for (const key of ["a", "b", "c"]) await send("PUT", `/api/tenants/${key}`, { why: "because" });
    const entries = await all("/api/audit?subjectKind=tenant", 2);
    expect(entries.map((e) => (e as { subject?: string }).subject)).toEqual(["c", "b", "a"]);
    const one = await json(`/api/audit/${entries[0]?.seq}`);
    expect(one).toMatchObject({ action: "tenant.created", subject: "c", why: "because", actor: { kind: "api_key", name: "manage" } });
    await send("PUT", "/api/tenants/c", { usageAnchor: "2026-01-31T00:00:00.000Z" });
    const [anchored] = await all("/api/audit?subjectKind=tenant", 1);
    expect(anchored).toMatchObject({ before: {}, after: { usageAnchor: "2026-01-31T00:00:00.000Z" } });
    expect((await all(`/api/audit?actor=api_key:${one.actor.id}&action=tenant.created`, 50)).length).toBe(3);
    expect(await refused(await get("/api/audit/999999"))).toEqual([404, "audit_entry_not_found"]);
  });

  test("sums up checks and consumption", async () => {
    await api.tenant("acme", { plan: "premium" });
    for (const key of ["sso", "sso", "audit"]) await api.get(`/api/entitlements?tenant=acme&feature=${key}`);
    const usage = await json("/api/tenants/acme/usage?days=2");
    expect(usage).toMatchObject({
      from: "2026-11-19",
      to: "2026-11-20",
      checks: {
        allowed: 2,
        refused: 1,
        days: [
          { allowed: 0, refused: 0 },
          { day: "2026-11-20", allowed: 2, refused: 1 },
        ],
      },
      consumption: [{ feature: "api_calls", unit: "calls", limit: 1000, used: 0, remaining: 1000, resetsAt: "2026-12-01T00:00:00.000Z" }],
    });
    expect(usage.checks.features[0]).toMatchObject({ feature: "sso", allowed: 2, refused: 0 });
  });
});
