import { once } from "node:events";
import net from "node:net";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { noApprovals } from "~/core/approvals/approvals";
import { maxRequestsPerDay, maxWaitingRequests } from "~/core/requests/request";
import { day } from "~/core/time";
import { saveApprovals } from "~/server/approvals/approval-rules.server";
import { createBulk } from "~/server/bulk/bulk.server";
import { FactsUnavailable } from "~/server/facts/facts-cache.server";
import { createKey, revokeKey } from "~/server/keys/api-keys.server";
import { saveRails } from "~/server/rails/rails.server";
import { refuseRequest } from "~/server/requests/decide.server";
import { findRequest } from "~/server/requests/inbox.server";
import { insertRequest } from "~db/store/requests.server";
import { type FakePosthog, startFakePosthog } from "../fake-posthog/start";
import { type Api, ada, startApi } from "../support/api";
import { seedTenants, tenantsNamed } from "../support/bulk-world";
import type { Route } from "../support/described-api";
import { listen } from "../support/events";
import { addOn, feature, meteredFeature, now, plan } from "../support/facts";
import { unknownKey } from "../support/fuzz-pools";
import { at, fresh, newGrant, newScheduled, newTenant, right } from "../support/right-requests";
import { createWalk, type Refusals, type Sent, type Walk } from "../support/walk";

const seen = new Set<string>();
const refusals: Refusals = new Map();
let fake: FakePosthog;
let api: Api;
let walk: Walk;
let keys: Awaited<ReturnType<typeof makeKeys>>;
const started: Pick<Api, "stop">[] = [];

beforeAll(async () => {
  fake = await startFakePosthog();
  ({ api, walk, keys } = await start());
});
afterAll(async () => {
  for (const one of started) await one.stop();
  await fake.close();
});

/** Beside a PostHog that can be asked everything. */
async function start(variables: Record<string, string> = { LATCHKEY_RATE_LIMIT: "0" }) {
  const { origin, state } = fake;
  const beside = {
    POSTHOG_HOST: origin,
    POSTHOG_PROJECT_API_KEY: state.projectKey,
    POSTHOG_SECRET_KEY: state.secretKey,
    POSTHOG_PROJECT_ID: "1",
  };
  const api = await startApi("sqlite", { variables: { ...beside, ...variables } });
  started.push(api);
  await api.catalogue(
    [feature("sso"), meteredFeature("calls"), feature("gone", { archivedAt: now - day })],
    [
      plan("starter", { calls: 1000 }),
      plan("old", {}, { archivedAt: now - day }),
      addOn("boost", { calls: 5 }),
      plan("top", { sso: true }, { includes: "starter", rank: 20 }),
    ],
  );
  await api.tenant("acme", { name: "Acme", plan: "starter" });
  await api.tenant("closed", { name: "Closed", status: "archived" });
  return { api, walk: await createWalk(api, seen, refusals), keys: await makeKeys(api) };
}

async function makeKeys(api: Api) {
  const make = (more: object = {}) =>
    createKey(api.services, ada, { name: "walk", scopes: ["check", "usage", "manage"], expiresAt: null, ...more });
  const revoked = await make();
  await revokeKey(api.services, ada, revoked.id);
  const pub = { kind: "pub", scopes: ["check"], tenant: "acme", origins: ["https://a.b"] };
  return {
    all: (await make()).key,
    other: (await make({ tenant: "other" })).key,
    pub: (await make(pub)).key,
    expired: (await make({ expiresAt: now })).key,
    revoked: revoked.key,
    check: api.keys.check,
    usage: await api.keyFor("usage"),
    manage: api.keys.manage,
  };
}

const rightOf = async (id: string, of = api, key = keys.all): Promise<Sent> => {
  const made = right[id];
  if (!made) throw new Error(`Say in right-requests.ts how to ask ${id} rightly.`);
  return made(of, key);
};
const promisedCodes = (id: string, status: number) =>
  walk
    .promised()
    .filter((line) => line.startsWith(`${id} ${status}`))
    .map((line) => line.split(" ")[2] ?? "");
const isWrite = ({ operation }: Route) => operation.parameters.some((p) => p.name === "Idempotency-Key");
/** A file is text, whatever its type. */
const takesJson = ({ operation }: Route) => Object.keys(operation.requestBody?.content ?? {}).join() === "application/json";
const each = async (which: (route: Route) => boolean, work: (id: string, route: Route) => Promise<unknown>) => {
  for (const route of walk.routes) if (which(route)) await work(route.operation.operationId, route);
};

test("every operation succeeds", async () => {
  await each(
    () => true,
    async (id) => expect([id, (await walk.ask(id, keys.all, await rightOf(id))).status]).toEqual([id, expect.toSatisfy((s) => s < 300)]),
  );
  for (const id of ["putTenant", "putPlan", "putFeature"]) {
    const sent = await rightOf(id);
    expect((await walk.ask(id, keys.all, sent)).status).toBe(201);
    expect((await walk.ask(id, keys.all, sent)).status).toBe(200);
  }
});

