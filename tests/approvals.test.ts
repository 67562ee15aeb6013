import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type ApprovalRules, noApprovals } from "~/core/approvals/approvals";
import { maxBulkKeys } from "~/core/bulk/bulk-act";
import type { Actor } from "~/core/model";
import { noRails } from "~/core/rails/guard-rails";
import { maxWaitingRequests, requestLifeMs, type StoredRequest } from "~/core/requests/request";
import { day } from "~/core/time";
import { paths } from "~/paths";
import { readApprovals, saveApprovals } from "~/server/approvals/approval-rules.server";
import { byRightOf } from "~/server/authority.server";
import { grantBulkRequest, isBulkRequest, previewBulkRequest } from "~/server/bulk/bulk-approval.server";
import { createKey } from "~/server/keys/api-keys.server";
import { saveRails } from "~/server/rails/rails.server";
import { grantRequest } from "~/server/requests/decide.server";
import { findRequest, requestsAfter } from "~/server/requests/inbox.server";
import { listAuditHeads } from "~db/store/audit.server";
import { insertRequest, readRequestKeys, requestsCreatedAfter, waitingOfTenant } from "~db/store/requests.server";
import { type Api, ada, startApi } from "./support/api";
import { type Browser, startTestApp, type TestApp } from "./support/app";
import { itemsOf, operator } from "./support/bulk-world";
import { feature, meteredFeature, plan } from "./support/facts";
import { textOf } from "./support/page-text";
import { engines } from "./support/services";
import { putAs, seedCatalogue, trialAs } from "./support/tenant-world";

/** Not the one who made the keys. */
const bea = { kind: "admin", id: "adm_bea", name: "Bea" } as const;

