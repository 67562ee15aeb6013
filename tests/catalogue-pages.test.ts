import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { setPlanEntries } from "~/core/catalogue/catalogue-changes";
import { updateFeature } from "~/core/catalogue/feature-changes";
import { updatePlan } from "~/core/catalogue/plan-changes";
import { putTenant } from "~/core/decision/changes";
import type { CatalogueFacts, Plan } from "~/core/model";
import { paths } from "~/paths";
import { applyImport, readCatalogueFile } from "~/server/catalogue/import.server";
import { changeCatalogue } from "~/server/changes/catalogue-change.server";
import { changeTenant } from "~/server/changes/tenant-change.server";
import { recordUsage } from "~/server/usage/usage.server";
import { writeAudit } from "~db/store/audit.server";
import { type Browser, startTestApp, type TestApp } from "./support/app";

const example = readFileSync(new URL("../db/catalogues/team-inbox.yaml", import.meta.url), "utf8");
const somebody = { kind: "cli", id: "test", name: "Somebody else" } as const;

let app: TestApp;
let admin: Browser;
let viewer: Browser;

beforeAll(async () => {
  app = await startTestApp();
  admin = await app.signIn("admin");
  viewer = await app.signIn("viewer");
  await importText(example);
  for (const [key, plan] of [
    ["acme", "team"],
    ["globex", "team"],
    ["hooli", "company"],
  ] as const) {
    await changeTenant(app.services, key, somebody, (facts, catalogue, stamp) => putTenant(facts, key, { plan }, catalogue, stamp));
  }
});
afterAll(() => app.close());

async function importText(text: string) {
  const read = readCatalogueFile("test.yaml", text);
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  const done = await applyImport(app.services, read, somebody);
  if (!done.ok) throw new Error(JSON.stringify(done.problems));
}

/** A page's visible text. */
async function textOf(response: Response): Promise<string> {
  const html = (await response.text()).replace(/<(script|style)\b.*?<\/\1>/gs, " ").replace(/<!--.*?-->/g, "");
  return html
    .replace(/<[^>]+>/g, " ")
    .replaceAll("&amp;", "&")
    .replaceAll("&#x27;", "'")
    .replaceAll("&quot;", '"')
    .replaceAll("&lt;", "<")
    .replace(/\s+/g, " ");
}
const read = async (browser: Browser, path: string) => textOf(await browser.get(path));
const plan = (key: string) => app.services.facts.catalogueFacts().plans.find((p) => p.key === key) as Plan;
const own = (planKey: string, feature: string) => plan(planKey).entries.find((e) => e.feature === feature)?.value ?? null;
const revisionOf = (kind: keyof Pick<CatalogueFacts, "features" | "plans">, key: string) =>
  String(app.services.facts.catalogueFacts()[kind].find((one) => one.key === key)?.revision);

describe("who may", () => {
  const pages = [
    paths.plans(),
    paths.planNew(),
    paths.plan("team"),
    paths.planEdit("team"),
    paths.planCell("team", "sso"),
    paths.features(),
    paths.featureNew(),
    paths.feature("seats"),
    paths.featureEdit("seats"),
    paths.audit(),
    paths.auditEntry(1),
    paths.importCatalogue(),
    paths.importPreview(),
  ];
  test.each(pages)("a viewer sees %s, and nothing there to change it with", async (path) => {
    const response = await viewer.get(path);
    expect(response.status).toBe(200);
    const html = await response.text();
    const forms = [...html.matchAll(/<form[^>]*method="post"[^>]*action="([^"]*)"/g)].map(([, action]) => action);
    expect(forms.every((action) => action === "/theme" || action === "/sign-out")).toBe(true);
    expect(html).not.toMatch(/New (plan|feature)<\/a>|Delete plan/);
  });
  test.each([
    paths.planNew(),
    paths.plan("team"),
    paths.planEdit("team"),
    paths.planCell("team", "sso"),
    paths.featureNew(),
    paths.feature("seats"),
    paths.featureEdit("seats"),
    paths.importPreview(),
    paths.welcome(),
  ])("a viewer who sends a form to %s is refused with 403, and nothing changes", async (path) => {
    const before = app.services.facts.catalogueFacts();
    const response = await viewer.post(path, { intent: "archive", gives: "own", was: "null", choice: "example", text: "latchkey: 1" });
    expect(response.status).toBe(403);
    expect(await textOf(response)).toMatch(
      /You need the role admin or owner to (change plans and features|import files)\. Ask an owner for it\./,
    );
    expect(app.services.facts.catalogueFacts()).toBe(before);
  });
  test.each([...pages, paths.exportCatalogue(), paths.welcome(), "/"])(
    "somebody who is not signed in is sent from %s to the sign-in",
    async (path) => {
      const response = await app.browser().get(path);
      expect(response.status).toBe(302);
      expect(response.headers.get("location")).toMatch(/^\/sign-in/);
    },
  );
});