test("whoever has no key that counts, not the scope, or another tenant's key is told so by every operation that asks for one", async () => {
  const typo = `${keys.all}x`;
  const guarded = ({ operation }: Route) => operation.security.length > 0;
  await each(guarded, async (id, { operation }) => {
    for (const key of [null, typo, unknownKey(), keys.revoked, keys.expired])
      expect((await walk.ask(id, key, await rightOf(id))).status).toBe(401);
    const scopes = operation["x-scopes"] ?? [];
    const wrong = !scopes.includes("usage") ? keys.usage : keys.check;
    expect((await walk.ask(id, wrong, await rightOf(id))).status).toBe(403);
    const foreign = await walk.ask(id, keys.other, await rightOf(id));
    // Of many questions, or events, each is refused by itself.
    const isOfMany = id === "askMany" || id === "reportUsage";
    expect([id, foreign.status]).toEqual([id, isOfMany ? 200 : 403]);
  });
  const groups = await walk.ask("getPosthogGroups", keys.pub, await rightOf("getPosthogGroups"));
  expect(groups).toMatchObject({ status: 403, code: "secret_key_required" });
  expect(await walk.ask("createRequest", keys.pub, await rightOf("createRequest"))).toMatchObject({
    status: 403,
    code: "secret_key_required",
  });
  expect(await walk.ask("withdrawRequest", keys.pub, await rightOf("withdrawRequest"))).toMatchObject({
    status: 403,
    code: "secret_key_required",
  });
  expect(await walk.ask("mintToken", keys.pub, await rightOf("mintToken"))).toMatchObject({ status: 403, code: "secret_key_required" });
  expect((await walk.ask("listenForFlags", null, { query: { ticket: "lk_sse_x" } })).status).toBe(401);
});

test("what cannot be read is refused: bodies, types, lengths, parameters", async () => {
  const big = (mB: number) => `"${"x".repeat(mB * 1024 * 1024)}"`;
  await each(
    ({ operation }) => operation.requestBody !== undefined,
    async (id, route) => {
      const sent = await rightOf(id);
      expect([id, (await walk.ask(id, keys.all, { ...sent, text: big(id === "importTenants" ? 26 : 6) })).status]).toEqual([id, 413]);
      expect((await walk.ask(id, keys.all, { ...sent, text: "{}", type: "text/html" })).status).toBe(415);
      if (!takesJson(route)) return;
      expect((await walk.ask(id, keys.all, { ...sent, text: "{" })).status).toBe(400);
      expect((await walk.ask(id, keys.all, { ...sent, body: [] })).status).toBe(400);
    },
  );
  await each(
    ({ operation }) => "414" in operation.responses,
    async (id, { operation }) => {
      const sent = await rightOf(id);
      const name = operation.parameters.find((p) => p.in === "path")?.name as string;
      expect([id, (await walk.ask(id, keys.all, { ...sent, params: { [name]: "x".repeat(2_501) } })).status]).toEqual([id, 414]);
      expect((await walk.ask(id, keys.all, { ...sent, params: { [name]: "\u0001" } })).status).toBe(400);
    },
  );
  await each(
    ({ operation }) => operation.parameters.some((p) => p.name === "limit"),
    async (id) => {
      expect((await walk.ask(id, keys.all, { ...(await rightOf(id)), query: { limit: "0" } })).status).toBe(400);
    },
  );
  expect((await walk.ask("getEntitlements", keys.all)).status).toBe(400);
  for (const id of ["getEntitlements", "listenToChanges"])
    expect((await walk.ask(id, keys.all, { query: { tenant: "" } })).status).toBe(400);
  expect((await walk.ask("exportCatalogue", keys.all, { query: { format: "xml" } })).status).toBe(400);
  expect((await walk.ask("importCatalogue", keys.all, { text: "" })).status).toBe(400);
  const features = Array.from({ length: 1_000 }, (_, i) => `f${i}`);
  const many = { checks: Array.from({ length: 26 }, () => ({ tenant: "acme", features })) };
  expect((await walk.ask("askMany", keys.all, { body: many })).code).toBe("too_many_checks");
});

test("what evaluates flags refuses in the protocol's words", async () => {
  for (const [id, context, errorCode] of [
    ["evaluateFlag", { targetingKey: "nobody" }, "INVALID_CONTEXT"],
    ["evaluateFlags", { targetingKey: 5 }, "INVALID_CONTEXT"],
    ["evaluateFlag", {}, "TARGETING_KEY_MISSING"],
    ["evaluateFlags", {}, "TARGETING_KEY_MISSING"],
  ] as const)
    expect((await walk.ask(id, keys.all, { ...(await rightOf(id)), body: { context } })).said).toMatchObject({ errorCode });
});

test("what is not there is not found, and what is known already is not sent again", async () => {
  const missing: { [name: string]: string } = { key: "nobody", id: "gr_none", plan: "none", feature: "none", seq: "999999" };
  const search: [string, string][] = ["acme", "nobody"].map((key) => ["tenant", key]);
  await each(
    ({ operation }) => "404" in operation.responses,
    async (id) => {
      const params = /Scheduled$/.test(id) ? { key: "nobody", id: "sc_none" } : missing;
      const named = id === "createRequest" ? { body: { tenant: "nobody", feature: "sso" } } : await rightOf(id);
      const sent = id === "compareTenants" ? { search } : { ...named, params };
      expect([id, (await walk.ask(id, keys.all, sent)).status]).toEqual([id, 404]);
    },
  );
  await each(
    ({ operation }) => "304" in operation.responses,
    async (id) => {
      const sent = await rightOf(id);
      const { etag } = await walk.ask(id, keys.all, sent);
      expect((await walk.ask(id, keys.all, { ...sent, headers: { "if-none-match": etag as string } })).status).toBe(304);
    },
  );
});

