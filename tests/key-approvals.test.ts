import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type ApprovalRules, noApprovals } from "~/core/approvals/approvals";
import { isKeyRequest, keyIdOfRequest } from "~/core/requests/key-request";
import { maxWaitingRequests, requestLifeMs } from "~/core/requests/request";
import { day } from "~/core/time";
import { paths } from "~/paths";
import { readApprovals, saveApprovals } from "~/server/approvals/approval-rules.server";
import { byRightOf } from "~/server/authority.server";
import { createKey, revokeKey } from "~/server/keys/api-keys.server";
import { createApprovedKey, createPersonsKey, rotatePersonsKey } from "~/server/keys/key-approval.server";
import { rotateKey } from "~/server/keys/key-rotation.server";
import { approveKeyRequest, refuseRequest, withdrawRequest } from "~/server/requests/decide.server";
import { requestsAfter } from "~/server/requests/inbox.server";
import { listApiKeys } from "~db/store/api-keys.server";
import { listAuditHeads } from "~db/store/audit.server";
import { insertRequest } from "~db/store/requests.server";
import { type Api, ada, startApi } from "./support/api";
import { type Browser, startTestApp, type TestApp } from "./support/app";
import { operator } from "./support/bulk-world";
import { textOf } from "./support/page-text";
import { engines } from "./support/services";
import { seedCatalogue } from "./support/tenant-world";

const bea = { kind: "admin", id: "adm_bea", name: "Bea" } as const;
const cyd = { kind: "admin", id: "adm_cyd", name: "Cyd" } as const;

