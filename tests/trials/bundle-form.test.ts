import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { noApprovals } from "~/core/approvals/approvals";
import type { Trial } from "~/core/model";
import { noRails } from "~/core/rails/guard-rails";
import { day } from "~/core/time";
import { paths } from "~/paths";
import { saveApprovals } from "~/server/approvals/approval-rules.server";
import { saveRails } from "~/server/rails/rails.server";
import { type Browser, startTestApp, type TestApp } from "../support/app";
import { ada } from "../support/facts";
import { fieldIn, textOf } from "../support/page-text";
import { putAs, seedCatalogue, trialAs } from "../support/tenant-world";

describe("a bundle from the form for trials", () => {
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
  const trialsOf = async (key: string) => ((await app.services.facts.tenant(key)).facts?.grants ?? []) as Trial[];
  const form = { what: "plan", plan: "premium", length: "14", zone: "UTC" };

  test("the page says before what the tenant would get and what is left out and why, also without JavaScript", async () => {
    const key = await tenant();
    await trialAs(app, key, "sso");
    const html = await (await support.get(paths.trialNew(key))).text();
    expect(html).toMatch(/<noscript><button[^>]*formMethod="get"[^>]*>Show what it gives/i);
    const shown = await support.get(paths.trialOfPlan(key, { ...form, note: "By phone", feature: "epics" }));
    const page = await shown.clone().text();
    expect(page).toMatch(/name="what"[^>]*checked=""[^>]*value="plan"/);
    expect(page).toMatch(/<option[^>]*value="premium"[^>]*selected=""/);
    expect(fieldIn(page, "note")).toBe("By phone");
    const words = await textOf(shown);
    expect(words).toContain(`Tenant ${key} has the bundle Premium (2 features) until 4 Dec, 10:00 UTC.`);
    expect(words).toContain("It gets API calls (1,000 calls) and Audit trail.");
    expect(words).toContain("Left out, because its plan or an add-on gives as much already: Epics and Support.");
    expect(words).toContain("Left out, because they are on trial in that time: Single sign-on.");
    // After that trial nothing is on trial.
    const own = { length: "own", startsAt: "2026-12-10T10:00", endsAt: "2026-12-20T10:00" };
    const later = await textOf(await support.get(paths.trialOfPlan(key, { ...form, ...own })));
    expect(later).toContain("has the bundle Premium (3 features) from 10 Dec, 10:00 UTC until 20 Dec, 10:00 UTC.");
    expect(later).not.toContain("on trial in that time");
    expect((await trialsOf(key)).length).toBe(1);
  });

  test("one press grants the bundle, the toast says what was left out, and its Undo takes all of it back", async () => {
    const key = await tenant();
    await trialAs(app, key, "audit.log");
    const back = paths.tenantFeatures(key);
    const ticked = { feature: "branding", "values.branding": "no JSON" };
    const done = await support.post(paths.trialNew(key), { ...form, ...ticked, note: "By phone", returnTo: back });
    expect([done.status, done.headers.get("location")]).toEqual([302, back]);
    const words = await textOf(await support.get(back));
    expect(words).toContain(`Tenant ${key} has the bundle Premium (2 features) until 4 Dec, 10:00 UTC. Left out, because its plan`);
    const bundle = (await trialsOf(key)).filter((trial) => trial.bundle);
    expect(bundle.map(({ feature, value, note }) => [feature, value, note]).sort()).toEqual([
      ["api.calls", 1000, "By phone"],
      ["sso", true, "By phone"],
    ]);
    expect(new Set(bundle.map((trial) => trial.bundle?.id)).size).toBe(1);
    const seq = /success;(\d+):/.exec(decodeURIComponent(done.headers.get("set-cookie") ?? ""))?.[1];
    await support.post(paths.auditUndo(Number(seq)), { returnTo: back });
    expect((await trialsOf(key)).map(({ feature }) => feature)).toEqual(["audit.log"]);
  });

  test.each([
    ["no plan", { plan: "" }, 422, "Choose a plan."],
    ["a plan that is no key", { plan: "a b" }, 422, "A plan key starts with a letter or digit"],
    ["a plan that is gone", { plan: "gone" }, 422, "There is no plan gone."],
    ["an archived plan", { plan: "legacy" }, 422, "Legacy is archived and cannot be newly given."],
    ["a plan whose features it has", { plan: "starter" }, 422, "has all that Starter gives already"],
    ["no end", { length: "own" }, 422, "A trial always has an end: choose it."],
    ["an end in the past", { length: "own", endsAt: "2026-11-01T10:00" }, 422, "The end is in the past."],
    ["an unknown choice", { what: "all" }, 422, "Choose features or a plan."],
  ])("with %s is refused with a sentence, keeps what was entered and writes nothing", async (_what, more, status, sentence) => {
    const key = await tenant();
    const refused = await admin.post(paths.trialNew(key), { ...form, note: "Keep me", ...more });
    const html = await refused.clone().text();
    expect([refused.status, await textOf(refused)]).toEqual([status, expect.stringContaining(sentence)]);
    expect(fieldIn(html, "note")).toBe("Keep me");
    expect(await trialsOf(key)).toEqual([]);
  });

  test("a refusal without JavaScript shows the preview of the plan that was chosen", async () => {
    const key = await tenant();
    const refused = await admin.post(paths.trialNew(key), { ...form, note: "n".repeat(1_001) });
    expect([refused.status, await textOf(refused)]).toEqual([422, expect.stringContaining("has the bundle Premium (3 features)")]);
  });

  test("guard rails count it as one trial, are shown before, and support asks an admin for it", async () => {
    const { services } = app;
    const key = await tenant();
    await trialAs(app, key, "epics");
    await saveRails(services, ada, { ...noRails, maxLive: 1 });
    const limit = "A tenant has up to 1 trial at once. With this it would have 2.";
    const shown = await textOf(await support.get(paths.trialOfPlan(key, form)));
    expect(shown).toContain(`${limit} Your role is bound by this. Ask an admin.`);
    const refused = await support.post(paths.trialNew(key), { ...form, note: "Please" });
    expect([refused.status, await textOf(refused)]).toEqual([422, expect.stringContaining(limit)]);
    const nothing = await support.post(paths.trialNew(key), { ...form, plan: "starter", intent: "ask" });
    expect([nothing.status, await textOf(nothing)]).toEqual([422, expect.stringContaining("has all that Starter gives already")]);
    const asked = await support.post(paths.trialNew(key), { ...form, note: "Their pilot", intent: "ask" });
    expect([asked.status, asked.headers.get("location")]).toEqual([302, paths.requests()]);
    const inbox = await admin.get(paths.requests());
    const id = /name="id" value="(rq_[^"]+)"/.exec(await inbox.clone().text())?.[1] ?? "";
    expect(await textOf(inbox)).toContain(`Bundle Premium for 14 days for Tenant ${key}`);
    expect((await admin.post(paths.requests(), { id, intent: "grant", answer: "Agreed" })).status).toBe(302);
    expect((await trialsOf(key)).filter((trial) => trial.bundle?.plan === "premium").length).toBe(3);
    await saveRails(services, ada, noRails);
  });

  test("a long one waits for a second person, who grants all of it", async () => {
    const { services } = app;
    await saveApprovals(services, ada, { ...noApprovals, trialDays: 10 });
    const key = await tenant();
    const held = await admin.post(paths.trialNew(key), { ...form, note: "Their pilot" });
    expect(held.headers.get("location")).toBe(paths.requests());
    expect(await trialsOf(key)).toEqual([]);
    const id = /name="id" value="(rq_[^"]+)"/.exec(await (await owner.get(paths.requests())).text())?.[1] ?? "";
    expect((await owner.post(paths.requests(), { id, intent: "grant" })).status).toBe(302);
    const trials = await trialsOf(key);
    expect(trials.map(({ endsAt, bundle }) => [endsAt, bundle?.plan])).toEqual(Array(3).fill([app.clock.now + 14 * day, "premium"]));
    await saveApprovals(services, ada, noApprovals);
  });

  test("viewers see the form and may not send it", async () => {
    const key = await tenant();
    const viewer = await app.signIn("viewer");
    expect((await viewer.get(paths.trialOfPlan(key, form))).status).toBe(200);
    expect((await viewer.post(paths.trialNew(key), form)).status).toBe(403);
  });
});