describe("the grid", () => {
  test("says of each cell what it gives and whose entry that is", async () => {
    const html = await (await admin.get(paths.plans())).text();
    expect(html).toContain('aria-label="Seats in Team: 10 seats, its own entry"');
    expect(html).toContain(
      'aria-label="Look of the widget in Company: {&quot;logo&quot;:true,&quot;colours&quot;:[&quot;ink&quot;,&quot;sand&quot;]}, from Team"',
    );
    expect(html).toContain('aria-label="Single sign-on (SSO) in Solo: not given"');
  });
  test("puts add-ons after the plans, each with its tenants", async () => {
    expect(await read(admin, paths.plans())).toMatch(/Solo 0 tenants .*Team 2 tenants .*Company 1 tenant .*Add-on 25 more seats 0 tenants/);
  });
  test("is narrowed by its address: words, group, type", async () => {
    expect(await read(admin, paths.plans({ q: "sign SSO" }))).toContain("1 of 11 features");
    expect(await read(admin, paths.plans({ group: "Security" }))).toContain("2 of 11 features");
    expect(await read(admin, paths.plans({ type: "metered" }))).toContain("4 of 11 features");
    expect(await read(admin, paths.plans({ type: "nonsense", group: "" }))).toContain("11 features");
    expect(await read(admin, paths.plans({ q: "zzz" }))).toContain("No feature fits");
  });
});

describe("a cell", () => {
  const cell = paths.planCell("team", "sso");

  test("shows before it is saved how many tenants it touches, and the plans that inherit it", async () => {
    const page = await read(admin, `${paths.planCell("team", "api_calls")}?gives=own&value=2000&was=1000`);
    expect(page).toContain("1,000 calls by its own entry");
    expect(page).toContain("2,000 calls by its own entry");
    expect(page).toMatch(/Gain it 0 tenants Lose it 0 tenants Get another value or limit 2 tenants/);
    const inherited = await read(admin, `${paths.planCell("solo", "sso")}?gives=own&was=null`);
    expect(inherited).toContain("Team inherits it and changes too.");
    expect(inherited).toMatch(/Gain it 2 tenants/);
    expect(own("team", "api_calls")).toBe(1000);
  });
  test("says beside the field what does not fit, and keeps it", async () => {
    const response = await admin.get(`${paths.planCell("team", "api_calls")}?gives=own&value=many&was=1000`);
    const html = await response.text();
    expect(html).toContain("a whole number from 0, or the word unlimited");
    expect(html).toContain('value="many"');
    const posted = await admin.post(paths.planCell("team", "api_calls"), { gives: "own", value: "many", was: "1000" });
    expect(posted.status).toBe(422);
  });
  test("is saved, and the API says yes at once", async () => {
    const ask = async () => {
      const answer = await fetch(`${app.url}/api/entitlements?tenant=acme&feature=sso`, { headers: { authorization: `Bearer ${key}` } });
      return ((await answer.json()) as { entitlements: { sso: { entitled: boolean } } }).entitlements.sso.entitled;
    };
    const key = await app.apiKey("check");
    expect(await ask()).toBe(false);
    const saved = await admin.post(`${cell}?back=q%3Dsso`, { gives: "own", was: "null", why: "Asked for by sales" });
    expect(saved.status).toBe(302);
    expect(saved.headers.get("location")).toBe("/plans?q=sso");
    expect(await ask()).toBe(true);
    expect(await read(admin, paths.plans())).toContain("Single sign-on (SSO) in Team is on.");
  });
  test("tells the second of two editors what it is now, and saves on the next try", async () => {
    await changeCatalogue(app.services, somebody, (facts, stamp) =>
      setPlanEntries(facts, [{ plan: "team", feature: "seats", value: 15 }], stamp),
    );
    const path = `${paths.planCell("team", "seats")}?gives=own&value=20&was=10`;
    const late = await admin.post(path, { gives: "own", value: "20", was: "10" });
    expect(late.status).toBe(409);
    const html = await late.text();
    expect(html).toContain("was changed while you were editing: it now is 15 seats");
    expect(html).toContain('name="was" value="15"');
    expect(html).toContain('name="value" value="20"');
    expect(own("team", "seats")).toBe(15);
    expect((await admin.post(path, { gives: "own", value: "20", was: "15" })).status).toBe(302);
    expect(own("team", "seats")).toBe(20);
  });
  test("without an entry of its own gives what it inherits", async () => {
    await admin.post(paths.planCell("company", "retention_days"), { gives: "none", was: "3650" });
    expect(own("company", "retention_days")).toBeNull();
    expect(await read(admin, paths.planCell("company", "retention_days"))).toMatch(/Gives now 365 from Team/);
  });
  test("never leads back to another place than the grid", async () => {
    const saved = await admin.post(`${cell}?back=${encodeURIComponent("//evil.example")}`, { gives: "own", was: "true" });
    expect(saved.headers.get("location")).toMatch(/^\/plans\?/);
  });
  test.each([
    [paths.planCell("gone", "sso"), "There is no plan gone."],
    [paths.planCell("team", "gone"), "There is no feature gone."],
    [paths.plan("gone"), "There is no plan gone."],
    [paths.feature("__proto__"), "There is no feature __proto__."],
    [paths.auditEntry(999_999), "There is no such entry in the audit log."],
    ["/activity/nonsense", "There is no such entry in the audit log."],
  ])("%s is a 404 with a sentence", async (path, sentence) => {
    const response = await admin.get(path);
    expect(response.status).toBe(404);
    expect(await textOf(response)).toContain(sentence);
  });
});