describe.each(engines)("approval of keys with manage, on %s", (engine) => {
  let api: Api;
  beforeAll(async () => {
    api = await startApi(engine);
    await api.catalogue([], []);
  });
  afterAll(() => api.stop());
  const rules = (more: Partial<ApprovalRules>) => saveApprovals(api.services, ada, { ...noApprovals, ...more });
  beforeEach(async () => void (await rules({ manageKeys: true })));
  afterEach(() => rules({}));
  const waiting = async () => (await requestsAfter(api.services, { state: "waiting" }, 100)).requests.filter(isKeyRequest);
  const keys = () => listApiKeys(api.services.db.read, api.services.db.tables);
  let count = 0;
  const form = (more = {}) => ({
    name: `Key ${++count}`,
    scopes: ["check" as const, "manage" as const],
    days: 30,
    note: "Billing",
    ...more,
  });
  /** Bea asks, and Ada approves. */
  const approved = async (more = {}) => {
    expect(await createPersonsKey(api.services, bea, form(more))).toMatchObject({ code: "needs_approval" });
    const [request] = await waiting();
    if (!request) throw new Error("Nothing waits.");
    expect(await approveKeyRequest(api.services, ada, request, "Fine")).toEqual({ ok: true });
    return request;
  };
  const create = (id: string, by: Parameters<typeof createApprovedKey>[1] = bea) => createApprovedKey(api.services, by, id);
  const works = async (key: string) => (await api.send("GET", "/api/tenants", undefined, key)).status === 200;

  test("off, or without manage, a key is created at once", async () => {
    expect(await createPersonsKey(api.services, bea, form({ scopes: ["check", "usage"] }))).toHaveProperty("key");
    await rules({});
    expect(await createPersonsKey(api.services, bea, form())).toHaveProperty("key");
    expect(await waiting()).toEqual([]);
  });

  test("a key with manage is kept as a request, and no key exists", async () => {
    const before = (await keys()).length;
    const held = await createPersonsKey(api.services, bea, form({ name: "Billing", origins: ["https://a.example"] }));
    const [request] = await waiting();
    expect(held).toMatchObject({
      message: `An API key with the scope manage needs a second person. It waits as the request ${request?.id}.`,
    });
    const act = { act: "create_key", name: "Billing", scopes: ["check", "manage"], origins: ["https://a.example"], days: 30 };
    expect(request).toMatchObject({ kind: "approval", tenant: "", note: "Billing", act });
    expect((await keys()).length).toBe(before);
    const again = await createPersonsKey(api.services, bea, form({ name: "Billing", origins: ["https://a.example"] }));
    expect(again).toMatchObject({ request: { id: request?.id } });
    const listed = (await (await api.send("GET", "/api/requests?state=waiting", undefined, api.keys.manage)).json()).items;
    expect(listed).toMatchObject([{ tenant: "", act, summary: "API key “Billing” with the scopes check and manage, for 30 days" }]);
    if (request) await withdrawRequest(api.services, bea, request.id);
    expect(await create(request?.id ?? "")).toMatchObject({ ok: false, code: "request_decided" });
  });

  test("only the asker creates it, once, with its life from then on; all is in the audit log", async () => {
    const request = await approved();
    for (const other of [ada, cyd, { ...bea, kind: "api_key" as const }])
      expect(await create(request.id, other)).toMatchObject({ ok: false, message: "Bea asked for this key, so nobody else creates it." });
    api.clock.now += day;
    const made = await create(request.id);
    if (!("key" in made)) throw new Error("It was refused.");
    expect(await works(made.key)).toBe(true);
    expect((await keys()).find(({ id }) => id === made.id)).toMatchObject({
      ...{ id: keyIdOfRequest(request.id), scopes: ["check", "manage"], createdBy: "Bea", expiresAt: api.clock.now + 30 * day },
    });
    expect(await create(request.id)).toMatchObject({ ok: false, message: expect.stringContaining("was created already") });
    await revokeKey(api.services, bea, made.id);
    expect(await create(request.id)).toMatchObject({ ok: false, message: expect.stringContaining("was created already") });
    const log = await listAuditHeads(api.services.db.read, api.services.db.tables, {}, { size: 4 });
    expect(log.map(({ action, actorName, subject }) => [action, actorName, subject])).toEqual([
      ["api_key.revoked", "Bea", made.id],
      ["api_key.created", "Bea", made.id],
      ["request.granted", "Ada", "an API key"],
      ["request.created", "Bea", "an API key"],
    ]);
  });

  test("pressed several times at the same time it creates one key", async () => {
    const { id } = await approved();
    const all = await Promise.all([1, 2, 3, 4].map(() => create(id)));
    expect(all.filter((made) => "key" in made).length).toBe(1);
    expect(all.filter((made) => "code" in made && made.code === "request_decided").length).toBe(3);
  });

  test("nobody approves their own, not with an API key of theirs either", async () => {
    await createPersonsKey(api.services, bea, form());
    const [request] = await waiting();
    if (!request) throw new Error("Nothing waits.");
    const { id } = await createKey(api.services, bea, { name: "Own", scopes: ["manage"], expiresAt: null });
    for (const by of [bea, { kind: "api_key" as const, id, name: "Own" }])
      expect(await approveKeyRequest(api.services, by, request, null)).toMatchObject({ ok: false, code: "request_decided" });
    expect(await create(request.id)).toMatchObject({ message: expect.stringContaining("is not approved") });
    await refuseRequest(api.services, ada, request, "No");
    expect(await create(request.id)).toMatchObject({ message: expect.stringContaining("is not approved") });
  });

  test("requests lapse after 14 days, and so do approvals", async () => {
    await createPersonsKey(api.services, bea, form());
    const [request] = await waiting();
    if (!request) throw new Error("Nothing waits.");
    api.clock.now += requestLifeMs - 1;
    expect(await approveKeyRequest(api.services, ada, request, null)).toEqual({ ok: true });
    const late = await createPersonsKey(api.services, bea, form());
    const [other] = await waiting();
    expect(late).toMatchObject({ request: { id: other?.id } });
    api.clock.now += requestLifeMs - 1;
    expect(await create(request.id)).toHaveProperty("key");
    api.clock.now += 1;
    expect(other && (await approveKeyRequest(api.services, ada, other, null))).toMatchObject({
      message: expect.stringContaining("has lapsed"),
    });
    const third = await approved();
    api.clock.now += requestLifeMs;
    expect(await create(third.id)).toMatchObject({ message: expect.stringContaining("has lapsed") });
  });

  test("whose right is gone by the time of the write creates and approves nothing", async () => {
    const request = await approved();
    await createPersonsKey(api.services, bea, form());
    const [other] = await waiting();
    const ended = { kind: "admin" as const, id: bea.id, session: "none", act: "keys.change" as const };
    const withdrawn = byRightOf(api.services, ended);
    await expect(createApprovedKey(withdrawn, bea, request.id)).rejects.toMatchObject({ status: 401 });
    await expect(createPersonsKey(withdrawn, bea, form())).rejects.toMatchObject({ status: 401 });
    const approver = byRightOf(api.services, { ...ended, id: ada.id, act: "requests.approve" });
    if (other) await expect(approveKeyRequest(approver, ada, other, null)).rejects.toMatchObject({ status: 401 });
    expect(await waiting()).toMatchObject([{ id: other?.id }]);
    if (other) await withdrawRequest(api.services, bea, other.id);
    expect(await create(request.id)).toHaveProperty("key");
  });

  test("a rotation gives a person a new secret, so it needs a second one as well", async () => {
    const old = await createKey(api.services, operator, { name: "Deploy", scopes: ["manage"], expiresAt: null });
    const plain = await createKey(api.services, operator, { name: "App", scopes: ["check"], expiresAt: null });
    expect(await rotatePersonsKey(api.services, bea, plain.id, 1)).toMatchObject({ ok: true });
    expect(await rotatePersonsKey(api.services, bea, old.id, 24)).toMatchObject({ code: "needs_approval" });
    expect((await keys()).filter(({ name }) => name === "Deploy").length).toBe(1);
    const [request] = await waiting();
    if (!request) throw new Error("Nothing waits.");
    expect(request.act).toEqual({ act: "rotate_key", key: old.id, name: "Deploy", overlapHours: 24 });
    await approveKeyRequest(api.services, ada, request, null);
    const rotated = await create(request.id);
    expect(rotated).toMatchObject({ ok: true, id: keyIdOfRequest(request.id), oldEndsAt: api.clock.now + day });
    expect(await create(request.id)).toMatchObject({ ok: false });
    expect((await keys()).filter(({ replaces }) => replaces === old.id).length).toBe(1);
  });

  test("a key that ended before its rotation is used is refused with a sentence", async () => {
    const old = await createKey(api.services, operator, { name: "Old", scopes: ["manage"], expiresAt: null });
    await rotatePersonsKey(api.services, bea, old.id, 24);
    const [request] = await waiting();
    if (!request) throw new Error("Nothing waits.");
    await approveKeyRequest(api.services, ada, request, null);
    await revokeKey(api.services, ada, old.id);
    expect(await create(request.id)).toEqual({ ok: false, why: "over" });
  });

  test("the command line is not bound", async () => {
    const { id } = await createKey(api.services, operator, { name: "Ops", scopes: ["manage"], expiresAt: null });
    expect(await rotateKey(api.services, operator, id)).toMatchObject({ ok: true });
    expect(await waiting()).toEqual([]);
  });

  test("at most 50 requests about no single tenant wait", async () => {
    const { db, now } = api.services;
    const act = { act: "rotate_key" as const, key: "key_x", name: "X", overlapHours: 1 };
    for (let i = 0; i < maxWaitingRequests; i++) {
      const request = { id: `rq_full${i}`, kind: "approval" as const, tenant: "", feature: null, act, actor: cyd, user: null, note: null };
      await db.transaction([], (tx) => insertRequest(tx, db.tables, { ...request, reason: null, keys: null, createdAt: now() }));
    }
    expect(await createPersonsKey(api.services, bea, form())).toMatchObject({ code: "requests_full" });
    api.clock.now += requestLifeMs;
  });
});