test("a write whose condition does not hold, whose name was used, or which is under way is refused", async () => {
  const { db } = api.services;
  await walk.ask("putTenant", keys.all, { params: { key: "acme" }, body: { name: "Acme" }, headers: { "idempotency-key": "used" } });
  const there: { [id: string]: { [name: string]: string } } = {
    putTenant: { key: "acme" },
    putPlan: { plan: "starter" },
    putFeature: { feature: "sso" },
  };
  for (const [id, params] of Object.entries(there))
    expect((await walk.ask(id, keys.all, { ...(await rightOf(id)), params, headers: { "if-match": '"0"' } })).code).toBe("stale");
  await each(isWrite, async (id, { operation }) => {
    const sent = await rightOf(id);
    if (operation.parameters.some((p) => p.name === "If-Match"))
      expect([id, (await walk.ask(id, keys.all, { ...sent, headers: { "if-match": '"0"' } })).code]).toEqual([id, "stale"]);
    expect((await walk.ask(id, keys.all, { ...sent, headers: { "idempotency-key": "not one" } })).status).toBe(400);
    expect((await walk.ask(id, keys.all, { ...sent, headers: { "idempotency-key": "used" } })).code).toBe("idempotency_key_reused");
    const named = { ...sent, headers: { "idempotency-key": fresh() } };
    expect((await walk.ask(id, keys.all, named)).status).toBeLessThan(300);
    // As if its process had not ended yet.
    await db.transaction([], (tx) => tx.update(db.tables.idempotentAnswers).set({ status: null, body: null }).where(sql`true`));
    expect((await walk.ask(id, keys.all, named)).code).toBe("idempotency_key_in_use");
    await db.transaction([], (tx) => tx.update(db.tables.idempotentAnswers).set({ status: 204, body: "" }).where(sql`true`));
  });
});