describe("a plan", () => {
  const fields = { name: "Team", description: "", rank: "2", includes: "solo", intent: "save" };

  test("is created, and its key only once", async () => {
    const form = { key: "trial.pack", name: "Trial pack", kind: "add_on", description: "", rank: "", includes: "" };
    const created = await admin.post(paths.planNew(), form);
    expect(created.headers.get("location")).toBe("/plans/trial.pack");
    expect(plan("trial.pack")).toMatchObject({ kind: "add_on", rank: 6, includes: null });
    const again = await admin.post(paths.planNew(), { ...form, name: "Mine" });
    expect(again.status).toBe(409);
    const html = await again.text();
    expect(html).toContain("There is an add-on trial.pack already (Trial pack). Choose another key.");
    expect(html).toContain('value="Mine"');
  });
  test("says beside each field what is wrong with it", async () => {
    const response = await admin.post(paths.planNew(), { key: "no key", name: " ", kind: "base", rank: "1.5" });
    expect(response.status).toBe(422);
    const page = await textOf(response);
    expect(page).toContain("A key starts with a letter or digit");
    expect(page).toContain("Give it a name.");
    expect(page).toContain("A rank is a whole number");
  });
  test("refuses a circle of includes beside the field", async () => {
    const response = await admin.post(paths.planEdit("solo"), {
      ...fields,
      name: "Solo",
      includes: "team",
      expected: revisionOf("plans", "solo"),
    });
    expect(response.status).toBe(422);
    expect(await textOf(response)).toContain("Plans would include each other in a circle: solo → team → solo.");
  });
  test("tells the second of two editors, keeps what was entered, and shows what is there now", async () => {
    const expected = revisionOf("plans", "team");
    await changeCatalogue(app.services, somebody, (facts, stamp) => updatePlan(facts, "team", { name: "Team 2" }, stamp));
    const late = await admin.post(paths.planEdit("team"), { ...fields, description: "Mine", expected });
    expect(late.status).toBe(409);
    const html = await late.text();
    expect(html).toContain("Somebody else changed this meanwhile");
    expect(html).toMatch(/&quot;Team&quot;[\s\S]*&quot;Team 2&quot;/);
    expect(html).toMatch(/<textarea[^>]*name="description"[^>]*>Mine/);
    expect(html).toContain(`name="expected" value="${revisionOf("plans", "team")}"`);
    expect(plan("team").name).toBe("Team 2");
    expect(
      (await admin.post(paths.planEdit("team"), { ...fields, description: "Mine", expected: revisionOf("plans", "team") })).status,
    ).toBe(302);
    expect(plan("team")).toMatchObject({ name: "Team", description: "Mine" });
  });
  test("can be renamed while somebody else changes one of its cells", async () => {
    const expected = revisionOf("plans", "solo");
    await changeCatalogue(app.services, somebody, (facts, stamp) =>
      setPlanEntries(facts, [{ plan: "solo", feature: "seats", value: 2 }], stamp),
    );
    expect((await admin.post(paths.planEdit("solo"), { ...fields, name: "Solo", rank: "1", includes: "", expected })).status).toBe(302);
    expect(own("solo", "seats")).toBe(2);
    await changeCatalogue(app.services, somebody, (facts, stamp) =>
      setPlanEntries(facts, [{ plan: "solo", feature: "seats", value: 1 }], stamp),
    );
  });
  test("that stops to include another says what tenants notice before it is saved", async () => {
    const { name, rank } = plan("company");
    const form = { ...fields, name, rank: String(rank), includes: "", expected: revisionOf("plans", "company") };
    const shown = await (await admin.post(paths.planEdit("company"), form)).text();
    expect(shown).toContain("Nothing is saved yet");
    expect(shown).toMatch(/Lose a feature<.*>1<.*>tenant</);
    expect(plan("company").includes).toBe("team");
    const reviewed = /name="reviewed" value="([^"]+)"/.exec(shown)?.[1] ?? "";
    expect((await admin.post(paths.planEdit("company"), { ...form, reviewed })).status).toBe(302);
    expect(plan("company").includes).toBeNull();
    await changeCatalogue(app.services, somebody, (facts, stamp) => updatePlan(facts, "company", { includes: "team" }, stamp));
  });
  test("says before it is archived that tenants keep it", async () => {
    const page = await read(admin, `${paths.planEdit("team")}?ask=archive`);
    expect(page).toMatch(/Archive Team\? It cannot be newly given. .* 2 tenants have it, and it is included in/);
    expect(page).toContain("Lose a feature 0 tenants");
  });
  test("that is in use is not deleted, and the page says who has it", async () => {
    const refused = await admin.post(paths.planEdit("team"), { intent: "delete" });
    expect(refused.status).toBe(409);
    expect(await textOf(refused)).toContain(
      "2 tenants have Team, so it cannot be deleted. Move them to another plan first, or archive it.",
    );
    expect(await read(admin, paths.planEdit("team"))).toContain("Not while it is in use. 2 tenants have it: move them first.");
  });
  test("that nobody has is deleted after a question", async () => {
    expect(await read(admin, `${paths.planEdit("trial.pack")}?ask=delete`)).toContain("Delete Trial pack for good?");
    const deleted = await admin.post(paths.planEdit("trial.pack"), { intent: "delete" });
    expect(deleted.headers.get("location")).toBe("/plans");
    expect((await admin.get(paths.plan("trial.pack"))).status).toBe(404);
  });
  test("is archived and restored; archived it leaves the grid and stands below it", async () => {
    await admin.post(paths.planEdit("ai_pack"), { intent: "archive" });
    const grid = await read(admin, paths.plans());
    expect(grid).not.toContain("Add-on AI pack");
    expect(grid).toMatch(/Archived: AI pack/);
    await admin.post(paths.planEdit("ai_pack"), { intent: "restore" });
    expect(plan("ai_pack").archivedAt).toBeNull();
  });
});