describe.each(engines)("approvals of what programs do, on %s", (engine) => {
  let api: Api;
  beforeAll(async () => {
    api = await startApi(engine);
    const features = [feature("sso", { name: "Single sign-on" }), feature("epics"), meteredFeature("calls", {}, { name: "Calls" })];
    await api.catalogue(features, [plan("free", { calls: 10 }, { rank: 1 })]);
  });
  afterAll(() => api.stop());
  afterEach(() => rules({}));
  const rules = (more: Partial<ApprovalRules>) => saveApprovals(api.services, ada, { ...noApprovals, ...more });
  let count = 0;
  const tenant = async () => {
    const key = `a${++count}`;
    await api.tenant(key, { name: key, plan: "free" });
    return key;
  };
  const send = async (path: string, body: object, headers = {}) => {
    const response = await api.send("POST", path, body, api.keys.manage, headers);
    return { status: response.status, headers: response.headers, body: await response.json() };
  };
  const grant = (key: string, more: object = {}, headers = {}) =>
    send(`/api/tenants/${key}/grants`, { kind: "trial", feature: "sso", days: 60, note: "Pilot", ...more }, headers);
  const waiting = async (key?: string) => (await requestsAfter(api.services, { tenant: key, state: "waiting" }, 100)).requests;
  const grantsOf = async (key: string) => (await api.services.facts.tenant(key)).facts?.grants ?? [];
  const approve = async (key: string, by: Actor = bea, services = api.services) => {
    const [request] = await waiting(key);
    if (!request) throw new Error("Nothing waits.");
    return grantRequest(services, by, request, { days: 14, answer: "Fine" });
  };

  test("without the setting nothing needs a second person", async () => {
    const key = await tenant();
    expect((await grant(key, { days: 3_650 })).status).toBe(201);
    expect(await waiting(key)).toEqual([]);
  });

  test("a trial of exactly so many days needs nobody, and a millisecond more is kept and not granted", async () => {
    await rules({ trialDays: 30 });
    const key = await tenant();
    const endsAt = (ms: number) => ({ days: undefined, endsAt: new Date(api.clock.now + 30 * day + ms).toISOString() });
    const held = await grant(key, endsAt(1));
    expect([held.status, held.body.code]).toEqual([409, "needs_approval"]);
    const [request] = await waiting(key);
    expect(held.body.detail).toBe(`A trial of more than 30 days needs a second person. It waits as the request ${request?.id}.`);
    expect([request?.kind, request?.note, (await grantsOf(key)).length]).toEqual(["approval", "Pilot", 0]);
    expect((await grant(key, endsAt(0))).status).toBe(201);
  });

  test("the second person grants it from now on, and both stand in the audit log", async () => {
    await rules({ trialDays: 30 });
    const key = await tenant();
    await grant(key);
    api.clock.now += day;
    expect(await approve(key)).toMatchObject({ ok: true });
    expect(await grantsOf(key)).toMatchObject([{ feature: "sso", note: "Pilot", createdBy: "Bea", endsAt: api.clock.now + 60 * day }]);
    const log = await listAuditHeads(api.services.db.read, api.services.db.tables, { subjectKind: "tenant", subject: key }, { size: 3 });
    expect(log.map(({ action, actorName, why }) => [action, actorName, why])).toEqual([
      ["request.granted", "Bea", "Fine"],
      ["trial.granted", "Bea", "Pilot"],
      ["request.created", "manage", "Pilot"],
    ]);
  });

  test("extensions count from the first start", async () => {
    await rules({ trialDays: 30 });
    const key = await tenant();
    await grant(key, { days: 20 });
    const [old] = await grantsOf(key);
    expect((await send(`/api/grants/${old?.id}/extend`, { days: 11 })).body.code).toBe("needs_approval");
    expect(await approve(key)).toMatchObject({ ok: true });
    expect(await grantsOf(key)).toMatchObject([{ extends: old?.id, endsAt: (old?.endsAt ?? 0) + 11 * day }]);
  });

  test("an override without an end is kept with its value, and one with an end needs nobody", async () => {
    await rules({ endlessOverrides: true });
    const key = await tenant();
    const override = { kind: "override", feature: "calls", effect: "allow", value: 500, days: undefined };
    expect((await grant(key, override)).body).toMatchObject({ code: "needs_approval" });
    expect(
      (await grant(key, { ...override, feature: "epics", value: undefined, endsAt: new Date(api.clock.now + day).toISOString() })).status,
    ).toBe(201);
    expect(await approve(key)).toMatchObject({ ok: true });
    expect(await grantsOf(key)).toContainEqual(expect.objectContaining({ feature: "calls", effect: "allow", value: 500, endsAt: null }));
  });

  test("a limit is not passed in pieces: by trials that follow each other, or by an end that is far away", async () => {
    await rules({ trialDays: 30, endlessOverrides: true });
    const key = await tenant();
    expect((await grant(key, { days: 20 })).status).toBe(201);
    const [first] = await grantsOf(key);
    const after = (days: number) => new Date((first?.endsAt ?? 0) + days * day).toISOString();
    const next = { days: undefined, startsAt: after(0), endsAt: after(10) };
    expect((await grant(key, { ...next, endsAt: after(11) })).body.code).toBe("needs_approval");
    expect((await grant(key, next)).status).toBe(201);
    const override = { kind: "override", feature: "epics", effect: "allow", days: undefined };
    expect((await grant(key, { ...override, endsAt: "9999-01-01T00:00:00Z" })).body.code).toBe("needs_approval");
    const short = await grant(key, { ...override, endsAt: after(30) });
    expect(short.status).toBe(201);
    const id = (await grantsOf(key)).find(({ kind }) => kind === "override")?.id;
    expect((await send(`/api/grants/${id}/extend`, { endsAt: "9999-01-01T00:00:00Z" })).body.code).toBe("needs_approval");
    const held = (await waiting(key)).find(({ act }) => act.act === "extend_trial");
    expect(held && (await grantRequest(api.services, bea, held, { days: 1, answer: null }))).toMatchObject({ ok: true });
    const overrides = (await grantsOf(key)).filter(({ kind, endedAt }) => kind === "override" && endedAt === null);
    expect(overrides.map(({ endsAt }) => endsAt)).toEqual([Date.UTC(9999, 0)]);
  });

  test("what is asked for again is kept once, and answered alike with its key", async () => {
    await rules({ trialDays: 30 });
    const key = await tenant();
    const again = () => grant(key, {}, { "idempotency-key": `again-${key}` });
    const [first, second, third] = [await again(), await again(), await grant(key)];
    expect([second.body.detail, third.body.detail]).toEqual([first.body.detail, first.body.detail]);
    expect(second.headers.get("idempotency-replayed")).toBe("true");
    expect((await waiting(key)).length).toBe(1);
  });

  test("nobody approves what they asked for, and nothing is done once it has lapsed", async () => {
    await rules({ trialDays: 30 });
    const key = await tenant();
    await grant(key);
    const [request] = await waiting(key);
    expect(await approve(key, request?.actor)).toMatchObject({ ok: false, code: "request_decided" });
    api.clock.now += requestLifeMs;
    expect(request && (await grantRequest(api.services, bea, request, { days: 1, answer: null }))).toMatchObject({
      ok: false,
      message: "This request has lapsed. Ask for it again.",
    });
    expect(await grantsOf(key)).toEqual([]);
  });

  test("an approver whose right is gone by the time of the write approves nothing", async () => {
    await rules({ trialDays: 30 });
    const key = await tenant();
    await grant(key);
    const authority = { kind: "admin", id: "adm_gone", session: "none", act: "requests.approve" } as const;
    const response = await approve(key, ada, byRightOf(api.services, authority)).catch((error) => error);
    expect([response.status, await response.text()]).toEqual([401, expect.stringContaining("Your session has ended")]);
    expect([(await waiting(key)).length, (await grantsOf(key)).length]).toEqual([1, 0]);
  });

  test("what the facts no longer allow is refused with its sentence, and goes on waiting", async () => {
    await rules({ trialDays: 30 });
    const key = await tenant();
    await grant(key);
    await api.trial(key, "sso");
    expect(await approve(key)).toMatchObject({ ok: false, code: "grant_overlaps" });
    expect((await waiting(key)).length).toBe(1);
  });

  test("guard rails come first: a trial that may not be is not kept", async () => {
    await saveRails(api.services, ada, { ...noRails, maxDays: 30 });
    await rules({ trialDays: 30 });
    const key = await tenant();
    expect((await grant(key)).body.code).toBe("guard_rail");
    expect(await waiting(key)).toEqual([]);
    expect((await grant(key, { reason: "Agreed" })).body.code).toBe("needs_approval");
    expect(await approve(key)).toMatchObject({ ok: true });
    await saveRails(api.services, ada, noRails);
  });

  test("a bulk act on too many tenants is kept, previews need nobody, and its approver's job does it once", async () => {
    await rules({ bulkTenants: 2 });
    const keys = [await tenant(), await tenant(), await tenant()];
    const bulk = (more: object = {}) => send("/api/bulk", { act: "suspend", tenants: { keys }, note: "Unpaid", ...more });
    expect((await bulk({ dryRun: true })).status).toBe(202);
    expect((await bulk({ tenants: { keys: keys.slice(0, 2) }, act: "reinstate" })).status).toBe(202);
    await api.services.jobs.runAll();
    const held = await bulk();
    expect([held.status, held.body.code]).toEqual([409, "needs_approval"]);
    const [request] = (await waiting()).filter(isBulkRequest);
    if (!request) throw new Error("Nothing waits.");
    expect(await grantBulkRequest(api.services, request.actor, request, null)).toMatchObject({ ok: false, code: "request_decided" });
    const both = await Promise.all([1, 2].map(() => grantBulkRequest(api.services, operator, request, "Fine")));
    expect(new Set(both.map((one) => one.ok && one.job.id)).size).toBe(1);
    await api.services.jobs.runAll();
    expect((await itemsOf(api.services, { id: `${request.id}j` })).map(({ state }) => state)).toEqual(["done", "done", "done"]);
    expect(await findRequest(api.services, request.id)).toMatchObject({ state: "granted", decidedBy: operator.name });
  });

  const bulkRequest = async (body: object) => {
    const held = await send("/api/bulk", body);
    expect(held.body.code).toBe("needs_approval");
    const request = await findRequest(api.services, /request (rq_\w+)/.exec(held.body.detail)?.[1] ?? "");
    if (!request || !isBulkRequest(request)) throw new Error("Nothing waits.");
    return request;
  };

  test("lists of requests read and send no keys of tenants, however many a bulk act names", async () => {
    await rules({ bulkTenants: 2 });
    const keys = Array.from({ length: maxBulkKeys }, (_, i) => `t${i}`.padEnd(100, "x"));
    const request = await bulkRequest({ act: "suspend", tenants: { keys } });
    const { items } = (await (await api.get("/api/requests", api.keys.manage)).json()) as { items: StoredRequest[] };
    const listed = items.find(({ id }) => id === request.id);
    expect(listed?.act).toMatchObject({ tenants: maxBulkKeys });
    expect(JSON.stringify(listed).length).toBeLessThan(2_000);
    const { db } = api.services;
    const lists = [
      await waiting(),
      await waitingOfTenant(db.read, db.tables, { tenant: "", kind: "approval" }, api.clock.now, 50),
      await requestsCreatedAfter(db.read, db.tables, { createdAt: 0, id: "" }, 500),
      [request],
    ];
    for (const list of lists)
      expect([list.some(({ id }) => id === request.id), JSON.stringify(list).includes("t1xx")]).toEqual([true, false]);
    expect(await readRequestKeys(db.read, db.tables, request.id)).toEqual(keys);
    expect((await bulkRequest({ act: "suspend", tenants: { keys: keys.toReversed() } })).id).toBe(request.id);
    expect((await bulkRequest({ act: "suspend", tenants: { keys: keys.slice(1) } })).id).not.toBe(request.id);
  });

  test("a bulk act that is asked for again is kept once, also if more tenants match meanwhile", async () => {
    await rules({ bulkTenants: 2 });
    for (let i = 0; i < 3; i++) await tenant();
    const act = { act: "reinstate", tenants: { filter: { plan: "free" } } };
    const first = await bulkRequest(act);
    await tenant();
    expect((await bulkRequest(act)).id).toBe(first.id);
  });

  test("a bulk act whose plan is archived meanwhile is refused with its sentence, and goes on waiting", async () => {
    await rules({ bulkTenants: 2 });
    await api.catalogue([], [plan("gone", {}, { name: "Gone", rank: 9 })]);
    const keys = [await tenant(), await tenant(), await tenant()];
    const request = await bulkRequest({ act: "change_plan", plan: "gone", tenants: { keys } });
    await api.catalogue([], [plan("gone", {}, { name: "Gone", rank: 9, archivedAt: 1 })]);
    const refused = { ok: false, code: "plan_archived", message: "Gone is archived and cannot be newly given." };
    expect(await grantBulkRequest(api.services, operator, request, "Fine")).toMatchObject(refused);
    expect(await previewBulkRequest(api.services, operator, request, null)).toMatchObject(refused);
    expect(await findRequest(api.services, request.id)).toMatchObject({ state: "waiting" });
  });

  test("note and reason are kept apart: the grant gets the note, and the reason passes the guard rail", async () => {
    await saveRails(api.services, ada, { ...noRails, maxDays: 30 });
    await rules({ trialDays: 30, bulkTenants: 1 });
    const key = await tenant();
    await grant(key, { reason: "Agreed" });
    const [request] = await waiting(key);
    expect(request).toMatchObject({ note: "Pilot", reason: "Agreed" });
    const { id } = await createKey(api.services, bea, { name: "Rails", scopes: ["manage"], expiresAt: null });
    const bound = { ...api.services, authority: { kind: "key" as const, id, acts: ["trials.grant" as const], tenant: null } };
    expect(request && (await grantRequest(bound, bea, request, { days: 14, answer: null }))).toMatchObject({ ok: true });
    expect(await grantsOf(key)).toMatchObject([{ note: "Pilot" }]);
    const { db } = api.services;
    const log = await listAuditHeads(db.read, db.tables, { subjectKind: "tenant", subject: key, action: "trial.granted" }, { size: 1 });
    expect(log).toMatchObject([{ why: "Agreed" }]);
    const keys = [await tenant(), await tenant()];
    const trials = { act: "grant_trial", features: [{ feature: "sso" }], days: 60 };
    const bulk = await bulkRequest({ ...trials, tenants: { keys }, note: "Pilot", reason: "Agreed" });
    expect(bulk).toMatchObject({ note: "Pilot", reason: "Agreed" });
    const job = await grantBulkRequest(api.services, operator, bulk, null);
    await api.services.jobs.runAll();
    expect((await itemsOf(api.services, { id: job.ok ? job.job.id : "" })).map(({ state }) => state)).toEqual(["done", "done"]);
    expect(await grantsOf(keys[0] as string)).toMatchObject([{ note: "Pilot" }]);
    await saveRails(api.services, ada, noRails);
  });

  test("what apps ask for leaves room for acts that need approval", async () => {
    await rules({ trialDays: 30 });
    const key = await tenant();
    const { db } = api.services;
    const request = { kind: "feature" as const, tenant: key, actor: ada, user: null, note: null, reason: null, keys: null, feature: null };
    for (let i = 0; i < maxWaitingRequests; i++) {
      const act = { act: "try_feature" as const, feature: `f${i}` };
      await db.transaction([], (tx) => insertRequest(tx, db.tables, { ...request, id: `${key}_${i}`, act, createdAt: api.clock.now }));
    }
    expect((await grant(key)).body.code).toBe("needs_approval");
  });

  test("a bulk grant of long trials is kept as a whole", async () => {
    await rules({ trialDays: 30 });
    const key = await tenant();
    const body = { act: "grant_trial", features: [{ feature: "sso" }], days: 31, tenants: { keys: [key] } };
    const preview = await send("/api/bulk", { ...body, dryRun: true });
    await api.services.jobs.runAll();
    expect((await itemsOf(api.services, preview.body)).map(({ state }) => state)).toEqual(["done"]);
    expect((await send("/api/bulk", body)).body.code).toBe("needs_approval");
    expect((await send("/api/bulk", { ...body, days: 30 })).status).toBe(202);
    await api.services.jobs.runAll();
    expect((await grantsOf(key)).length).toBe(1);
  });
});

