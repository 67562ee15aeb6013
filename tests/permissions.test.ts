import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Act, acts, apiScopes, mayAct, type Role, roles, scopesFor } from "~/core/permissions";
import { paths } from "~/paths";
import { createKey } from "~/server/keys/api-keys.server";
import { type FakePosthog, startFakePosthog } from "./fake-posthog/start";
import { adasPassword } from "./support/ada";
import { ada, startApi } from "./support/api";
import { type Browser, startTestApp, type TestApp } from "./support/app";
import { pageActs } from "./support/page-acts";
import { textOf } from "./support/page-text";
import { overrideAs, putAs, seedCatalogue, trialAs } from "./support/tenant-world";
import { createWalk } from "./support/walk";
import { allRows } from "./support/write-gate";

const y = true;
const n = false;

/** Written out on purpose: viewer, support, admin, owner; check, usage, manage. */
const expected: Record<Act, [boolean, boolean, boolean, boolean, boolean, boolean, boolean]> = {
  read: [y, y, y, y, n, n, y],
  "data.export": [y, y, y, y, n, n, y],
  "system.read": [n, n, y, y, n, n, n],
  "account.change": [y, y, y, y, n, n, n],
  "views.change": [n, n, y, y, n, n, n],
  "trials.grant": [n, y, y, y, n, n, y],
  "trials.extend": [n, y, y, y, n, n, y],
  "trials.end": [n, y, y, y, n, n, y],
  "requests.ask": [n, y, y, y, y, n, y],
  "requests.approve": [n, n, y, y, n, n, n],
  "presets.change": [n, n, y, y, n, n, n],
  "rails.change": [n, n, y, y, n, n, n],
  "approvals.change": [n, n, n, y, n, n, n],
  "overrides.change": [n, n, y, y, n, n, y],
  "tenants.change": [n, n, y, y, n, n, y],
  "catalogue.change": [n, n, y, y, n, n, y],
  "data.import": [n, n, y, y, n, n, y],
  "posthog.change": [n, n, y, y, n, n, y],
  "keys.change": [n, n, y, y, n, n, n],
  "webhooks.change": [n, n, y, y, n, n, n],
  "notices.change": [n, n, y, y, n, n, n],
  "people.change": [n, n, n, y, n, n, n],
  "checks.ask": [n, n, n, n, y, n, n],
  "tokens.mint": [n, n, n, n, y, n, y],
  "usage.report": [n, n, n, n, n, y, n],
};

test("each role and scope may do what is written here, and nothing else", () => {
  const table = acts.map((act) => [
    act,
    [...roles.map((role) => mayAct(role, act)), ...apiScopes.map((scope) => scopesFor([act]).includes(scope))],
  ]);
  expect(Object.fromEntries(table)).toEqual(expected);
  expect([roles, apiScopes]).toEqual([
    ["viewer", "support", "admin", "owner"],
    ["check", "usage", "manage"],
  ]);
});

let fake: FakePosthog;
beforeAll(async () => {
  fake = await startFakePosthog();
});
afterAll(() => fake.close());

/** A program with a catalogue, a tenant and a person of each role. */
async function startWorld() {
  const posthog = { POSTHOG_HOST: fake.origin, POSTHOG_PROJECT_API_KEY: fake.state.projectKey, POSTHOG_SECRET_KEY: fake.state.secretKey };
  const recorded = { POSTHOG_PROJECT_ID: "1", POSTHOG_JS_ENABLED: "true", POSTHOG_SESSION_REPLAY: "true" };
  const app = await startTestApp({ env: { ...posthog, ...recorded } });
  await seedCatalogue(app);
  await putAs(app, "acme", { name: "Acme", plan: "starter" });
  const people = new Map<Role, Browser>();
  for (const role of roles) people.set(role, await app.signIn(role));
  const { admins } = app.services.db.tables;
  const passwordHash = await app.services.passwords.hash(adasPassword);
  await app.services.db.transaction([], async (tx) => void (await tx.update(admins).set({ passwordHash })));
  return { app, asRole: (role: Role) => people.get(role) as Browser };
}
let app: TestApp;
let asRole: (role: Role) => Browser;
const usesAWorld = () => {
  beforeAll(async () => {
    ({ app, asRole } = await startWorld());
  });
  afterAll(() => app.close());
};

const isAllowed = (role: Role, from: Role) => roles.indexOf(role) >= roles.indexOf(from);