describe("a feature", () => {
  const common = { description: "", group: "", flagKey: "", flagRule: "grant", whenUnknown: "last" };
  const settings = { kind: "number", better: "higher", options: "", resetPeriod: "month", limit: "hard", unit: "" };
  let seatsAtFirst = "";
  const find = (key: string) => app.services.facts.catalogueFacts().features.find((f) => f.key === key);

  test.each([
    ["on_off", { type: "boolean" }, { type: "boolean", flag: null, group: null }],
    ["lower", { type: "config", better: "lower" }, { type: "config", config: { kind: "number", better: "lower" } }],
    ["tiers", { type: "config", kind: "text", options: "basic\r\n\r\n best " }, { config: { kind: "text", options: ["basic", "best"] } }],
    ["doc", { type: "config", kind: "json" }, { config: { kind: "json" } }],
    [
      "jobs",
      { type: "metered", resetPeriod: "day", limit: "soft", unit: "jobs" },
      { meter: { resetPeriod: "day", soft: true, unit: "jobs" } },
    ],
    ["linked", { type: "boolean", askUrl: "https://acme.example/upgrade" }, { askUrl: "https://acme.example/upgrade" }],
    [
      "tied",
      { type: "boolean", flagKey: "beta", flagRule: "both", whenUnknown: "off" },
      { flag: { key: "beta", rule: "both", whenUnknown: "off" } },
    ],
  ])("of every type is created with its settings: %s", async (key, more, expected) => {
    const created = await admin.post(paths.featureNew(), { ...common, ...settings, key, name: key, ...more });
    expect(created.headers.get("location")).toBe(paths.feature(key));
    expect(find(key)).toMatchObject(expected);
  });
  test("is edited; what it is stays, and so does what plans give of it", async () => {
    const form = { ...common, ...settings, intent: "save", name: "Seats!", group: "Usage", resetPeriod: "never", unit: "people" };
    seatsAtFirst = revisionOf("features", "seats");
    const saved = await admin.post(paths.featureEdit("seats"), { ...form, expected: seatsAtFirst });
    expect(saved.status).toBe(302);
    expect(find("seats")).toMatchObject({ name: "Seats!", type: "metered", meter: { unit: "people", resetPeriod: "never" } });
    expect(await read(admin, paths.feature("seats"))).toMatch(/Solo 1 people .*25 more seats add-on 25 people/);
  });
  test("tells the second of two editors, and loses nothing", async () => {
    const form = { ...common, ...settings, intent: "save", name: "Places", resetPeriod: "never", expected: seatsAtFirst };
    const late = await admin.post(paths.featureEdit("seats"), form);
    expect(late.status).toBe(409);
    const html = await late.text();
    expect(html).toContain("The admin changed this meanwhile");
    expect(html).toContain('value="Places"');
    expect(html).toContain(`name="expected" value="${revisionOf("features", "seats")}"`);
  });
  test("refuses options that plans' values would no longer fit", async () => {
    const form = { ...common, ...settings, intent: "save", name: "Support", kind: "text", options: "community" };
    const response = await admin.post(paths.featureEdit("support_level"), { ...form, expected: revisionOf("features", "support_level") });
    expect(response.status).toBe(422);
    expect(await textOf(response)).toContain("would no longer fit: Team (business_hours) and Company (around_the_clock)");
  });
  test("whose rules are changed says what tenants notice before it is saved, and is saved as it was shown", async () => {
    const form = { ...common, ...settings, intent: "save", name: "SSO", flagKey: "sso-flag", flagRule: "gate", whenUnknown: "off" };
    const expected = revisionOf("features", "sso");
    const shown = await admin.post(paths.featureEdit("sso"), { ...form, expected });
    expect(shown.status).toBe(200);
    const html = await shown.text();
    expect(html).toContain("Nothing is saved yet");
    expect(html).toMatch(/name="flagKey"[^>]*value="sso-flag"/);
    expect(html.replace(/<[^>]+>/g, " ").replace(/\s+/g, " ")).toContain("Lose it 3 tenants");
    expect(find("sso")?.flag).toBeNull();
    const reviewed = /name="reviewed" value="([^"]+)"/.exec(html)?.[1] ?? "";
    const other = await admin.post(paths.featureEdit("sso"), { ...form, flagRule: "both", expected, reviewed });
    expect(await textOf(other)).toContain("Nothing is saved yet");
    expect(find("sso")?.flag).toBeNull();
    const saved = await admin.post(paths.featureEdit("sso"), { ...form, expected, reviewed });
    expect(saved.status).toBe(302);
    expect(find("sso")?.flag).toMatchObject({ key: "sso-flag", rule: "gate" });
    await changeCatalogue(app.services, somebody, (facts, stamp) =>
      updateFeature(facts, "sso", { flag: null, name: "Single sign-on (SSO)", group: "Security" }, stamp),
    );
  });
  test("whose reset period is changed asks what becomes of the counts, says whom it concerns, and does it", async () => {
    const usage = { tenant: "acme", feature: "jobs", action: "add", quantity: 6 } as const;
    await recordUsage(app.services, [{ ...usage, idempotencyKey: "jobs-1" }]);
    const expected = revisionOf("features", "jobs");
    const form = { ...common, ...settings, intent: "save", name: "jobs", limit: "soft", unit: "jobs", expected };
    const shown = await admin.post(paths.featureEdit("jobs"), { ...form, counts: "carry" });
    const html = await shown.text();
    expect(html).toContain("Nothing is saved yet");
    expect(html).toMatch(
      /<input[^>]*name="counts"[^>]*checked=""[^>]*value="carry"|<input[^>]*name="counts"[^>]*value="carry"[^>]*checked=""/,
    );
    expect(html).toContain(
      "jobs will reset per month instead of per day, and each tenant keeps what it used in its current period. 1 tenant used some in the current period.",
    );
    const reviewed = /name="reviewed" value="([^"]+)"/.exec(html)?.[1] ?? "";
    // Another choice is another change.
    expect(await textOf(await admin.post(paths.featureEdit("jobs"), { ...form, reviewed }))).toContain("so its usage starts again at 0");
    const saved = await admin.post(paths.featureEdit("jobs"), { ...form, counts: "carry", reviewed });
    expect(saved.status).toBe(302);
    expect(find("jobs")).toMatchObject({ meter: { resetPeriod: "month" } });
    const { body } = await app.services.checks.preview("acme", ["jobs"]);
    expect(JSON.stringify(body)).toContain('"used":6');
  });
  test("says before it is archived and before it is restored what tenants notice", async () => {
    const ask = (act: string) => read(admin, `${paths.featureEdit("sso", act)}`);
    expect(await read(admin, paths.feature("sso"))).not.toContain("Lose it");
    expect(await ask("archive")).toMatch(/Archive Single sign-on \(SSO\)\? .*Gain it 0 tenants Lose it 3 tenants/);
    expect(await ask("restore")).not.toContain("Gain it");
    expect(await read(viewer, `${paths.featureEdit("sso")}?ask=archive`)).not.toContain("Lose it");
    await admin.post(paths.featureEdit("sso"), { intent: "archive" });
    expect(await ask("restore")).toMatch(/Gain it 3 tenants Lose it 0 tenants/);
    await admin.post(paths.featureEdit("sso"), { intent: "restore" });
  });
  test("is archived and restored, and stands in the list of archived ones meanwhile", async () => {
    await admin.post(paths.featureEdit("audit_log"), { intent: "archive" });
    expect(await read(admin, paths.features({ q: "audit" }))).toContain("No feature fits");
    expect(await read(admin, paths.features({ q: "audit", status: "archived" }))).toContain("Audit log audit_log");
    await admin.post(paths.featureEdit("audit_log"), { intent: "restore" });
    expect(find("audit_log")?.archivedAt).toBeNull();
  });
  test("stands in a list that is sorted by its address", async () => {
    const names = async (sort: string) => {
      const html = await (await admin.get(paths.features({ sort, group: "Security" }))).text();
      return [...html.matchAll(/<a title="(Audit log|Single sign-on \(SSO\))"/g)].map(([, name]) => name);
    };
    expect(await names("name")).toEqual(["Audit log", "Single sign-on (SSO)"]);
    expect(await names("-name")).toEqual(["Single sign-on (SSO)", "Audit log"]);
  });
});

