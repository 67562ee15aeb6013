import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { noApprovals } from "~/core/approvals/approvals";
import type { Actor } from "~/core/model";
import { noRails } from "~/core/rails/guard-rails";
import { maxWaitingRequests, requestLifeMs } from "~/core/requests/request";
import { day } from "~/core/time";
import { paths } from "~/paths";
import { saveApprovals } from "~/server/approvals/approval-rules.server";
import { createKey } from "~/server/keys/api-keys.server";
import { saveRails } from "~/server/rails/rails.server";
import { askForFeature, askForTrial } from "~/server/requests/ask.server";
import { grantRequest, refuseRequest, withdrawRequest } from "~/server/requests/decide.server";
import { findRequest } from "~/server/requests/inbox.server";
import { findAct, undoAct } from "~/server/undo/undo.server";
import { listAuditHeads } from "~db/store/audit.server";
import { type Api, ada, startApi } from "./support/api";
import { type Browser, startTestApp, type TestApp } from "./support/app";
import { operator } from "./support/bulk-world";
import { feature, meteredFeature, plan } from "./support/facts";
import { textOf } from "./support/page-text";
import { engines } from "./support/services";
import { putAs, seedCatalogue, trialAs } from "./support/tenant-world";

const sue = { kind: "admin", id: "ad_sue", name: "Sue" } as const;
const trial = { act: "grant_trial" as const, features: [{ feature: "sso", value: true }], days: 14, startsAt: null, endsAt: null };