test("what cannot be done is refused with its own code", async () => {
  const refused = async (id: string, sent: Sent, ...codes: string[]) => {
    const { code, said } = await walk.ask(id, keys.all, { ...(await rightOf(id)), ...sent });
    expect([id, codes, codes.includes(code), said.detail]).toEqual([id, codes, true, expect.stringMatching(/\.$/)]);
  };
  const acme = { params: { key: "acme" } };
  await refused("putTenant", { body: { plan: "none" } }, "plan_not_found");
  await refused("putTenant", { body: { plan: "boost" } }, "plan_kind");
  await refused("putTenant", { body: { plan: "old" } }, "plan_archived");
  await refused("putTenant", { params: { key: "a\u200bb" } }, "value_invalid");
  const trial = (more: object) => ({ body: { kind: "trial", feature: "sso", days: 7, ...more } });
  await walk.ask("grant", keys.all, { ...acme, ...trial({}) });
  await refused("grant", { ...acme, ...trial({}) }, "grant_overlaps");
  await refused("grant", trial({ feature: "none" }), "feature_not_found");
  await refused("grant", trial({ feature: "gone" }), "feature_archived");
  await refused("grant", trial({ value: 5 }), "value_invalid");
  await refused("grant", trial({ days: undefined, endsAt: at(-1) }), "ends_in_past");
  await refused("grant", trial({ days: undefined, startsAt: at(9), endsAt: at(8) }), "ends_before_start");
  await refused("grant", { params: { key: "closed" }, ...trial({}) }, "tenant_archived");

  const change = (more: object) => ({ body: { at: at(9), plan: "top", ...more } });
  await refused("scheduleChange", change({ at: at(-1) }), "schedule_in_past");
  await refused("scheduleChange", change({ plan: "starter" }), "schedule_unchanged");
  await refused("scheduleChange", change({ plan: "none" }), "plan_not_found");
  await refused("scheduleChange", change({ plan: "boost" }), "plan_kind");
  await refused("scheduleChange", change({ plan: "old" }), "plan_archived");
  const busy = await newTenant(api);
  for (let i = 1; i <= 20; i += 1) {
    const sent = { params: { key: busy }, body: { at: at(i), status: i % 2 === 1 ? "suspended" : "active" } };
    expect((await walk.ask("scheduleChange", keys.all, sent)).status).toBe(201);
  }
  await refused("scheduleChange", { params: { key: busy }, ...change({ at: at(21) }) }, "schedule_full");
  const to = (plan: string) => ({ whenItEnds: { plan } });
  await refused("grant", { params: { key: busy }, ...trial(to("top")) }, "schedule_full");
  await refused("grantBundle", { params: { key: busy }, body: { plan: "top", days: 14, ...to("top") } }, "schedule_full");
  for (const [plan, code] of [
    ["starter", "schedule_unchanged"],
    ["boost", "plan_kind"],
    ["old", "plan_archived"],
    ["none", "plan_not_found"],
  ] as const) {
    await refused("grant", { params: { key: await newTenant(api) }, ...trial(to(plan)) }, code);
    await refused("grantBundle", { params: { key: await newTenant(api) }, body: { plan: "top", days: 14, ...to(plan) } }, code);
  }
  await refused("moveScheduled", { body: { at: at(-1) } }, "schedule_in_past");
  const dull = await newScheduled(api);
  await walk.ask("scheduleChange", keys.all, { params: { key: dull.key }, body: { at: at(40), status: "active" } });
  await walk.ask("scheduleChange", keys.all, { params: { key: dull.key }, body: { at: at(50), status: "suspended" } });
  await refused("moveScheduled", { params: dull, body: { at: at(60) } }, "schedule_unchanged");
  await refused("moveScheduled", { params: { key: "acme", id: "sc_none" } }, "schedule_not_found");
  await refused("cancelScheduled", { params: { key: "acme", id: "sc_none" } }, "schedule_not_found");
  const fading = await newTenant(api);
  await walk.ask("putPlan", keys.all, { params: { plan: "fading" }, body: {} });
  const { said: list } = await walk.ask("scheduleChange", keys.all, { params: { key: fading }, ...change({ plan: "fading" }) });
  const id = (list.items as { id: string }[])[0]?.id as string;
  await walk.ask("archivePlan", keys.all, { params: { plan: "fading" } });
  await refused("moveScheduled", { params: { key: fading, id }, body: { at: at(10) } }, "plan_archived");

  const overGrant = await newGrant(api);
  await walk.ask("endGrant", keys.all, { params: { id: overGrant } });
  await refused("endGrant", { params: { id: overGrant } }, "grant_over");
  await refused("extendGrant", { params: { id: overGrant } }, "grant_over");
  await refused("convertGrant", { params: { id: overGrant } }, "grant_over");
  await refused("convertGrant", { body: { plan: "starter" } }, "plan_unsuitable");
  const bundle = (body: object) => ({ body: { plan: "top", days: 14, ...body } });
  await refused("grantBundle", { params: { key: "nobody" } }, "tenant_not_found");
  await refused("grantBundle", { params: { key: "closed" }, ...bundle({}) }, "tenant_archived");
  await refused("grantBundle", bundle({ plan: "none" }), "plan_not_found");
  await refused("grantBundle", bundle({ plan: "old" }), "plan_archived");
  await refused("grantBundle", { params: { key: await newTenant(api) }, ...bundle({ plan: "starter" }) }, "plan_unsuitable");
  await refused("grantBundle", { body: { plan: "top", endsAt: at(-1) } }, "ends_in_past");
  await refused("grantBundle", { body: { plan: "top", startsAt: at(9), endsAt: at(8) } }, "ends_before_start");
  await refused("convertGrant", { body: { plan: "none" } }, "plan_not_found");
  await refused("convertGrant", { body: { plan: "boost" } }, "plan_kind");
  await refused("convertGrant", { body: { plan: "old" } }, "plan_archived");
  const undone = await rightOf("undo");
  await walk.ask("undo", keys.all, undone);
  await refused("undo", undone, "undo_refused");
  const { items } = await (await api.get("/api/audit?action=api_key.created", keys.manage)).json();
  await refused("undo", { params: { seq: String(items[0].seq) } }, "not_undoable");

  await refused("extendGrant", { body: { endsAt: at(3) } }, "ends_before_start");
  const twice = await newTenant(api);
  const first = await newGrant(api, "sso", twice);
  await walk.ask("grant", keys.all, { params: { key: twice }, ...trial({ startsAt: at(10) }) });
  await refused("extendGrant", { params: { id: first } }, "grant_overlaps");
  const leaving = await newTenant(api);
  const kept = await newGrant(api, "sso", leaving);
  await api.tenant(leaving, { status: "archived" });
  await refused("extendGrant", { params: { id: kept } }, "tenant_archived");
  await refused("convertGrant", { params: { id: kept } }, "tenant_archived");
  const { said: set } = await walk.ask("grant", keys.all, {
    params: { key: await newTenant(api) },
    body: { kind: "override", feature: "sso", effect: "deny" },
  });
  await refused("convertGrant", { params: { id: (set.grants as { id: string }[])[0]?.id as string } }, "value_invalid");
  const railed = await newGrant(api, "sso", await newTenant(api));
  const rails = { maxDays: 3, maxExtensions: null, daysApart: null, maxLive: null, supportMayPass: false, supportMayNot: [], why: null };
  await saveRails(api.services, ada, rails);
  await refused("grant", { params: { key: await newTenant(api) }, ...trial({}) }, "guard_rail");
  await refused("extendGrant", { params: { id: railed } }, "guard_rail");
  await refused("grantBundle", bundle({}), "guard_rail");
  await saveRails(api.services, ada, { ...rails, maxDays: null });

  await refused("putPlan", { body: { includes: "none" } }, "plan_not_found");
  await refused("putPlan", { body: { includes: "boost" } }, "plan_kind");
  await refused("putPlan", { body: { includes: "old" } }, "plan_archived");
  await refused("putPlan", { params: { plan: "starter" }, body: { includes: "top" } }, "include_cycle");
  await refused("putPlan", { body: { features: { none: true } } }, "feature_not_found");
  await refused("putPlan", { body: { features: { gone: true } } }, "feature_archived");
  await refused("putPlan", { body: { features: { sso: 5 } } }, "value_invalid");
  await refused("deletePlan", { params: { plan: "starter" } }, "plan_in_use");
  await refused("putFeature", { params: { feature: "sso" }, body: { type: "metered" } }, "feature_type");
  await refused("putFeature", { body: { type: "config" } }, "value_invalid");
  const resetPer = (resetPeriod: string) => ({ params: { feature: "metered" }, body: { name: "API calls", meter: { resetPeriod } } });
  for (let i = 0; i <= 12; i += 1) await walk.ask("putFeature", keys.all, resetPer(i % 2 === 1 ? "day" : "month"));
  await refused("putFeature", resetPer("year"), "period_changes_full");
  await refused("importCatalogue", { text: "latchkey: 1\nfeatures: 5\n" }, "invalid_catalogue");

  const cell = (more: object) => ({ body: { cells: [{ plan: "starter", feature: "sso", value: null, ...more }] } });
  await refused("startImpact", cell({ plan: "none" }), "plan_not_found");
  await refused("startImpact", cell({ feature: "none" }), "feature_not_found");
  await refused("startImpact", cell({ feature: "gone", value: true }), "feature_archived");
  await refused("startImpact", cell({ value: 5 }), "value_invalid");
  const bulk = (more: object) => ({ body: { act: "change_plan", plan: "starter", tenants: { keys: ["acme"] }, dryRun: true, ...more } });
  await refused("startBulk", bulk({ plan: "none" }), "plan_not_found");
  await refused("startBulk", bulk({ plan: "boost" }), "plan_kind");
  await refused("startBulk", bulk({ plan: "old" }), "plan_archived");
  await refused("startBulk", bulk({ act: "end_trial", plan: undefined, features: ["none"] }), "feature_not_found");
  const granted = { act: "grant_trial", plan: undefined, features: [{ feature: "gone" }], days: 7 };
  await refused("startBulk", bulk(granted), "feature_archived");
  await refused("startBulk", bulk({ tenants: { job: { id: "job_none", state: "failed" } } }), "value_invalid");
  const csv = { type: "text/csv", query: {} };
  await refused("importTenants", { ...csv, text: "key,name\n" }, "value_invalid");
  await refused("importTenants", { ...csv, text: "name\nAcme\n" }, "value_invalid");
  await refused("importTenants", { ...csv, query: { key: "id" }, text: "key\nacme\n" }, "value_invalid");
  expect((await walk.ask("importTenants", keys.all, { ...csv, query: { dryRun: "maybe" }, text: "key\nacme\n" })).status).toBe(400);
  const sent = await rightOf("startBulk");
  for (let i = 0; i < 5; i++) await walk.ask("startBulk", keys.all, sent);
  expect(await walk.ask("startBulk", keys.all, sent)).toMatchObject({ status: 409, code: "too_many_jobs" });
  expect(await walk.ask("startImpact", keys.all, cell({}))).toMatchObject({ status: 409, code: "too_many_jobs" });
  expect(await walk.ask("resync", keys.all, { body: { tenants: "all" } })).toMatchObject({ status: 409, code: "too_many_jobs" });
  expect(await walk.ask("compare", keys.all)).toMatchObject({ status: 409, code: "too_many_jobs" });
  const later = { text: "latchkey: 1\nfeatures: 5\n", headers: { prefer: "handling=strict, respond-async; wait=1" } };
  expect(await walk.ask("importCatalogue", keys.all, later)).toMatchObject({ status: 409, code: "too_many_jobs" });
  expect(await walk.ask("importTenants", keys.all, { ...csv, text: "key\nacme\n" })).toMatchObject({ status: 409, code: "too_many_jobs" });
  await seedTenants(api.services, tenantsNamed(501, { plan: "starter" }));
  const { items: newest } = await (await api.get("/api/audit?action=tenant.created&limit=1", keys.all)).json();
  const largeAct = { params: { seq: String(newest[0].seq) } };
  expect(await walk.ask("undo", keys.all, largeAct)).toMatchObject({ status: 409, code: "too_many_jobs" });
  await api.services.jobs.runAll();
  expect(await walk.ask("importCatalogue", keys.all, later)).toMatchObject({ status: 202, said: { kind: "catalogue_import" } });
  expect(await walk.ask("undo", keys.all, largeAct)).toMatchObject({ status: 202 });
  const over = await rightOf("cancelJob");
  await walk.ask("cancelJob", keys.all, over);
  await refused("cancelJob", over, "job_over");

  const wanted = (more: object) => ({ body: { tenant: "acme", feature: "sso", ...more } });
  await refused("createRequest", wanted({ tenant: "nobody" }), "tenant_not_found");
  await refused("createRequest", wanted({ feature: "none" }), "feature_not_found");
  await refused("createRequest", wanted({ feature: "gone" }), "feature_archived");
  await refused("createRequest", wanted({ tenant: leaving }), "tenant_archived");
  const [asking, asked] = [await newTenant(api), await newTenant(api)];
  const { db, now } = api.services;
  for (const kind of ["feature", "approval"] as const)
    for (let i = 0; i < maxWaitingRequests; i++) {
      const request = { id: `rq_${kind}${i}`, kind, tenant: asked, actor: ada, act: { act: "try_feature" as const, feature: `f${i}` } };
      const empty = { feature: null, user: null, note: null, reason: null, keys: null };
      await db.transaction([], (tx) => insertRequest(tx, db.tables, { ...request, ...empty, createdAt: now() - 2 * day }));
    }
  await refused("createRequest", wanted({ tenant: asked }), "requests_full");
  for (let i = 0; i < maxRequestsPerDay; i++) {
    const { said } = await walk.ask("createRequest", keys.all, wanted({ tenant: asking }));
    expect((await walk.ask("createRequest", keys.all, wanted({ tenant: asking }))).status).toBe(200);
    const request = await findRequest(api.services, (said as { id: string }).id);
    if (request) await refuseRequest(api.services, ada, request, "No");
    if (request && i === 0) await refused("withdrawRequest", { params: { id: request.id } }, "request_decided");
  }
  await refused("withdrawRequest", { params: { id: "rq_none" } }, "request_not_found");
  await saveApprovals(api.services, ada, { ...noApprovals, trialDays: 2, endlessOverrides: true, bulkTenants: 2, publicationTenants: 1 });
  const held = await newGrant(api);
  await refused("grant", { params: { key: await newTenant(api) }, ...trial({}) }, "needs_approval");
  await refused("extendGrant", { params: { id: held } }, "needs_approval");
  await refused("grantBundle", { params: { key: await newTenant(api) }, ...bundle({}) }, "needs_approval");
  await refused("grant", { params: { key: asked }, ...trial({}) }, "requests_full");
  await refused("grantBundle", { params: { key: asked }, ...bundle({}) }, "requests_full");
  await refused("extendGrant", { params: { id: await newGrant(api, "sso", asked) } }, "requests_full");
  const two = (status: string) => bulk({ act: status, plan: undefined, tenants: { keys: ["acme", asking, asked] }, dryRun: false });
  await api.services.jobs.runAll();
  await refused("startBulk", two("suspend"), "needs_approval");
  await refused("importTenants", { ...csv, text: "key\na\nb\nc\n" }, "needs_approval");
  for (let days = 3; days < maxWaitingRequests + 3; days++)
    await createBulk(api.services, ada, {
      ...{ act: { act: "grant_trial", features: [{ feature: "sso" }], days }, note: null, isPreview: false },
      selection: { kind: "keys", keys: ["acme"] },
    });
  await refused("startBulk", two("reinstate"), "requests_full");
  await refused("importTenants", { ...csv, text: "key\na\nb\nc\n" }, "requests_full");
  const [takenFeature, takenPlan] = [fresh(), fresh()];
  await api.services.jobs.runAll();
  expect(await walk.ask("putFeature", keys.all, { params: { feature: takenFeature }, body: {} })).toMatchObject({ status: 201 });
  const withIt = { params: { plan: takenPlan }, body: { features: { [takenFeature]: true } } };
  expect(await walk.ask("putPlan", keys.all, withIt)).toMatchObject({ status: 201 });
  for (const key of [fresh(), fresh()]) {
    expect(await walk.ask("putTenant", keys.all, { params: { key }, body: { plan: takenPlan } })).toMatchObject({ status: 201 });
  }
  await refused("putPlan", { ...withIt, body: { features: {} } }, "needs_approval");
  await refused("archiveFeature", { params: { feature: takenFeature }, body: {} }, "needs_approval");
  const manyTenants = { latchkey: 1, tenants: { i1: { plan: "starter" }, i2: { plan: "starter" }, i3: { plan: "starter" } } };
  await refused("importCatalogue", { text: JSON.stringify(manyTenants) }, "needs_approval");
  await saveApprovals(api.services, ada, noApprovals);
  const tooMany = await walk.ask("createRequest", keys.all, wanted({ tenant: asking }));
  expect(tooMany).toMatchObject({ status: 429, code: "request_limit" });

  const full = await start();
  const many = (n: number) => Array.from({ length: n }, (_, i) => `n${i}`);
  await full.api.catalogue(
    many(998).map((key) => feature(key)),
    many(997).map((key) => plan(key)),
  );
  const tooLarge = { status: 422, code: "catalogue_too_large" };
  const ask = (id: string, sent: Sent) => full.walk.ask(id, full.keys.all, sent);
  expect(await ask("putFeature", { params: { feature: fresh() }, body: {} })).toMatchObject(tooLarge);
  expect(await ask("restoreFeature", { params: { feature: "gone" }, body: {} })).toMatchObject(tooLarge);
  expect(await ask("putPlan", { params: { plan: fresh() }, body: {} })).toMatchObject(tooLarge);
  expect(await ask("restorePlan", { params: { plan: "old" }, body: {} })).toMatchObject(tooLarge);

  await refused("consume", { body: { tenant: "nobody", feature: "calls" } }, "tenant_not_found");
  await refused("consume", { body: { tenant: "acme", feature: "none" } }, "feature_not_found");
  await refused("consume", { body: { tenant: "acme", feature: "sso" } }, "feature_type");
  const named = { tenant: "acme", feature: "calls", idempotencyKey: fresh() };
  await walk.ask("consume", keys.all, { body: named });
  expect(await walk.ask("consume", keys.all, { body: { ...named, quantity: 2 } })).toMatchObject({
    status: 409,
    code: "idempotency_key_reused",
  });
});

