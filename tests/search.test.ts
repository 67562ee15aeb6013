import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Role } from "~/core/permissions";
import { day } from "~/core/time";
import { readSearchQuery } from "~/forms/search/search-query";
import { paths } from "~/paths";
import { readSearch } from "~/server/search/search-page.server";
import { type Api, startApi } from "./support/api";
import { type Browser, startTestApp, type TestApp } from "./support/app";
import { feature, meteredFeature, now, plan } from "./support/facts";
import { importText } from "./support/import-text";
import { engines } from "./support/services";

const text = `latchkey: 1
features:
  sso: Single sign-on
  audit_log: Audit log
  old_sso: { name: Old sign-on, archived: true }
  api_calls: { name: API calls, type: metered, meter: { resetPeriod: month } }
plans:
  starter: { name: Starter, features: [audit_log] }
tenants:
  bramblecote: { name: Bramblecote, plan: starter }
  bramble-bay: { name: Bramble Bay, plan: starter }
  gone: { name: Gone Ltd, plan: starter, status: archived }
`;

describe("a command", () => {
  let app: TestApp;
  let admin: Browser;
  let viewer: Browser;
  beforeAll(async () => {
    app = await startTestApp();
    admin = await app.signIn("admin");
    viewer = await app.signIn("viewer");
    await importText(app.services, text);
  });
  afterAll(() => app.close());

  const command = async (typed: string, role: Role = "admin") => {
    const query = readSearchQuery(new URLSearchParams({ q: typed }));
    return (await readSearch(app.services, query, { role, zone: "UTC" })).command;
  };

  test.each([
    ["trial bramblecote audit", "Bramblecote already has Audit log."],
    ["trial bramblecote nothing", "No feature matches “nothing”."],
    ["trial nobody sso", "No tenant matches “nobody”."],
    ["trial bramblecote old_sso", "No feature matches “old_sso”."],
    ["trial gone single", "Gone Ltd is archived."],
    ["extend bramblecote single 3", "Bramblecote has no live trial of Single sign-on."],
    ["plan nobody", "No tenant matches “nobody”."],
    ["trial bramblecote sso 0", "A trial has at least one day."],
  ])("%s is answered with a sentence", async (typed, sentence) =>
    expect(await command(typed)).toMatchObject({ kind: "problem", message: expect.stringContaining(sentence) }),
  );

  test("that could mean several offers them, and one that needs a value leads to the form", async () => {
    expect(await command("trial brambl sso")).toMatchObject({
      kind: "several",
      options: expect.arrayContaining([{ label: "Single sign-on for Bramble Bay", typed: "trial bramble-bay sso 14" }]),
    });
    expect(await command("trial bramblecote api")).toMatchObject({ kind: "form", feature: { key: "api_calls" } });
    expect(await command("plan bramblecote")).toMatchObject({ kind: "plan", tenant: { key: "bramblecote" } });
  });

  test.each([
    ["compare bramblecote", ["bramblecote"]],
    ["compare bramblecote gone", ["bramblecote", "gone"]],
    ["compare bramble bay gone ltd", ["bramble-bay", "gone"]],
    ["compare gone gone", ["gone"]],
  ])("%s leads to the comparison of those tenants, also for a viewer", async (typed, tenants) => {
    const found = await command(typed, "viewer");
    expect(found?.kind === "compare" && found.tenants.map(({ key }) => key)).toEqual(tenants);
    expect(await (await viewer.get(paths.search(typed))).text()).toContain(paths.compare(tenants).replaceAll("&", "&amp;"));
  });

  test("compare with words for several tenants, or none, says so", async () => {
    expect(await command("compare brambl")).toMatchObject({
      kind: "several",
      options: expect.arrayContaining([{ label: "Bramble Bay", typed: "compare bramble-bay" }]),
    });
    expect(await command("compare brambl gone")).toMatchObject({
      kind: "several",
      options: expect.arrayContaining([{ label: "Bramble Bay and Gone Ltd", typed: "compare bramble-bay gone" }]),
    });
    expect(await command("compare nobody")).toMatchObject({ kind: "problem", message: "No tenant matches “nobody”." });
  });

  test("of a viewer is refused with a sentence, on the page as well", async () => {
    expect(await command("trial bramblecote sso", "viewer")).toEqual({
      kind: "problem",
      message: "You need the role support, admin or owner to grant trials. Ask an owner for it.",
    });
    const page = await (await viewer.get(paths.search("trial bramblecote sso"))).text();
    expect(page).toContain("You need the role support, admin or owner to grant trials. Ask an owner for it.");
    expect(page).not.toContain(`action="${paths.trialNew("bramblecote")}"`);
  });

  test.each([14, 5, 3_650])("for %i days sends the form that grants exactly what its sentence says", async (days) => {
    const tenant = `t${days}`;
    await importText(app.services, text.replace("tenants:", `tenants:\n  ${tenant}: { name: Number ${days} Co, plan: starter }`));
    const answer = await command(`trial ${tenant} sso ${days}`);
    if (answer?.kind !== "grant") throw new Error(JSON.stringify(answer));
    expect(answer.endsAt).toBe(app.clock.now + days * day);
    expect((await admin.post(paths.trialNew(tenant), answer.fields)).status).toBe(302);
    const { facts } = await app.services.facts.tenant(tenant);
    const [grant] = facts?.grants ?? [];
    expect(grant).toMatchObject({ kind: "trial", feature: "sso" });
    // The form's times have whole seconds.
    expect(Math.abs((grant?.endsAt ?? 0) - answer.endsAt)).toBeLessThan(1_000);
    expect(await command(`trial ${tenant} sso`)).toMatchObject({ message: expect.stringContaining("Extend it instead.") });
    expect(await command(`extend ${tenant} sso 3`)).toMatchObject({ kind: "extend", grant: grant?.id });
  });

  test("is a search as well, and pages are found by other words for them", async () => {
    const page = await (await admin.get(paths.search("audit"))).text();
    expect(page).toContain(`href="${paths.feature("audit_log")}"`);
    expect(page).toContain('href="/activity"');
  });

  test.each([
    ["", "Find tenants, features, plans and pages"],
    ["bramblecat", "These come near."],
    ["zzqqxx", "Check the spelling"],
    ["x".repeat(201), "Search for up to 200 characters."],
    ["a b c d e f g h i", "Search for up to 8 words."],
  ])("search for %.30s says what is there", async (q, sentence) => {
    const answer = await admin.get(paths.search(q));
    expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining(sentence)]);
  });
});

