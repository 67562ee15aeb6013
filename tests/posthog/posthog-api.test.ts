import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { day } from "~/core/time";
import { paths } from "~/paths";
import { listAudit } from "~db/store/audit.server";
import { type FakePosthog, startFakePosthog } from "../fake-posthog/start";
import { type Api, startApi } from "../support/api";
import { type Browser, startTestApp, type TestApp } from "../support/app";
import { feature, now, plan } from "../support/facts";
import { engines } from "../support/services";

const iso = (at: number) => new Date(at).toISOString();

let fake: FakePosthog;
const variables = () => ({
  POSTHOG_HOST: fake.origin,
  POSTHOG_PROJECT_API_KEY: fake.state.projectKey,
  POSTHOG_SECRET_KEY: fake.state.secretKey,
  POSTHOG_PROJECT_ID: "1",
});
beforeEach(async () => {
  fake = await startFakePosthog();
});
afterEach(() => fake.close());

describe.each(engines)("what the page PostHog can do, programs can do too, on %s:", (engine) => {
  let api: Api;
  beforeEach(async () => {
    fake.state.setFlag({ key: "sso-on" });
    api = await startApi(engine, { variables: variables() });
    await api.services.posthog?.groupSync.prepare();
    await api.catalogue([feature("sso")], [plan("starter", {})]);
    for (const key of ["acme", "beta", "gamma"]) await api.tenant(key, { name: key, metadata: { seats: 3, region: "eu" } });
  });
  afterEach(() => api.stop());

  const settle = async () => {
    while (await api.services.posthog?.groupSync.step());
  };
  const get = (path: string, headers = {}) => api.get(path, api.keys.manage, headers);
  const json = async (path: string) => (await get(path)).json();
  const send = (method: string, path: string, body?: unknown, headers = {}) => api.send(method, path, body, api.keys.manage, headers);
  const tie = async () => {
    const tied = await send("PUT", "/api/features/sso", { name: "Single sign-on", flag: { key: "sso-on", rule: "grant" } });
    expect([tied.status, (await tied.json()).flag]).toMatchObject([200, { key: "sso-on" }]);
  };
  const sent = () => fake.state.events.filter((e) => e.event === "$groupidentify").map((e) => e.properties?.$group_key);
  const audited = async (action: string) => listAudit(api.db.read, api.db.tables, { action }, { size: 100 });

  test("says what waits, what failed and why, what is in sync, and how far a resync is", async () => {
    fake.state.mode.default = "500";
    await settle();
    const away = await json("/api/posthog/sync");
    expect(away).toMatchObject({
      host: fake.origin,
      groupType: "organization",
      counts: { tenants: 3, inSync: 0, failing: 3 },
      lastSentAt: null,
      lastError: { at: iso(now), why: "PostHog answered 500." },
      down: { since: iso(now) },
      resync: null,
      flags: { tied: 0, isLocal: true, trouble: null },
    });
    expect(away.waiting.map((w: { tenant: string }) => w.tenant).sort()).toEqual(["acme", "beta", "gamma"]);
    expect(away.waiting[0]).toMatchObject({ since: iso(now), attempts: 1, lastError: "PostHog answered 500." });
    expect(JSON.stringify(away)).not.toMatch(/phc_|phx_/);
    fake.state.mode.default = "ok";
    api.clock.now = now + day;
    await settle();
    expect(await json("/api/posthog/sync")).toMatchObject({ counts: { inSync: 3, pending: 0, failing: 0 }, down: null, waiting: [] });

    api.clock.now += 1;
    const all = await send("POST", "/api/posthog/resync", { tenants: "all" });
    const { job, ...queued } = await all.json();
    expect([all.status, queued]).toEqual([202, { tenants: 3 }]);
    const moving = await json("/api/posthog/sync");
    expect(moving.resync).toEqual({ by: "manage", startedAt: iso(now + day + 1), total: 3, done: 0, doneAt: null, job });
    await api.services.jobs.runAll();
    expect(await json(`/api/jobs/${job}`)).toMatchObject({ kind: "bulk", act: "resync", state: "done", done: 3 });
    await settle();
    expect((await json("/api/posthog/sync")).resync).toMatchObject({ done: 3, doneAt: iso(now + day + 1) });
    expect(sent()).toHaveLength(6);
  });

  test("sends some again or none, and does it once for one Idempotency-Key", async () => {
    await settle();
    const some = await send("POST", "/api/posthog/resync", { tenants: ["beta", "gamma", "beta"] });
    expect([some.status, await some.json()]).toEqual([202, { tenants: 2, job: null }]);
    await settle();
    expect(sent().slice(3).sort()).toEqual(["beta", "gamma"]);
    const none = await send("POST", "/api/posthog/resync", { tenants: ["beta", "nobody"] });
    expect([none.status, await none.json()]).toMatchObject([422, { code: "tenant_not_found", field: "tenants" }]);
    for (const tenants of ["some", [], [5], Array.from({ length: 1_001 }, (_, i) => `t${i}`), undefined])
      expect((await send("POST", "/api/posthog/resync", { tenants })).status).toBe(400);
    await settle();
    expect(sent()).toHaveLength(5);
    for (const body of [{ tenants: "all" }, { tenants: ["acme"] }]) {
      const once = () =>
        send("POST", "/api/posthog/resync", body, { "idempotency-key": JSON.stringify(body.tenants) === '"all"' ? "a" : "b" });
      const [first, again] = [await once(), await once()];
      expect([again.status, again.headers.get("idempotency-replayed")]).toEqual([202, "true"]);
      expect(await again.json()).toEqual(await first.json());
    }
    expect(await audited("posthog.resync_all")).toHaveLength(1);
  });

  test("says what PostHog has of one tenant and what it should have, and sends this one again", async () => {
    await tie();
    expect(await json("/api/tenants/acme/posthog")).toMatchObject({
      tenant: "acme",
      state: "pending",
      sentAt: null,
      sent: null,
      wanted: { name: "acme", tenant_key: "acme" },
      flags: [{ flag: "sso-on", features: [{ key: "sso" }] }],
    });
    await settle();
    await api.tenant("acme", { name: "Acme" });
    expect(await json("/api/tenants/acme/posthog")).toMatchObject({
      state: "pending",
      since: iso(now),
      sentAt: iso(now),
      sent: { name: "acme" },
      wanted: { name: "Acme" },
    });
    await settle();
    const before = sent().length;
    const again = await send("POST", "/api/tenants/acme/posthog/resync");
    expect([again.status, await again.json()]).toEqual([202, { tenants: 1, job: null }]);
    await settle();
    expect(sent().slice(before)).toEqual(["acme"]);
    expect(await json("/api/tenants/acme/posthog")).toMatchObject({
      state: "in_sync",
      since: null,
      attempts: 0,
      lastError: null,
      nextTryAt: null,
    });
    for (const answer of [await get("/api/tenants/none/posthog"), await send("POST", "/api/tenants/none/posthog/resync")])
      expect([answer.status, (await answer.json()).code]).toEqual([404, "tenant_not_found"]);
  });

  test("chooses which metadata leaves the house, if the choice is still the one that was read", async () => {
    const put = (keys: string[], headers = {}) => send("PUT", "/api/posthog/metadata", { keys }, headers);
    const nothing = await get("/api/posthog/metadata");
    expect(await nothing.json()).toEqual({ keys: [] });
    const tag = nothing.headers.get("etag") as string;
    expect((await get("/api/posthog/metadata", { "if-none-match": tag })).status).toBe(304);
    const chosen = await put(["seats", " region ", "seats"], { "if-match": tag, "idempotency-key": "m" });
    expect([chosen.status, await chosen.json()]).toEqual([200, { keys: ["region", "seats"] }]);
    const next = chosen.headers.get("etag");
    expect((await get("/api/posthog/metadata")).headers.get("etag")).toBe(next);
    const stale = await put([], { "if-match": tag });
    expect([stale.status, (await stale.json()).code]).toEqual([412, "stale"]);
    const replayed = await put(["seats", " region ", "seats"], { "if-match": tag, "idempotency-key": "m" });
    expect([replayed.status, replayed.headers.get("idempotency-replayed"), replayed.headers.get("etag")]).toEqual([200, "true", next]);
    expect((await put(["region"], { "if-match": `"x", ${next}` })).status).toBe(200);
    expect((await json("/api/posthog/metadata/seen")).items).toEqual([
      { key: "region", tenants: 3, chosen: true },
      { key: "seats", tenants: 3, chosen: false },
    ]);
    expect((await put(["region"], { "if-match": "*" })).status).toBe(200);
    expect(await audited("posthog.metadata_chosen")).toHaveLength(2);
    await settle();
    expect(fake.state.group("acme")).toMatchObject({ metadata_region: "eu" });
    expect((await put(Array.from({ length: 51 }, (_, i) => `k${i}`))).status).toBe(400);
    expect((await put([""])).status).toBe(400);
  });

  test("compares PostHog's groups with the tenants here", async () => {
    expect(await json("/api/posthog/drift")).toEqual({ isRunning: false, whyNot: null, result: null });
    await settle();
    const groups = fake.state.groups.get("organization");
    Object.assign(groups?.get("beta")?.properties ?? {}, { name: "Changed by hand" });
    groups?.delete("gamma");
    groups?.set("stranger", { properties: {}, updatedAt: 0 });
    const begun = await send("POST", "/api/posthog/drift", undefined, { "idempotency-key": "d" });
    expect([begun.status, await begun.json()]).toMatchObject([202, { result: { by: "manage", startedAt: iso(now) } }]);
    expect(await json("/api/posthog/drift")).toMatchObject({ isRunning: true, result: { finishedAt: null, read: 0 } });
    await api.services.jobs.runAll();
    const { isRunning, result: done } = await json("/api/posthog/drift");
    expect(isRunning).toBe(false);
    expect(await json(`/api/jobs/${done.job}`)).toMatchObject({ kind: "drift", act: null, state: "done", total: 4, done: 1, failed: 3 });
    expect(
      (await json(`/api/jobs/${done.job}/items?state=failed`)).items.map(({ subject }: { subject: string }) => subject).sort(),
    ).toEqual(["beta", "gamma", "stranger"]);
    expect(done).toMatchObject({ finishedAt: iso(now), read: 3, same: 1, different: 1, missing: 1, unknown: 1, error: null });
    expect(done.rows.sort((a: { key: string }, b: { key: string }) => (a.key < b.key ? -1 : 1))).toEqual([
      { key: "beta", kind: "different", ours: { name: "beta" }, theirs: { name: "Changed by hand" } },
      { key: "gamma", kind: "missing" },
      { key: "stranger", kind: "unknown" },
    ]);
    const again = await send("POST", "/api/posthog/drift", undefined, { "idempotency-key": "d" });
    expect([again.status, again.headers.get("idempotency-replayed")]).toEqual([202, "true"]);
    expect((await json("/api/posthog/drift")).isRunning).toBe(false);
  });

  test("lists what there is to tidy up of flags", async () => {
    await tie();
    fake.state.setFlag({ key: "sso-on", active: false });
    const { items, trouble } = await json("/api/posthog/flags");
    expect(trouble).toBeNull();
    expect(items).toMatchObject([{ feature: "sso", name: "Single sign-on", flag: "sso-on", rule: "grant", isKnown: true }]);
    expect(items[0].findings.map((f: { code: string }) => f.code)).toContain("inactive");
  });
});