test("a feature is not tied to a flag that cannot speak of tenants", async () => {
  fake.state.groupTypes.push("team");
  fake.state.setFlag({ key: "of-teams", groupType: "team" });
  const { api, walk, keys } = await start({ POSTHOG_SECRET_KEY: "" });
  for (const [key, code] of [
    ["none", "flag_not_found"],
    ["of-teams", "flag_group_type"],
  ]) {
    const sent = { ...(await rightOf("putFeature", api)), body: { name: "New", flag: { key, rule: "gate", whenUnknown: "last" } } };
    expect(await walk.ask("putFeature", keys.all, sent)).toMatchObject({ status: 422, code, said: { field: "flag" } });
  }
});

test("what PostHog is asked or told is refused while it is off, cannot be looked up, or is being compared", async () => {
  const { api: off, walk: here, keys: k } = await start({ POSTHOG_ENABLED: "false", LATCHKEY_RATE_LIMIT: "0" });
  await each(
    ({ operation }) => promisedCodes(operation.operationId, 409).includes("posthog_off"),
    async (id) => {
      const answer = await here.ask(id, k.all, await rightOf(id, off, k.all));
      expect([id, answer.status, answer.code]).toEqual([id, 409, "posthog_off"]);
    },
  );
  expect((await here.ask("listFlagTies", k.all)).said).toMatchObject({ items: [], trouble: expect.stringContaining("PostHog is off") });
  const { walk: blind, keys: theirs } = await start({ POSTHOG_SECRET_KEY: "" });
  expect(await blind.ask("compare", theirs.all)).toMatchObject({ status: 409, code: "posthog_groups_unavailable" });
  expect((await blind.ask("getDrift", theirs.all)).said).toMatchObject({
    whyNot: expect.stringContaining("POSTHOG_SECRET_KEY"),
    result: null,
  });

  const { walk: busy, keys: its } = await start();
  expect((await busy.ask("compare", its.all)).said).toMatchObject({ isRunning: true });
  expect(await busy.ask("compare", its.all)).toMatchObject({ status: 409, code: "comparison_running" });
  expect((await busy.ask("getDrift", its.all)).said).toMatchObject({ isRunning: true, result: { finishedAt: null, read: 0 } });
  expect(await walk.ask("resync", keys.all, { body: { tenants: ["acme", "nobody"] } })).toMatchObject({
    status: 422,
    code: "tenant_not_found",
    said: { field: "tenants" },
  });
});