describe("the audit log", () => {
  test("has who, what, why, and only what differs before and after", async () => {
    const page = await read(admin, paths.audit({ kind: "plan", subject: "team", action: "plan.entries_changed" }));
    expect(page).toContain("The admin changed features of the plan Team Asked for by sales");
    expect(page).toMatch(/plans\.team\.entries\.sso after: \+ true/);
    expect(page).not.toContain("plans.team.entries.seats.feature");
  });
  test("is filtered by actor, and shows a large change on a page of its own", async () => {
    const page = await read(admin, paths.audit({ actor: "cli:test", action: "catalogue.imported" }));
    expect(page).toContain("Import of test.yaml");
    expect(page).not.toContain("archived the plan");
    const html = await (await admin.get(paths.audit({ action: "catalogue.imported" }))).text();
    const entry = /href="(\/activity\/\d+)">Before and after</.exec(html)?.[1] ?? "";
    expect(await read(admin, entry)).toMatch(/AI replies · name (before: \S+ → )?after: AI replies/);
  });
  test("says that a change is too large for a page, and where it is", async () => {
    const { db, now } = app.services;
    const about = { at: now(), actor: somebody, action: "catalogue.imported", subjectKind: "catalogue", subject: "" } as const;
    await db.transaction([], (tx) => writeAudit(tx, db.tables, { ...about, after: { name: "x".repeat(300_000) } }));
    const html = await (await admin.get(paths.audit({ action: "catalogue.imported" }))).text();
    const [, entry = "", seq] = /href="(\/activity\/(\d+))">Before and after</.exec(html) ?? [];
    const page = await read(admin, entry);
    expect(page).toContain(`This change is too large for a page. GET /api/audit/${seq} has all of it.`);
    expect(page).not.toContain("xxxx");
  });
  test("goes back in time page by page", async () => {
    for (let i = 0; i < 60; i++) {
      await changeCatalogue(app.services, somebody, (facts, stamp) => updatePlan(facts, "solo", { description: `No. ${i}` }, stamp));
    }
    const first = await (await admin.get(paths.audit({ subject: "solo" }))).text();
    const older = /href="(\/activity\?[^"]*before=\d+[^"]*)"/.exec(first)?.[1]?.replaceAll("&amp;", "&") ?? "";
    const second = await read(admin, older);
    expect(second).toContain('"No. 9"');
    expect(second).not.toContain('"No. 59"');
  });
});