describe.each(roles)("a person with the role %s", (role) => {
  usesAWorld();

  test("opens every page but those that only ask whether to do what the role does not allow", async () => {
    const trial = await trialAs(app, "acme", "sso", { startsAt: app.clock.now + 1 });
    const key = (await createKey(app.services, ada, { name: "K", scopes: ["check"], expiresAt: null })).id;
    const closed: [string, Role][] = [
      [paths.adminInvite(), "owner"],
      [paths.system(), "admin"],
      [paths.rails(), "admin"],
      [paths.approvals(), "owner"],
      [paths.keyRevoke(key), "admin"],
      [paths.keyRotate(key), "admin"],
      [paths.webhooks(), "admin"],
      [paths.webhookNew(), "admin"],
    ];
    const open = [
      ...[paths.tenants(), paths.tenantNew(), paths.tenant("acme"), paths.tenantGrants("acme"), paths.tenantUsage("acme")],
      ...[paths.tenantAudit("acme"), paths.tenantPosthog("acme"), paths.tenantEdit("acme"), paths.tenantStatus("acme")],
      ...[paths.tenantPlan("acme"), paths.trialNew("acme"), paths.overrideNew("acme"), paths.overrideNew("acme", "sso")],
      ...[paths.grantExtend("acme", trial), paths.grantEnd("acme", trial), paths.grantConvert("acme", trial)],
      ...[paths.plans(), paths.planNew(), paths.plan("starter"), paths.planEdit("starter"), paths.planCell("starter", "sso")],
      ...[paths.features(), paths.featureNew(), paths.feature("sso"), paths.featureEdit("sso"), paths.flags()],
      ...[paths.posthog(), paths.posthogDrift(), paths.posthogMetadata(), paths.keys(), paths.keyNew()],
      ...[paths.admins(), paths.admin("adm_viewer"), paths.audit(), paths.auditEntry(1), paths.account()],
      ...[paths.importCatalogue(), paths.importPreview(), paths.exportCatalogue("yaml", true)],
      ...[paths.notices(), paths.noticeRules()],
    ];
    for (const path of open) expect([path, (await asRole(role).get(path)).status]).toEqual([path, 200]);
    for (const [path, from] of closed)
      expect([path, (await asRole(role).get(path)).status]).toEqual([path, isAllowed(role, from) ? 200 : 403]);
  });

  test("does with each form what the role allows, and is refused the rest with the role it takes", async () => {
    for (const { name, path, form, from } of pageActs) {
      const browser = asRole(role);
      const target = await path(app);
      // The owner's page fills in what a form shows.
      const fields = typeof form === "function" ? await form(app, asRole("owner"), browser) : form;
      const before = isAllowed(role, from) ? {} : await allRows(app.services.db);
      const answer = await browser.post(target, fields);
      expect([name, role, answer.status < 400 ? "done" : answer.status]).toEqual([name, role, isAllowed(role, from) ? "done" : 403]);
      if (isAllowed(role, from)) continue;
      expect(await textOf(answer)).toMatch(/You need the role (support, admin or owner|admin or owner|owner) to .+ Ask an owner for it\./);
      expect([name, await allRows(app.services.db)]).toEqual([name, before]);
    }
  });
});