test("who asks too often, or listens too much, is told when to come back", async () => {
  const { api: limited, walk: here } = await start({ LATCHKEY_RATE_LIMIT: "1", LATCHKEY_CHECK_RATE_LIMIT: "1" });
  const ticket = { query: { ticket: await ticketOf(limited) } };
  await each(
    ({ operation }) => "429" in operation.responses,
    async (id) => {
      const form = { name: id, scopes: ["check" as const, "usage" as const, "manage" as const], expiresAt: null };
      const { key } = await createKey(limited.services, ada, form);
      const [once, sent] = id === "listenForFlags" ? [null, ticket] : [key, await rightOf(id)];
      await here.ask(id, once, sent);
      expect([id, (await here.ask(id, once, sent)).status]).toEqual([id, 429]);
    },
  );
  const streams = await Promise.all(
    Array.from({ length: 500 }, () => listen(`${api.origin}/api/stream?tenant=acme`, { authorization: `Bearer ${keys.all}` })),
  );
  for (const id of ["listenToChanges", "listenForFlags"]) {
    const sent = await rightOf(id);
    expect((await walk.ask(id, keys.all, sent)).code).toBe("too_many_streams");
  }
  for (const stream of streams) stream.close();
});

const ticketOf = async (api: Api) => (await right.listenForFlags?.(api))?.query?.ticket as string;