describe("an import", () => {
  const more = example.replace("features:\n", "features:\n  brand_new: Brand new\n");
  const upload = (browser: Browser, content: string | Uint8Array, name = "mine.yaml") => {
    const body = new FormData();
    body.set("file", new File([content as never], name));
    const cookie = [...browser.cookies].map(([k, v]) => `${k}=${v}`).join("; ");
    return fetch(app.url + paths.importPreview(), { method: "POST", body, headers: { cookie, origin: app.url }, redirect: "manual" });
  };
  const revisionIn = (html: string) => /name="revision" value="(\d+)"/.exec(html)?.[1] ?? "";

  test("first shows what it adds, changes and archives, and writes nothing", async () => {
    const before = app.services.facts.catalogueFacts();
    const response = await upload(admin, more.replace("name: Solo", "name: Single"));
    expect(response.status).toBe(200);
    const page = await textOf(response);
    expect(page).toContain("mine.yaml adds 1 feature; changes");
    expect(page).toContain("Brand new brand_new");
    expect(page).toContain("name: “Solo” → “Single”");
    expect(page).toMatch(/Features \d+ archived/);
    expect(app.services.facts.catalogueFacts()).toBe(before);
  });
  test("says what tenants gain and lose by it, new tenants and moved ones included", async () => {
    const moved = `${more}tenants:\n  acme: { plan: solo }\n  newcomer: { plan: team }\n`;
    const page = await textOf(await upload(admin, moved.replace(/^ {2}sso:.*\n/m, "").replace(/sso: true,? ?|\bsso,? ?/g, "")));
    expect(page).toMatch(/Lose a feature [1-9]\d* tenants?/);
    expect(page).toMatch(/checked for one of these features/);
  });
  test("is applied as it was shown, and twice changes nothing", async () => {
    const shown = await (await admin.post(paths.importPreview(), { text: more })).text();
    const done = await admin.post(paths.importPreview(), { text: more, name: "mine.yaml", revision: revisionIn(shown) });
    expect(done.headers.get("location")).toBe("/plans");
    expect(app.services.facts.catalogue().features.get("brand_new")?.name).toBe("Brand new");
    expect(await textOf(await upload(admin, more))).toContain("All is already as mine.yaml says.");
  });
  test("is shown again when the catalogue has moved on meanwhile", async () => {
    const text = more.replace("Brand new", "Brand newer");
    const shown = await (await admin.post(paths.importPreview(), { text })).text();
    await changeCatalogue(app.services, somebody, (facts, stamp) => updatePlan(facts, "solo", { description: "Moved" }, stamp));
    const late = await admin.post(paths.importPreview(), { text, name: "mine.yaml", revision: revisionIn(shown) });
    expect(late.status).toBe(409);
    expect(await textOf(late)).toContain("The catalogue was changed since you looked Nothing was imported.");
    expect(app.services.facts.catalogue().features.get("brand_new")?.name).toBe("Brand new");
  });
  test("of a large file is a job, which its page leads to and which says what changed", async () => {
    const text = `${more.replace("Brand new", "Newest")}${"# 9 characters\n".repeat(20_000)}`;
    const shown = await (await admin.post(paths.importPreview(), { text })).text();
    // Those that found the impact of earlier files; a person has a few jobs at a time.
    await app.services.jobs.runAll();
    const queued = await admin.post(paths.importPreview(), { text, name: "mine.yaml", revision: revisionIn(shown) });
    const job = queued.headers.get("location") ?? "";
    expect(await read(admin, job)).toMatch(/Import mine\.yaml .*It waits for other jobs\./);
    await app.services.jobs.runAll();
    expect(await read(admin, job)).toMatch(/Import mine\.yaml .*Done .*Catalogue .*Feature Newest changed: name: “Brand new” → “Newest”\./);
    expect(app.services.facts.catalogue().features.get("brand_new")?.name).toBe("Newest");
  });
  test("of a bad file is refused whole, with file, line and what is wrong", async () => {
    const response = await upload(admin, "latchkey: 1\nfeatures:\n  a: A\nplans:\n  p: { features: [gone] }\n", "bad.yaml");
    expect(response.status).toBe(422);
    const page = await textOf(response);
    expect(page).toContain("bad.yaml cannot be imported, and nothing was changed");
    expect(page).toMatch(/bad\.yaml:5: .*there is no feature gone in this file/);
  });
  test("keeps pasted text that is refused", async () => {
    const response = await admin.post(paths.importPreview(), { text: "latchkey: 7\nfeatures: {}" });
    expect(response.status).toBe(422);
    expect(await response.text()).toMatch(/<textarea[^>]*>latchkey: 7\nfeatures: \{\}<\/textarea>/);
  });
  test.each([
    ["nothing", "", "Choose a file, or paste its text."],
    ["bytes that are no text", new Uint8Array([0xff, 0xfe, 0x00]), "mine.yaml is not UTF-8 text at line 1, byte 1."],
    ["more than 5 MB", "#".repeat(5 * 1024 * 1024 + 1), "mine.yaml is larger than 5 MB."],
  ])("of %s is refused with a sentence", async (_what, content, sentence) => {
    const response = await upload(admin, content);
    expect(response.status).toBe(422);
    expect(await textOf(response)).toContain(sentence);
  });
  test("of a body that is no form is a 400", async () => {
    const response = await admin.post(paths.importPreview(), {}, { "content-type": "application/json" });
    expect(response.status).toBe(400);
  });
  test.each(["yaml", "json"] as const)("of an export (%s) with tenants changes nothing", async (format) => {
    const file = await viewer.get(paths.exportCatalogue(format, true));
    expect(file.headers.get("content-disposition")).toBe(`attachment; filename="latchkey-2026-11-20.${format}"`);
    const text = await file.text();
    expect(text).toContain("globex");
    expect(await textOf(await upload(admin, text, `again.${format}`))).toContain(`All is already as again.${format} says.`);
  });
});