describe("approvals on pages", () => {
  let app: TestApp;
  let [owner, admin, support]: Browser[] = [];
  beforeAll(async () => {
    app = await startTestApp();
    await seedCatalogue(app);
    for (const key of ["acme", "globex", "hooli"]) await putAs(app, key, { name: key, plan: "starter" });
    [owner, admin, support] = [await app.signIn("owner"), await app.signIn("admin"), await app.signIn("support")];
  });
  afterAll(() => app.close());
  const as = (browser: Browser | undefined) => browser as Browser;
  const idIn = (answer: Response) => answer.headers.get("location")?.split("/").at(-1) as string;
  const waiting = async (by = owner) => {
    const html = await (await as(by).get(paths.requests())).text();
    return [...html.matchAll(/name="id" value="(rq_[^"]+)"/g)].map(([, id]) => id as string);
  };

  test("the settings are off at first, are kept as saved, and say what is wrong", async () => {
    const { db } = app.services;
    expect(await readApprovals(db.read, db.tables)).toEqual(noApprovals);
    const wrong = await as(owner).post(paths.approvals(), { trialDays: "0", bulkTenants: "x" });
    const text = await textOf(wrong);
    expect(wrong.status).toBe(422);
    for (const sentence of ["Write whole days from 1 to 3,650", "Write a number from 1 to 1,000,000"]) expect(text).toContain(sentence);
    await as(owner).post(paths.approvals(), { trialDays: "30", endlessOverrides: "on", bulkTenants: "2" });
    expect(await readApprovals(db.read, db.tables)).toEqual({ ...noApprovals, trialDays: 30, endlessOverrides: true, bulkTenants: 2 });
    expect(await textOf(await as(admin).get(paths.audit()))).toContain("changed which acts need a second person");
  });

  test("a long trial waits, shows what it would do now, and another admin approves it", async () => {
    const form = { feature: "sso", length: "own", endsAt: "2027-06-01T00:00", zone: "UTC", note: "Their pilot" };
    const held = await as(admin).post(paths.trialNew("acme"), form);
    expect(held.headers.get("location")).toBe(paths.requests());
    expect(await textOf(await as(admin).get(paths.requests()))).toContain("You asked for this, so someone else decides it.");
    const page = await textOf(await as(owner).get(paths.requests()));
    expect(page).toMatch(/Trial of .* until 1 June 2027 for acme .*Their pilot .*now: .*Then: /);
    const [id = ""] = await waiting();
    expect((await as(support).post(paths.requests(), { id, intent: "grant" })).status).toBe(403);
    const own = await as(admin).post(paths.requests(), { id, intent: "grant" });
    expect([own.status, await textOf(own)]).toEqual([409, expect.stringContaining("someone else decides it")]);
    expect((await as(owner).post(paths.requests(), { id, intent: "grant", answer: "Agreed" })).status).toBe(302);
    expect((await app.services.facts.tenant("acme")).facts?.grants).toMatchObject([{ feature: "sso", note: "Their pilot" }]);
  });

  test("an override without an end and an extension wait as well, and are refused with a note", async () => {
    const override = { feature: "audit.log", effect: "deny", zone: "UTC" };
    expect((await as(admin).post(paths.overrideNew("globex"), override)).headers.get("location")).toBe(paths.requests());
    const trial = await trialAs(app, "globex", "sso");
    await as(admin).post(paths.grantExtend("globex", trial), { length: "own", endsAt: "2027-06-01T00:00", zone: "UTC" });
    const ids = await waiting();
    expect(ids.length).toBe(2);
    for (const id of ids) expect((await as(owner).post(paths.requests(), { id, intent: "refuse", answer: "No" })).status).toBe(302);
    expect(await waiting()).toEqual([]);
    expect((await app.services.facts.tenant("globex")).facts?.grants).toMatchObject([{ id: trial }]);
  });

  test("a bulk act waits, and the second person carries out the preview of what it would do now", async () => {
    const form = { act: "suspend", from: "keys", keys: "acme\nglobex\nhooli" };
    const preview = idIn(await as(admin).post(paths.bulk(), form));
    await app.services.jobs.runAll();
    const held = await as(admin).post(paths.job(preview), { intent: "run" });
    expect(held.headers.get("location")).toBe(paths.requests());
    expect(await textOf(await as(owner).get(paths.requests()))).toContain("Suspend, for 3 tenants");
    const [id = ""] = await waiting();
    await putAs(app, "hooli", { status: "suspended" });
    const shown = idIn(await as(owner).post(paths.requests(), { id, intent: "preview" }));
    await app.services.jobs.runAll();
    expect(await textOf(await as(owner).get(paths.job(shown)))).toContain("Change 2 tenants");
    expect((await as(support).post(paths.job(shown), { intent: "run" })).status).toBe(403);
    const run = idIn(await as(owner).post(paths.job(shown), { intent: "run" }));
    await app.services.jobs.runAll();
    expect((await itemsOf(app.services, { id: run })).map(({ subject, state }) => [subject, state])).toEqual([
      ["acme", "done"],
      ["globex", "done"],
      ["hooli", "skipped"],
    ]);
    expect(await waiting()).toEqual([]);
    expect(await textOf(await as(owner).get(paths.requests({ state: "granted" })))).toContain("Suspend, for 3 tenants");
  });

  test("the reason that a preview shows is the one of its approval", async () => {
    await saveRails(app.services, ada, { ...noRails, maxDays: 7 });
    const form = { act: "grant_trial", features: "epics", days: "14", from: "keys" };
    const ask = async (keys: string) => {
      const preview = idIn(await as(admin).post(paths.bulk(), { ...form, keys }));
      await app.services.jobs.runAll();
      await as(admin).post(paths.job(preview), { intent: "run" });
      const [id = ""] = await waiting();
      return id;
    };
    const run = async (shown: string) => {
      const done = idIn(await as(owner).post(paths.job(shown), { intent: "run" }));
      await app.services.jobs.runAll();
      return (await itemsOf(app.services, { id: done })).map(({ state }) => state);
    };
    for (const key of ["a", "b", "c", "d", "e", "f"]) await putAs(app, key, { name: key, plan: null });
    const first = await ask("a\nb\nc");
    const bare = idIn(await as(owner).post(paths.requests(), { id: first, intent: "preview" }));
    await app.services.jobs.runAll();
    const shown = idIn(await as(owner).post(paths.job(bare), { intent: "reason", reason: "Sales agreed" }));
    await app.services.jobs.runAll();
    expect(await run(shown)).toEqual(["done", "done", "done"]);
    expect(await findRequest(app.services, first)).toMatchObject({ state: "granted", answer: "Sales agreed" });
    const second = await ask("d\ne\nf");
    const withNote = idIn(await as(owner).post(paths.requests(), { id: second, intent: "preview", answer: "Also agreed" }));
    await app.services.jobs.runAll();
    expect(await run(withNote)).toEqual(["done", "done", "done"]);
    expect(await findRequest(app.services, second)).toMatchObject({ state: "granted", answer: "Also agreed" });
    await saveRails(app.services, ada, noRails);
  });
});