/** Nothing can be read or written any more, for the reason given; what is in memory stays. */
function breakDatabase({ services: { db, facts } }: Api, error: () => Error, ofTenants: Api["services"]["facts"]["tenant"]): void {
  const fail = () => {
    throw error();
  };
  vi.spyOn(db, "transaction").mockImplementation(async () => fail());
  for (const name of ["read", "readAside"]) Object.defineProperty(db, name, { get: fail, configurable: true });
  vi.spyOn(facts, "tenant").mockImplementation(ofTenants);
}

test("while the database is away, every operation that needs it says 503 and when to come back", async () => {
  const { api: away, walk: here, keys: k } = await start();
  const sent = new Map<string, Sent>();
  for (const { operation } of here.routes) sent.set(operation.operationId, await rightOf(operation.operationId, away, k.all));
  const busy = () => Object.assign(new Error("the database is locked"), { code: "SQLITE_BUSY" });
  const tenant = away.services.facts.tenant;
  breakDatabase(away, busy, tenant);
  const statusOf = async (id: string, more: Sent = {}) => (await here.ask(id, k.all, { ...sent.get(id), ...more })).code;
  await each(
    ({ operation }) => promisedCodes(operation.operationId, 503).includes("database_unavailable"),
    async (id) => {
      const past = id === "getEntitlements" ? { query: { tenant: "acme", at: at(-1) } } : {};
      expect([id, await statusOf(id, past)]).toEqual([id, "database_unavailable"]);
    },
  );
  const flags = ["evaluateFlag", "evaluateFlags"];
  vi.spyOn(away.services.facts, "tenant").mockImplementation(() => Promise.reject(busy()));
  for (const id of flags)
    expect((await here.ask(id, k.all, sent.get(id))).said).toMatchObject({ errorCode: "GENERAL", code: "database_unavailable" });
  const unknown = () => Promise.reject(new FactsUnavailable("The database cannot be read."));
  vi.spyOn(away.services.facts, "tenant").mockImplementation(unknown);
  for (const id of flags)
    expect((await here.ask(id, k.all, sent.get(id))).said).toMatchObject({ errorCode: "GENERAL", code: "facts_unavailable" });
  await each(
    ({ operation }) => promisedCodes(operation.operationId, 503).includes("facts_unavailable"),
    async (id) => {
      expect([id, await statusOf(id)]).toEqual([id, "facts_unavailable"]);
    },
  );
  vi.restoreAllMocks();
});

