import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { noApprovals } from "~/core/approvals/approvals";
import type { TenantFacts } from "~/core/model";
import { day, isoTime } from "~/core/time";
import { paths } from "~/paths";
import { saveApprovals } from "~/server/approvals/approval-rules.server";
import { type Api, ada, startApi } from "../support/api";
import { type Browser, startTestApp, type TestApp } from "../support/app";
import { feature, plan, now as start } from "../support/facts";
import { fieldIn, textOf } from "../support/page-text";
import { engines } from "../support/services";
import { putAs, seedCatalogue } from "../support/tenant-world";

describe("the plan that a trial leads to, from the form for trials", () => {
  let app: TestApp;
  let admin: Browser;
  let support: Browser;
  let owner: Browser;
  beforeAll(async () => {
    app = await startTestApp();
    await seedCatalogue(app);
    [owner, admin, support] = [await app.signIn("owner"), await app.signIn("admin"), await app.signIn("support")];
  });
  afterAll(() => app.close());

  let count = 0;
  async function tenant(): Promise<string> {
    const key = `t${++count}`;
    await putAs(app, key, { name: `Tenant ${key}`, plan: "starter" });
    return key;
  }
  const factsOf = async (key: string) => (await app.services.facts.tenant(key)).facts as TenantFacts;
  const comingOf = async (key: string) => (await factsOf(key)).scheduled?.map(({ at, plan, by }) => [at, plan, by.name]);
  const after = { whenItEnds: "plan", planAfter: "premium" };
  const trial = { feature: "sso", length: "14", zone: "UTC", ...after };
  const bundle = { what: "plan", plan: "premium", length: "14", zone: "UTC", ...after };

  test.each([
    ["a trial", trial],
    ["a bundle", bundle],
  ])("%s is granted with the plan as one act, every page says so, and its Undo takes away both", async (_what, form) => {
    const key = await tenant();
    const end = app.clock.now + 14 * day;
    const done = await admin.post(paths.trialNew(key), form);
    expect(done.status).toBe(302);
    expect(await comingOf(key)).toEqual([[end, "premium", expect.any(String)]]);
    const grants = await textOf(await admin.get(paths.tenantGrants(key)));
    expect(grants).toContain("At the end it moves to Premium.");
    expect(grants).toMatch(/Ends 4 Dec, 10:00 UTC, in 14 days ?, then moves to Premium/);
    expect(await textOf(await admin.get(paths.comingChanges()))).toMatch(
      new RegExp(`Tenant ${key} Moves to Premium 4 Dec, 10:00 UTC, in 14 days ?, when the trial ends, scheduled by`),
    );
    expect(await textOf(await admin.get(paths.tenantAudit(key)))).toMatch(/granted a trial of .* until 4 Dec 2026, then Premium/);
    const [one] = (await factsOf(key)).grants;
    const words = async (page: string) => textOf(await admin.get(page));
    expect(await words(paths.grantEnd(key, one?.id ?? ""))).toContain(
      `This cancels the coming change: Tenant ${key} moves to Premium 4 Dec`,
    );
    expect(await words(paths.grantExtend(key, one?.id ?? ""))).toContain(`Tenant ${key} moves to Premium at the new end.`);
    expect(await words(paths.grantConvert(key, one?.id ?? ""))).toContain("This cancels the coming change");
    const id = (await factsOf(key)).scheduled?.[0]?.id ?? "";
    expect(await words(paths.tenantScheduled(key, id))).toContain("Once you move it, it no longer follows the end of the trial.");
    const seq = /success;(\d+):/.exec(decodeURIComponent(done.headers.get("set-cookie") ?? ""))?.[1];
    await admin.post(paths.auditUndo(Number(seq)), { returnTo: paths.tenant(key) });
    expect(await factsOf(key)).toMatchObject({ plan: "starter", grants: [] });
    expect(await comingOf(key)).toBe(undefined);
  });

  test("support extends and ends such a trial, and the plan follows in the name of the one who chose it", async () => {
    const key = await tenant();
    await admin.post(paths.trialNew(key), trial);
    const [, , by] = (await comingOf(key))?.[0] ?? [];
    const idNow = async () => (await factsOf(key)).grants[0]?.id ?? "";
    await support.post(paths.grantExtend(key, await idNow()), { length: "7", zone: "UTC" });
    expect(await comingOf(key)).toEqual([[app.clock.now + 21 * day, "premium", by]]);
    await support.post(paths.grantEnd(key, await idNow()), {});
    expect([await comingOf(key), (await factsOf(key)).grants]).toEqual([undefined, []]);
  });

  test("a person who may not change plans is not offered it, and is refused with the sentence", async () => {
    const key = await tenant();
    expect(await (await admin.get(paths.trialNew(key))).text()).toContain('name="whenItEnds"');
    expect(await (await support.get(paths.trialNew(key))).text()).not.toContain('name="whenItEnds"');
    for (const form of [trial, bundle, { ...trial, intent: "ask" }]) {
      const refused = await support.post(paths.trialNew(key), form);
      expect([refused.status, await textOf(refused)]).toEqual([
        403,
        expect.stringContaining("You need the role admin or owner to create and change tenants."),
      ]);
    }
    expect([(await factsOf(key)).grants, await comingOf(key)]).toEqual([[], undefined]);
    // Without the choice it is a trial as any.
    expect((await support.post(paths.trialNew(key), { ...trial, whenItEnds: "nothing" })).status).toBe(302);
    expect(await comingOf(key)).toBe(undefined);
  });

  test("without JavaScript the preview keeps the choice, lists the bundle's plan first, and says what happens at the end", async () => {
    const key = await tenant();
    const html = await (await admin.get(paths.trialOfPlan(key, bundle))).text();
    expect(html).toMatch(/name="whenItEnds"[^>]*checked=""[^>]*value="plan"/);
    const options = /name="planAfter"[\s\S]*?<\/select>/.exec(html)?.[0] ?? "";
    expect([...options.matchAll(/<option value="([^"]*)"/g)].map(([, value]) => value).slice(0, 2)).toEqual(["", "premium"]);
    expect(html).toContain("At the end it moves to Premium.");
  });

  test.each([
    ["no plan", { planAfter: "" }, "Choose the plan to move to."],
    ["a plan that is gone", { planAfter: "gone" }, "There is no plan gone."],
    ["an archived plan", { planAfter: "legacy" }, "Legacy is archived and cannot be newly given."],
    ["the plan that it has", { planAfter: "starter" }, "has Starter by then already."],
    ["an unknown choice", { whenItEnds: "all" }, "Choose what happens."],
  ])("%s afterwards is refused with a sentence, keeps what was entered, and grants nothing", async (_what, more, sentence) => {
    const key = await tenant();
    const refused = await admin.post(paths.trialNew(key), { ...trial, note: "Keep me", ...more });
    const html = await refused.clone().text();
    expect([refused.status, await textOf(refused)]).toEqual([422, expect.stringContaining(sentence)]);
    expect(fieldIn(html, "note")).toBe("Keep me");
    expect((await factsOf(key)).grants).toEqual([]);
  });

  test("a long one waits for a second person with its plan, which is scheduled when it is granted", async () => {
    const { services } = app;
    await saveApprovals(services, ada, { ...noApprovals, trialDays: 10 });
    const key = await tenant();
    expect((await admin.post(paths.trialNew(key), bundle)).headers.get("location")).toBe(paths.requests());
    const inbox = await owner.get(paths.requests());
    const id = /name="id" value="(rq_[^"]+)"/.exec(await inbox.clone().text())?.[1] ?? "";
    expect(await textOf(inbox)).toContain(`Bundle Premium for 14 days, then Premium for Tenant ${key}`);
    expect(await comingOf(key)).toBe(undefined);
    expect((await owner.post(paths.requests(), { id, intent: "grant" })).status).toBe(302);
    expect(await comingOf(key)).toEqual([[app.clock.now + 14 * day, "premium", expect.any(String)]]);
    await saveApprovals(services, ada, noApprovals);
  });
});