describe.each(engines)("requests on %s", (engine) => {
  let api: Api;
  beforeAll(async () => {
    api = await startApi(engine);
    const features = [feature("sso", { name: "Single sign-on" }), feature("epics"), meteredFeature("calls", {}, { name: "Calls" })];
    await api.catalogue(features, [plan("free", { calls: 10 }, { rank: 1 }), plan("pro", { calls: 100 }, { rank: 2 })]);
  });
  afterAll(() => api.stop());
  let count = 0;
  const tenant = async () => {
    const key = `t${++count}`;
    await api.tenant(key, { name: key, plan: "free" });
    return key;
  };
  const asked = async (note: string | null = null, act: Parameters<typeof askForTrial>[2]["act"] = trial) => {
    const key = await tenant();
    const result = await askForTrial(api.services, sue, { tenant: key, act, note });
    if (!result.ok) throw new Error(result.message);
    return { key, request: result.request };
  };
  const askedByApp = async (feature: string, note: string | null = null) => {
    const key = await tenant();
    const result = await askForFeature(api.services, ada, { tenant: key, feature, user: "dana", note });
    if (!result.ok) throw new Error(result.message);
    return { key, request: result.request };
  };
  const grant = (request: Parameters<typeof grantRequest>[2], more: { answer?: string; days?: number; by?: typeof sue } = {}) =>
    grantRequest(api.services, more.by ?? ada, request, { answer: more.answer ?? null, days: more.days ?? 14 });
  const stateOf = async ({ id }: { id: string }) => (await findRequest(api.services, id))?.state;
  const grantsOf = async (key: string) => (await api.services.facts.tenant(key)).facts?.grants ?? [];

  test("granting gives the trial from now on, with the note of who asked, and marks the request", async () => {
    const { key, request } = await asked("Their pilot");
    api.clock.now += day;
    expect((await grant(request)).ok).toBe(true);
    expect(await grantsOf(key)).toMatchObject([
      { feature: "sso", note: "Their pilot", endsAt: api.clock.now + 14 * day, createdBy: "Ada" },
    ]);
    expect(await findRequest(api.services, request.id)).toMatchObject({ state: "granted", decidedBy: "Ada", decidedAt: api.clock.now });
  });

  test("a request of an app gets the days that are chosen, with the limit of the next plan above", async () => {
    const { key, request } = await askedByApp("calls");
    expect((await grantRequest(api.services, sue, request, { days: 7, answer: null })).ok).toBe(true);
    expect(await grantsOf(key)).toMatchObject([{ feature: "calls", value: 100, endsAt: api.clock.now + 7 * day }]);
  });

  test("a grant that is refused leaves the request waiting, and nothing is granted", async () => {
    const { key, request } = await asked();
    await api.tenant(key, { status: "archived" });
    expect(await grant(request)).toMatchObject({ ok: false, code: "tenant_archived" });
    expect([await stateOf(request), (await grantsOf(key)).length]).toEqual(["waiting", 0]);
  });

  test("an extension and an end that were asked for are done to the grant as it is now", async () => {
    const key = await tenant();
    await api.trial(key, "sso");
    const [old] = await grantsOf(key);
    const about = { grant: old?.id ?? "", feature: "sso" };
    const endsAt = api.clock.now + 30 * day;
    const ask = (act: Parameters<typeof askForTrial>[2]["act"]) => askForTrial(api.services, sue, { tenant: key, act, note: null });
    const extension = await ask({ act: "extend_trial", ...about, endsAt });
    const end = await ask({ act: "end_trial", ...about });
    if (!extension.ok || !end.ok) throw new Error("It was not kept.");
    expect((await grant(extension.request)).ok).toBe(true);
    expect(await grantsOf(key)).toMatchObject([{ endsAt, extends: old?.id }]);
    expect(await grant(end.request)).toMatchObject({ ok: false, code: "grant_over" });
    expect(await stateOf(end.request)).toBe("waiting");
  });

  test("what support wrote is a reason to pass a guard rail, what a tenant's user wrote is not", async () => {
    const base = { ...noRails, maxDays: 3 };
    await saveRails(api.services, ada, base);
    const { id } = await createKey(api.services, ada, { name: "Rails", scopes: ["manage"], expiresAt: null });
    const services = { ...api.services, authority: { kind: "key" as const, id, acts: ["trials.grant" as const], tenant: null } };
    const byUser = await askedByApp("sso", "Please, please");
    expect(await grantRequest(services, sue, byUser.request, { days: 14, answer: null })).toMatchObject({ ok: false, code: "guard_rail" });
    expect(await grantRequest(services, sue, byUser.request, { days: 14, answer: "Sales agreed" })).toMatchObject({ ok: true });
    const bySupport = await asked("Their pilot");
    expect(await grantRequest(services, ada, bySupport.request, { days: 14, answer: null })).toMatchObject({ ok: true });
    await saveRails(api.services, ada, noRails);
  });

  test("nobody decides their own request, and of two decisions at once one counts", async () => {
    const { key, request } = await asked();
    expect(await grant(request, { by: sue })).toMatchObject({ ok: false, message: "You asked for this, so someone else decides it." });
    expect(await refuseRequest(api.services, sue, request, "No")).toMatchObject({ ok: false });
    const both = await Promise.all([grant(request), refuseRequest(api.services, ada, request, "No"), grant(request)]);
    expect(both.filter(({ ok }) => ok).length).toBe(1);
    expect((await grantsOf(key)).length).toBe((await stateOf(request)) === "granted" ? 1 : 0);
  });

  test("an API key and who made it are one person, also with two keys, and a key of the command line is one of its own", async () => {
    const keyOf = async (by: Actor) => {
      const { id } = await createKey(api.services, by, { name: "Deploy", scopes: ["manage"], expiresAt: null });
      return { kind: "api_key", id, name: "Deploy" } as const;
    };
    const kim = { kind: "admin", id: "ad_kim", name: "Kim" } as const;
    const [kims, another, sues, terminals] = [await keyOf(kim), await keyOf(kim), await keyOf(sue), await keyOf(operator)];
    const may = async (asker: Actor, decider: Actor) => {
      const result = await askForTrial(api.services, asker, { tenant: await tenant(), act: trial, note: null });
      if (!result.ok) throw new Error(result.message);
      const { request } = result;
      const refused = await refuseRequest(api.services, decider, request, "No");
      const granted = await grantRequest(api.services, decider, request, { days: 14, answer: null });
      if (!granted.ok && !refused.ok) expect(granted.code).toBe("request_decided");
      return refused.ok || granted.ok;
    };
    for (const [asker, decider] of [
      [kims, kim],
      [kim, kims],
      [kims, another],
    ] as const)
      expect([asker.id, decider.id, await may(asker, decider)]).toEqual([asker.id, decider.id, false]);
    for (const [asker, decider] of [
      [kims, sue],
      [kims, sues],
      [terminals, operator],
      [terminals, kim],
    ] as const)
      expect([asker.id, decider.id, await may(asker, decider)]).toEqual([asker.id, decider.id, true]);
  });

  test("who made the key of an app decides what it asks for its users", async () => {
    const { id } = await createKey(api.services, sue, { name: "App", scopes: ["check"], expiresAt: null });
    const app = { kind: "api_key", id, name: "App" } as const;
    const asked = await askForFeature(api.services, app, { tenant: await tenant(), feature: "sso", user: "dana", note: null });
    expect(asked.ok && (await grant(asked.request, { by: sue }))).toMatchObject({ ok: true });
  });

  test("a decision that begins in the last millisecond is made at that instant", async () => {
    const requests = [(await asked()).request, (await asked()).request];
    api.clock.now += requestLifeMs - 1;
    let at = api.clock.now;
    const services = { ...api.services, now: () => at++ };
    const [first, second] = requests;
    if (!first || !second) throw new Error("Nothing was asked for.");
    expect(await refuseRequest(services, ada, first, "No")).toEqual({ ok: true });
    at = api.clock.now;
    expect(await grantRequest(services, ada, second, { days: 14, answer: null })).toMatchObject({ ok: true });
    expect(await findRequest(api.services, first.id)).toMatchObject({ state: "refused", decidedAt: api.clock.now });
  });

  test("a request can be granted until the millisecond before it lapses", async () => {
    const { request: early } = await asked();
    const { request: late } = await asked();
    const start = api.clock.now;
    api.clock.now = start + requestLifeMs - 1;
    expect((await grant(early)).ok).toBe(true);
    api.clock.now = start + requestLifeMs;
    expect(await grant(late)).toMatchObject({ ok: false, message: "This request has lapsed. Ask for it again." });
    const listed = await (await api.get("/api/requests?state=lapsed", api.keys.manage)).json();
    expect(listed.items.map(({ id, state }: { id: string; state: string }) => [id, state])).toContainEqual([late.id, "lapsed"]);
  });

  test("what was granted can be undone, and the decision stays in the audit log", async () => {
    const { key, request } = await asked("Their pilot");
    await grant(request, { answer: "Agreed" });
    const entries = await listAuditHeads(
      api.services.db.read,
      api.services.db.tables,
      { subjectKind: "tenant", subject: key },
      { size: 10 },
    );
    expect(entries.map(({ action, why }) => [action, why])).toEqual([
      ["request.granted", "Agreed"],
      ["trial.granted", "Their pilot"],
      ["request.created", "Their pilot"],
      ["tenant.created", null],
    ]);
    const found = await findAct(api.services, entries[1]?.seq ?? 0);
    expect(found?.ok && (await undoAct(api.services, ada, found))).toMatchObject({ ok: true, changed: 1 });
    expect(await findAct(api.services, entries[0]?.seq ?? 0)).toMatchObject({ ok: false, code: "not_undoable" });
  });

  const post = async (body: object, key = api.keys.check, headers = {}) => {
    const response = await api.send("POST", "/api/requests", body, key, headers);
    return { status: response.status, headers: response.headers, body: (await response.json()) as Record<string, string> };
  };

  test("an app's request waits once per tenant and feature, also if it is sent several times at once", async () => {
    const key = await tenant();
    const all = await Promise.all([1, 2, 3].map(() => post({ tenant: key, feature: "sso", user: "dana", note: "Please" })));
    expect(all.map(({ status }) => status).sort()).toEqual([200, 200, 201]);
    expect(new Set(all.map(({ body }) => body.id)).size).toBe(1);
    expect(all[0]?.body).toMatchObject({
      kind: "feature",
      state: "waiting",
      user: "dana",
      note: "Please",
      summary: "Trial of Single sign-on",
    });
    expect((await post({ tenant: key, feature: "epics" })).status).toBe(201);
    const request = await findRequest(api.services, all[0]?.body.id ?? "");
    if (request) await refuseRequest(api.services, sue, request, "Not now");
    expect((await post({ tenant: key, feature: "sso" })).status).toBe(201);
  });

  test("a request that is repeated with its key is answered alike and kept once", async () => {
    const key = await tenant();
    const once = () => post({ tenant: key, feature: "sso" }, api.keys.check, { "idempotency-key": `k-${key}` });
    const [first, second] = [await once(), await once()];
    expect([first.status, second.status, second.headers.get("idempotency-replayed")]).toEqual([201, 201, "true"]);
    expect(second.body.id).toBe(first.body.id);
  });

  test("a tenant gets 20 requests of apps within 24 hours, and then one later", async () => {
    const key = await tenant();
    for (let i = 0; i < 20; i++) {
      const { body } = await post({ tenant: key, feature: "sso" });
      const request = await findRequest(api.services, body.id ?? "");
      if (request) await refuseRequest(api.services, sue, request, "No");
      api.clock.now += 1_000;
    }
    const refused = await post({ tenant: key, feature: "sso" });
    expect([refused.status, refused.body.code, refused.headers.get("retry-after")]).toEqual([
      429,
      "request_limit",
      String(24 * 3_600 - 20),
    ]);
    api.clock.now += day - 20_000;
    expect((await post({ tenant: key, feature: "sso" })).status).toBe(201);
  });

  test("a key needs the scope, may not be one of a browser, and asks for its own tenant only", async () => {
    const key = await tenant();
    expect(await post({ tenant: key, feature: "sso" }, await api.keyFor("usage"))).toMatchObject({
      status: 403,
      body: { code: "scope_missing" },
    });
    expect((await api.get("/api/requests")).status).toBe(403);
  });

  test("the list is filtered, and followed by its cursor meets each request once", async () => {
    const key = await tenant();
    for (const feature of ["sso", "epics", "calls"]) {
      await post({ tenant: key, feature });
      api.clock.now += 1;
    }
    const seen: string[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const query = `tenant=${key}&state=waiting&limit=1${cursor && `&cursor=${cursor}`}`;
      const page = (await (await api.get(`/api/requests?${query}`, api.keys.manage)).json()) as {
        items: { act: { feature: string } }[];
        next: string | null;
      };
      seen.push(...page.items.map(({ act }) => act.feature));
      cursor = page.next;
    }
    expect(seen).toEqual(["calls", "epics", "sso"]);
  });

  test("a waiting request is withdrawn by its key or by who made the key, and by nobody else", async () => {
    const key = await tenant();
    const { body } = await post({ tenant: key, feature: "sso" }, api.keys.manage);
    const withdraw = async (id: string, by = api.keys.manage) => {
      const answer = await api.send("POST", `/api/requests/${id}/withdraw`, undefined, by);
      return { status: answer.status, body: await answer.json() };
    };
    const id = body.id ?? "";
    expect(await withdraw(id, api.keys.check)).toMatchObject({ status: 404, body: { code: "request_not_found" } });
    expect(await withdrawRequest(api.services, sue, id)).toMatchObject({ ok: false, code: "request_not_found" });
    expect(await withdraw(id)).toMatchObject({ status: 200, body: { id, state: "withdrawn", decidedBy: "manage" } });
    expect(await withdraw(id)).toMatchObject({ status: 409, body: { code: "request_decided" } });
    const request = await findRequest(api.services, id);
    expect(request && (await grant(request))).toMatchObject({ ok: false, code: "request_decided" });
    const [entry] = await listAuditHeads(api.services.db.read, api.services.db.tables, { action: "request.withdrawn" }, { size: 1 });
    expect([entry?.subject, entry?.actorName]).toEqual([key, "manage"]);
    expect((await post({ tenant: key, feature: "sso" })).status).toBe(201);
    const made = await createKey(api.services, sue, { name: "Held", scopes: ["manage"], expiresAt: null });
    const asked = await askForTrial(api.services, { kind: "api_key", id: made.id, name: "Held" }, { tenant: key, act: trial, note: null });
    const other = await createKey(api.services, sue, { name: "Other", scopes: ["check"], expiresAt: null });
    expect((await withdraw(asked.ok ? asked.request.id : "", other.key)).status).toBe(404);
    expect(asked.ok && (await withdrawRequest(api.services, sue, asked.request.id))).toMatchObject({ ok: true });
  });

  test("as many requests of a tenant wait as there may be, and no more", async () => {
    const key = await tenant();
    for (let days = 1; days <= maxWaitingRequests; days++)
      expect((await askForTrial(api.services, sue, { tenant: key, act: { ...trial, days }, note: null })).ok).toBe(true);
    expect(await askForTrial(api.services, sue, { tenant: key, act: { ...trial, days: 99 }, note: null })).toMatchObject({
      code: "requests_full",
    });
    expect(await askForTrial(api.services, sue, { tenant: key, act: { ...trial, days: 5 }, note: "Again" })).toMatchObject({
      isNew: false,
    });
  });
});