describe("the page and the API", () => {
  let app: TestApp;
  let admin: Browser;
  let key: string;
  beforeEach(async () => {
    app = await startTestApp({ env: variables() });
    admin = await app.signIn("admin");
    key = await app.apiKey("manage");
    await call("PUT", "/api/tenants/acme", {});
  });
  afterEach(() => app.close());

  const call = (method: string, path: string, body: unknown) =>
    fetch(app.url + path, {
      method,
      body: JSON.stringify(body),
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    });
  const rows = async () => {
    const { db } = app.services;
    const all = await listAudit(db.read, db.tables, { subjectKind: "settings" }, { size: 100 });
    return all.map(({ actorKind, action, subject, before, after, why }) => ({ actorKind, action, subject, before, after, why }));
  };

  test("leave the same rows in the audit log", async () => {
    const choose = async (by: "page" | "program", keys: string[]) =>
      by === "page" ? admin.post(paths.posthogMetadata(), { others: keys.join("\n") }) : call("PUT", "/api/posthog/metadata", { keys });
    const steps: [page: () => Promise<unknown>, call: () => Promise<unknown>, rows: number][] = [
      [() => admin.post("/posthog?index", { what: "all" }), () => call("POST", "/api/posthog/resync", { tenants: "all" }), 1],
      [
        () => admin.post("/posthog?index", { what: "named", keys: "acme" }),
        () => call("POST", "/api/posthog/resync", { tenants: ["acme"] }),
        1,
      ],
      [() => choose("page", ["region"]), () => choose("program", ["region"]), 1],
    ];
    for (const [page, program, count] of steps) {
      await choose("page", []);
      const start = (await rows()).length;
      await page();
      const byHand = (await rows()).slice(0, -start || undefined);
      await choose("page", []);
      const middle = (await rows()).length;
      await program();
      const byProgram = (await rows()).slice(0, -middle || undefined);
      expect(byHand).toHaveLength(count);
      expect(byHand.map((row) => row.actorKind)).toEqual(byHand.map(() => "admin"));
      expect(byProgram).toEqual(byHand.map((row) => ({ ...row, actorKind: "api_key" })));
    }
  });
});