test("what fails inside is a 500 that says nothing of the inside, whatever the operation", async () => {
  const { api: broken, walk: here, keys: k } = await start();
  const sent = new Map<string, Sent>();
  for (const { operation } of here.routes) sent.set(operation.operationId, await rightOf(operation.operationId, broken, k.all));
  const fail = () => {
    throw new Error("secret inside");
  };
  breakDatabase(broken, () => new Error("secret inside"), fail);
  vi.spyOn(broken.services.facts, "catalogueFacts").mockImplementation(fail);
  Object.defineProperty(broken.services.env, "publicUrl", { get: fail });
  await each(
    ({ operation }) => "500" in operation.responses,
    async (id) => {
      const { status, said } = await here.ask(id, k.all, sent.get(id));
      expect([id, status, JSON.stringify(said).includes("inside")]).toEqual([id, 500, false]);
    },
  );
  vi.restoreAllMocks();
});

test("a process that is about to stop opens no stream any more", async () => {
  const { api: ending, walk: here, keys: k } = await start();
  const ticket = await ticketOf(ending);
  started.splice(started.indexOf(ending), 1);
  const asked = [
    ["listenToChanges", `/api/stream?tenant=acme`],
    ["listenForFlags", `/ofrep/v1/stream?ticket=${ticket}`],
  ] as const;
  const open = asked.map(([, path]) => {
    const socket = net.connect(Number(new URL(ending.origin).port), "127.0.0.1");
    // Begun, and known to have arrived: an answer to the first line of two comes back.
    socket.write(`GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nGET ${path} HTTP/1.1\r\nAuthorization: Bearer ${k.all}\r\n`);
    return socket;
  });
  await Promise.all(open.map((socket) => once(socket, "data")));
  const stopped = ending.stop();
  for (const [i, socket] of open.entries()) {
    socket.write("Host: a\r\n\r\n");
    let said = "";
    for await (const chunk of socket) said += chunk;
    const [head = "", text = ""] = said.split("\r\n\r\n");
    const [first = "", ...lines] = head.split("\r\n");
    const headers = new Headers(lines.map((line) => line.split(/: (.*)/s).slice(0, 2) as [string, string]));
    const answer = here.note(asked[i]?.[0] as string, { status: Number(first.split(" ")[1]), headers, text });
    expect(answer).toMatchObject({ status: 503, code: "stopping" });
  }
  await stopped;
});

test("every status and every code that the description promises was seen, and none that it does not", () => {
  const missing = walk.promised().filter((line) => !seen.has(line));
  expect(missing).toEqual([]);
});

/** What the examples are about: these names differ from those that the tests ask about. */
const names = /^(acme|globex|gold|export|starter|premium|boost|sso|single|sign-on|gr_\w+|sc_\w+|organization|december|.*\d.*)$/i;
const wordsOf = (text: unknown) => String(text).split(/[^\p{L}\d_'-]+/u);

test("every example of a refusal says what the server says: the same fields, the same place, the same sentence but for names", () => {
  const wrong = walk.shown().flatMap(({ place, example }) => {
    const real = refusals.get(place);
    if (!real) return [`${place}: nobody saw it`];
    const shape = (problem: object) => Object.keys(problem).sort().join();
    const isAlike = (problem: { [field: string]: unknown }) =>
      shape(problem) === shape(example) &&
      ["type", "title", "status", "errorCode"].every((field) => problem[field] === example[field]) &&
      (place.endsWith("invalid_request") || problem.field === example.field) &&
      (place.endsWith("invalid_request") || saysTheSame(example, problem));
    if (real.some(isAlike)) return [];
    return [
      `${place}: say in app/api/openapi/problem-examples.ts, or in the route's problemExamples, ${JSON.stringify(real[0])} and not ${JSON.stringify(example)}`,
    ];
  });
  expect(wrong).toEqual([]);
});

function saysTheSame(example: { [field: string]: unknown }, real: { [field: string]: unknown }): boolean {
  const said = new Set(wordsOf(real.detail ?? real.errorDetails));
  return wordsOf(example.detail ?? example.errorDetails).every((word) => said.has(word) || names.test(word));
}