describe("requests on pages", () => {
  let app: TestApp;
  let [admin, support, viewer]: Browser[] = [];
  beforeAll(async () => {
    app = await startTestApp();
    await seedCatalogue(app);
    await putAs(app, "acme", { name: "Acme", plan: "starter" });
    await saveRails(app.services, ada, { ...noRails, maxDays: 7, supportMayNot: ["end"] });
    [admin, support, viewer] = [await app.signIn("admin"), await app.signIn("support"), await app.signIn("viewer")];
  });
  afterAll(() => app.close());
  const as = (browser: Browser | undefined) => browser as Browser;
  const waiting = async () => {
    const html = await (await as(admin).get(paths.requests())).text();
    return [...html.matchAll(/name="id" value="(rq_[^"]+)"/g)].map(([, id]) => id as string);
  };
  const decide = async (form: Record<string, string>, browser = admin) => {
    const [id = ""] = await waiting();
    return as(browser).post(paths.requests(), { id, ...form });
  };

  test("support asks for what a rail forbids, sees it wait, and an admin grants it with its reason", async () => {
    const ask = { feature: "sso", length: "14", zone: "UTC", note: "Their pilot", intent: "ask" };
    expect(await textOf(await as(support).get(paths.trialNew("acme")))).toContain("Ask an admin");
    expect(await (await as(admin).get(paths.trialNew("acme"))).text()).not.toContain('value="ask"');
    expect((await as(support).post(paths.trialNew("acme"), ask)).headers.get("location")).toBe(paths.requests());
    expect(await textOf(await as(support).get(paths.requests()))).toContain("You asked for this, so someone else decides it.");
    expect(await textOf(await as(viewer).get(paths.requests()))).toContain("An admin or owner decides this.");
    expect(await textOf(await as(admin).get(paths.requests()))).toMatch(/Trial of .* for 14 days for Acme .*Their pilot .*now: /);
    expect((await decide({ intent: "grant" }, support)).status).toBe(403);
    expect((await decide({ intent: "grant", answer: "Agreed" })).status).toBe(302);
    expect((await app.services.facts.tenant("acme")).facts?.grants).toMatchObject([{ feature: "sso", note: "Their pilot" }]);
    expect(await textOf(await as(support).get(paths.requests({ state: "granted" })))).toMatch(/granted it .*: Agreed/);
    const log = await textOf(await as(admin).get(paths.audit()));
    for (const phrase of ["beyond a guard rail", "granted a request for Acme", "sent a request for Acme"]) expect(log).toContain(phrase);
  });

  test("a request of an app says what it would meet, is granted by support, and the form keeps what was typed", async () => {
    const asked = await askForFeature(app.services, ada, { tenant: "acme", feature: "audit.log", user: "دانا <dana>", note: "x\ny" });
    expect(asked.ok).toBe(true);
    const text = await textOf(await as(support).get(paths.requests()));
    expect(text).toContain("دانا <dana> asked through Ada");
    expect(text).toContain("This one would last 14 days.");
    const bad = await decide({ intent: "grant", days: "0", answer: "Typed already" }, support);
    expect(bad.status).toBe(422);
    expect(await bad.text()).toContain("Typed already");
    const tooLong = await decide({ intent: "grant", days: "8" }, support);
    expect([tooLong.status, await textOf(tooLong)]).toEqual([422, expect.stringContaining("This one would last 8 days.")]);
    expect((await decide({ intent: "grant", days: "7" }, support)).status).toBe(302);
  });

  test("the card of an app's request says that a second person would be needed, and who asked takes back their own", async () => {
    await saveRails(app.services, ada, noRails);
    await saveApprovals(app.services, ada, { ...noApprovals, trialDays: 10 });
    const asked = await askForFeature(app.services, ada, { tenant: "acme", feature: "epics", user: null, note: null });
    const text = await textOf(await as(support).get(paths.requests()));
    expect(text).toContain("A trial of more than 10 days needs a second person. Choose fewer days");
    if (asked.ok) await refuseRequest(app.services, operator, asked.request, "No");
    await saveApprovals(app.services, ada, noApprovals);
    await saveRails(app.services, ada, { ...noRails, maxDays: 7, supportMayNot: ["end"] });
    await as(support).post(paths.trialNew("acme"), { feature: "epics", length: "14", zone: "UTC", intent: "ask" });
    const [id = ""] = [...(await (await as(support).get(paths.requests())).text()).matchAll(/name="id" value="(rq_[^"]+)"/g)].map(
      ([, found]) => found,
    );
    expect((await as(admin).post(paths.requests(), { id, intent: "withdraw" })).status).toBe(422);
    expect((await as(viewer).post(paths.requests(), { id, intent: "withdraw" })).status).toBe(403);
    expect((await as(support).post(paths.requests(), { id, intent: "withdraw" })).headers.get("location")).toBe(paths.requests());
    expect(await textOf(await as(support).get(paths.requests({ state: "withdrawn" })))).toContain("withdrew it");
    expect(await waiting()).toEqual([]);
  });

  test("a request is refused with a note only, and one that is gone or decided changes nothing", async () => {
    await askForFeature(app.services, ada, { tenant: "acme", feature: "audit.log", user: null, note: null });
    const [id = ""] = await waiting();
    const bare = await decide({ intent: "refuse" });
    expect([bare.status, await textOf(bare)]).toEqual([422, expect.stringContaining("Write why, for the one who asked.")]);
    expect((await decide({ intent: "refuse", answer: "Too early" })).status).toBe(302);
    expect(await waiting()).toEqual([]);
    const again = await as(admin).post(paths.requests(), { id, intent: "grant" });
    expect([again.status, await textOf(again)]).toEqual([409, expect.stringContaining("This request was refused already")]);
    expect((await as(admin).post(paths.requests(), { id: "rq_none", intent: "grant" })).status).toBe(404);
    expect((await as(admin).get("/requests?state=nonsense&after=~&tenant=%00")).status).toBe(200);
  });

  test("support asks for the end of a trial that is closed to it", async () => {
    await putAs(app, "globex", { name: "Globex", plan: "starter" });
    const grant = await trialAs(app, "globex", "sso");
    const page = paths.grantEnd("globex", grant);
    expect((await as(support).post(page, { note: "They left", intent: "ask" })).status).toBe(302);
    expect(await textOf(await as(admin).get(paths.requests()))).toContain("End of the trial of");
    expect((await decide({ intent: "grant" })).status).toBe(302);
    expect((await app.services.facts.tenant("globex")).facts?.grants).toEqual([]);
  });
});