describe("on pages", () => {
  usesAWorld();

  test("support is shown the buttons of trials and none of overrides, tenants, plans or keys", async () => {
    await putAs(app, "globex", { name: "Globex", plan: "starter" });
    const trial = await trialAs(app, "globex", "sso");
    const override = await overrideAs(app, "globex", { feature: "audit.log", effect: "allow", endsAt: app.clock.now + 1_000_000 });
    const hrefs = async (path: string) =>
      [...(await (await asRole("support").get(path)).text()).matchAll(/href="([^"]*)"/g)].map((m) => m[1]);
    const grants = await hrefs(paths.tenantGrants("globex"));
    expect(grants).toEqual(expect.arrayContaining([paths.grantExtend("globex", trial), paths.grantEnd("globex", trial)]));
    const all = [...grants, ...(await hrefs(paths.tenant("globex"))), ...(await hrefs(paths.plans())), ...(await hrefs(paths.keys()))];
    expect(all).toContain(paths.trialNew("globex"));
    const others = [
      paths.grantConvert("globex", trial),
      paths.grantExtend("globex", override),
      paths.grantEnd("globex", override),
      paths.tenantEdit("globex"),
      paths.planNew(),
    ];
    for (const href of [...others, paths.tenantPlan("globex"), paths.tenantStatus("globex"), paths.keyNew()])
      expect([href, all.includes(href)]).toEqual([href, false]);
    expect(all.filter((href) => href?.includes("/override"))).toEqual([]);
  });

  test("support reads on the page of an override who may end it, and cannot send it", async () => {
    await putAs(app, "initech", { name: "Initech", plan: "starter" });
    const override = await overrideAs(app, "initech", { feature: "sso", effect: "deny", endsAt: null });
    const page = await (await asRole("support").get(paths.grantEnd("initech", override))).text();
    expect(page).toContain("You need the role admin or owner to set, extend and end overrides. Ask an owner for it.");
    expect(page).toMatch(/<button type="submit"[^>]*disabled=""/);
  });

  test("the page of the admins shows what each role may do, from the table", async () => {
    const page = await (await asRole("viewer").get(paths.admins())).text();
    const rows = [...page.matchAll(/<th scope="row"[^>]*>([^<]+)<\/th>(.*?)<\/tr>/gs)].map(([, what, cells = ""]) => [
      what,
      [...cells.matchAll(/sr-only">(yes|no)</g)].map((m) => m[1]),
    ]);
    expect(rows).toEqual([
      ["See everything", ["yes", "yes", "yes", "yes"]],
      ["Export the catalogue and tenants", ["yes", "yes", "yes", "yes"]],
      ["See the state of the system", ["no", "no", "yes", "yes"]],
      ["Change their own password, sessions and columns of lists", ["yes", "yes", "yes", "yes"]],
      ["Save and delete views of lists for all", ["no", "no", "yes", "yes"]],
      ["Grant trials", ["no", "yes", "yes", "yes"]],
      ["Extend trials", ["no", "yes", "yes", "yes"]],
      ["End trials", ["no", "yes", "yes", "yes"]],
      ["Ask for features and trials", ["no", "yes", "yes", "yes"]],
      ["Grant and refuse what others ask for beyond guard rails", ["no", "no", "yes", "yes"]],
      ["Keep and delete presets of trials", ["no", "no", "yes", "yes"]],
      ["Change guard rails", ["no", "no", "yes", "yes"]],
      ["Choose what needs a second person", ["no", "no", "no", "yes"]],
      ["Set, extend and end overrides", ["no", "no", "yes", "yes"]],
      ["Create and change tenants", ["no", "no", "yes", "yes"]],
      ["Change plans and features", ["no", "no", "yes", "yes"]],
      ["Import files", ["no", "no", "yes", "yes"]],
      ["Change what PostHog receives", ["no", "no", "yes", "yes"]],
      ["Create, rotate and revoke API keys", ["no", "no", "yes", "yes"]],
      ["Create, change and test webhooks", ["no", "no", "yes", "yes"]],
      ["Choose the notices that people get", ["no", "no", "yes", "yes"]],
      ["Invite people and change their roles", ["no", "no", "no", "yes"]],
    ]);
  });

  test("an owner invites a person with the role support", async () => {
    const form = { name: "Sue", email: "sue@example.com", role: "support" };
    expect((await asRole("owner").post(paths.adminInvite(), form)).status).toBe(200);
    const { db } = app.services;
    const rows = await db.read.select().from(db.tables.admins);
    expect(rows.find(({ email }) => email === form.email)?.role).toBe("support");
  });
});

test("each operation of the API takes the scope that is written here", async () => {
  const api = await startApi("sqlite");
  const { routes } = await createWalk(api, new Set());
  const scopesOf = Object.fromEntries(
    routes.map(({ operation }) => [operation.operationId, operation["x-scopes"]?.join(" or ") ?? "nobody's"]),
  );
  const others = Object.entries(scopesOf).filter(([, scope]) => scope !== "manage");
  expect(Object.fromEntries(others)).toEqual({
    getEntitlements: "check",
    askMany: "check",
    getPosthogGroups: "check",
    listenToChanges: "check",
    evaluateFlag: "check",
    evaluateFlags: "check",
    mintToken: "check or manage",
    createRequest: "check or manage",
    withdrawRequest: "check or manage",
    reportUsage: "usage",
    consume: "usage",
    listenForFlags: "nobody's",
    getDescription: "nobody's",
  });
  expect(Object.keys(scopesOf).length).toBeGreaterThan(35);
  await api.stop();
});