describe.each(engines)("the plan that a trial leads to, over the API on %s", (engine) => {
  test("is granted, moved and cancelled with its trial, in the same answer", async () => {
    const api: Api = await startApi(engine);
    try {
      await api.catalogue([feature("sso"), feature("audit")], [plan("free"), plan("pro", { sso: true, audit: true })]);
      await api.tenant("acme", { plan: "free" });
      const send = async (path: string, body: object) => (await api.send("POST", path, body)).json();
      const list = async () => (await (await api.get("/api/tenants/acme/scheduled", api.keys.manage)).json()).items;
      const at = (days: number) => isoTime(start + days * day);
      const given = await send("/api/tenants/acme/grants", { kind: "trial", feature: "sso", days: 14, whenItEnds: { plan: "pro" } });
      const [{ id }] = given.grants;
      const scheduled = given.whenItEnds.scheduled;
      expect(given.whenItEnds).toEqual({ plan: "pro", at: at(14), scheduled: expect.stringMatching(/^sc_/) });
      expect(await list()).toMatchObject([{ id: scheduled, plan: "pro", at: at(14), follows: [id], state: "coming" }]);
      const extended = await send(`/api/grants/${id}/extend`, { days: 7 });
      expect(extended.whenItEnds).toEqual({ plan: "pro", at: at(21), scheduled });
      const rows = await api.db.read.select().from(api.db.tables.scheduledChanges);
      expect(rows.map((row) => [row.id, row.at.getTime()])).toEqual([[scheduled, start + 21 * day]]);
      const ended = await send(`/api/grants/${extended.grants.at(-1).id}/end`, {});
      expect([ended.whenItEnds, await list()]).toEqual([undefined, []]);
      const { bundle, whenItEnds } = await send("/api/tenants/acme/bundles", { plan: "pro", days: 7, whenItEnds: { plan: "pro" } }).then(
        (body) => ({ bundle: body.grants[0].bundle.id, whenItEnds: body.whenItEnds }),
      );
      expect(await list()).toMatchObject([{ id: whenItEnds.scheduled, follows: [bundle], at: at(7) }]);
      api.clock.now = start + 7 * day;
      const answer = await (await api.get("/api/entitlements?tenant=acme")).json();
      expect(answer).toMatchObject({ plan: "pro", entitlements: { sso: { source: "plan" }, audit: { source: "plan" } } });
      expect(await api.services.schedules.sweep()).toBe(1);
    } finally {
      await api.stop();
    }
  });
});