describe.each(engines)("GET /api/search on %s", (engine) => {
  let api: Api;
  beforeAll(async () => {
    api = await startApi(engine);
    const old = feature("old_sso", { name: "Old sign-on", archivedAt: now });
    await api.catalogue([feature("sso", { name: "Single sign-on" }), old, meteredFeature("calls")], [plan("starter", { sso: true })]);
    for (let i = 0; i < 5; i++) await api.tenant(`acme-${i}`, { name: `Acme ${i}`, plan: "starter" });
    await api.tenant("sign", { name: "Café Sign" });
  });
  afterAll(() => api.stop());
  const search = async (query: string) => (await api.get(`/api/search?${query}`, api.keys.manage)).json();

  test("finds tenants, features and plans, best first, and says where more match", async () => {
    expect(await search("q=sign")).toEqual({
      tenants: { items: [{ key: "sign", name: "Café Sign", status: "active", plan: null }], more: false },
      features: {
        items: [
          { key: "sso", name: "Single sign-on", type: "boolean", group: null, archived: false },
          { key: "old_sso", name: "Old sign-on", type: "boolean", group: null, archived: true },
        ],
        more: false,
      },
      plans: { items: [], more: false },
    });
    const { tenants, plans } = await search("q=ac&limit=3");
    expect([tenants.items.length, tenants.more, plans.more]).toEqual([3, true, false]);
    expect((await search("q=SIGN+cafe%CC%81")).tenants.items).toHaveLength(1);
  });

  test("needs a key that may manage", async () => {
    expect((await api.get("/api/search?q=a", api.keys.check)).status).toBe(403);
  });
});