describe("the beginning", () => {
  test("is a choice while there is nothing, and the tenants afterwards", async () => {
    const fresh = await startTestApp();
    const owner = await fresh.signIn("owner");
    expect((await owner.get("/")).headers.get("location")).toBe("/welcome");
    expect(await read(owner, "/welcome")).toMatch(/Demo data .*The GitLab catalogue .*A small example .*A file of yours .*Empty/);
    expect(await read(owner, paths.plans())).toContain("No plans yet");
    expect(await read(owner, paths.features())).toContain("No features yet");
    const begun = await owner.post("/welcome", { choice: "gitlab" });
    expect(begun.headers.get("location")).toBe("/plans");
    expect(fresh.services.facts.catalogue().features.size).toBe(247);
    expect(await textOf(await owner.get("/"))).toMatch(/First steps .*To do: Create the first tenant/);
    expect((await owner.get("/welcome")).headers.get("location")).toBe("/tenants");
    const again = await owner.post("/welcome", { choice: "example" });
    expect(again.headers.get("location")).toBe("/");
    expect(await read(owner, paths.tenants())).toContain("There is a catalogue already, which this would archive.");
    expect(fresh.services.facts.catalogue().features.size).toBe(247);
    await fresh.close();
  });
});

describe("the page of a feature or plan, which used to be its form", () => {
  test.each([
    [paths.feature("seats"), paths.featureEdit("seats")],
    [paths.plan("team"), paths.planEdit("team")],
  ])("%s sends links that ask and forms on to %s, with the method and body", async (page, edit) => {
    const asked = await admin.get(`${page}?ask=archive`);
    expect([asked.status, asked.headers.get("location")]).toEqual([302, `${edit}?ask=archive`]);
    const sent = await admin.post(page, { intent: "archive" });
    expect([sent.status, sent.headers.get("location")]).toEqual([307, edit]);
  });
  test("a plan is compared by key or name, in place of what it adds", async () => {
    expect(await read(admin, paths.plan("company"))).toContain("What it adds to Team");
    for (const compare of ["team", "tEAM"]) {
      const text = await read(admin, paths.plan("company", { compare }));
      expect(text).toContain("Features of Company and Team, differences first");
      expect(text).not.toContain("What it adds to");
    }
    expect(await read(admin, paths.plan("company", { compare: "teem" }))).toContain("There is no plan teem.");
  });
});