describe("approval of keys on pages", () => {
  let app: TestApp;
  let [owner, admin, support]: Browser[] = [];
  beforeAll(async () => {
    app = await startTestApp();
    await seedCatalogue(app);
    [owner, admin, support] = [await app.signIn("owner"), await app.signIn("admin"), await app.signIn("support")];
  });
  afterAll(() => app.close());
  const as = (browser: Browser | undefined) => browser as Browser;
  const wanted = { name: "Billing", kind: "live", scopes: "manage", expires: "90", note: "For invoices" };

  test("it is off at first, is kept as saved, and only owners change it", async () => {
    const { db } = app.services;
    expect((await readApprovals(db.read, db.tables)).manageKeys).toBe(false);
    expect(await textOf(await as(admin).get(paths.keyNew()))).not.toContain("needs a second person");
    expect((await as(admin).post(paths.approvals(), { manageKeys: "on" })).status).toBe(403);
    await as(owner).post(paths.approvals(), { manageKeys: "on" });
    expect(await readApprovals(db.read, db.tables)).toEqual({ ...noApprovals, manageKeys: true });
    expect(await textOf(await as(admin).get(paths.keyNew()))).toContain("A key with the scope manage needs a second person");
  });

  test("a key waits, another admin approves it, and only its asker sees it", async () => {
    const held = await as(admin).post(paths.keyNew(), wanted);
    expect(held.headers.get("location")).toBe(paths.requests());
    const html = await (await as(owner).get(paths.requests())).text();
    const id = html.match(/name="id" value="(rq_[^"]+)"/)?.[1] ?? "";
    const page = await textOf(await as(owner).get(paths.requests()));
    expect(page).toMatch(/API key “Billing” with the scope manage, for 90 days .*For invoices/);
    expect((await as(support).post(paths.requests(), { id, intent: "grant" })).status).toBe(403);
    expect((await as(admin).post(paths.requests(), { id, intent: "grant" })).status).toBe(409);
    expect(await textOf(await as(admin).get(paths.requestKey(id)))).toContain("This request is not approved");
    expect((await as(owner).post(paths.requests(), { id, intent: "grant", answer: "Agreed" })).status).toBe(302);
    const granted = paths.requests({ state: "granted" });
    expect(await textOf(await as(owner).get(granted))).toContain("has not created the key yet");
    expect(await textOf(await as(admin).get(granted))).toContain("Create the key");
    const others = await as(owner).post(paths.requestKey(id), { id });
    expect([others.status, await textOf(others)]).toEqual([409, expect.stringContaining("so nobody else creates it")]);
    expect(await textOf(await as(admin).get(paths.requestKey(id)))).toMatch(/approved it .*Create key/);
    const made = await textOf(await as(admin).post(paths.requestKey(id), { id }));
    const key = made.match(/lk_live_[0-9A-Za-z]{36}/)?.[0];
    expect(key).toBeDefined();
    const again = await as(admin).post(paths.requestKey(id), { id });
    expect([again.status, await textOf(again)]).toEqual([409, expect.stringContaining("was created already")]);
    expect(await textOf(await as(admin).get(granted))).toContain("The key was created.");
    expect((await as(admin).get(paths.requestKey("rq_none"))).status).toBe(404);
    expect(await textOf(await as(admin).get(paths.audit()))).toContain("granted a request for an API key");
  });

  test("a rotation waits as well, and its page says so", async () => {
    const { id: key } = await createKey(app.services, operator, { name: "Deploy", scopes: ["manage"], expiresAt: null });
    expect(await textOf(await as(admin).get(paths.keyRotate(key)))).toContain("needs a second person");
    const held = await as(admin).post(paths.keyRotate(key), { overlap: "24" });
    expect(held.headers.get("location")).toBe(paths.requests());
    const html = await (await as(owner).get(paths.requests())).text();
    const id = html.match(/name="id" value="(rq_[^"]+)"/)?.[1] ?? "";
    await as(owner).post(paths.requests(), { id, intent: "grant" });
    const made = await textOf(await as(admin).post(paths.requestKey(id), { id }));
    expect(made).toMatch(/lk_live_.*/);
    expect(made).toContain("The old key works until");
  });
});
