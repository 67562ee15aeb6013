import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { day } from "~/core/time";
import { paths } from "~/paths";
import { type Browser, startTestApp, type TestApp } from "./support/app";
import { now } from "./support/facts";
import { textOf } from "./support/page-text";
import { overrideAs, putAs, seedCatalogue, trialAs } from "./support/tenant-world";

let app: TestApp;
let admin: Browser;
let viewer: Browser;

beforeAll(async () => {
  app = await startTestApp();
  admin = await app.signIn("admin");
  viewer = await app.signIn("viewer");
});
afterAll(() => app.close());

const read = async (path: string, browser = admin) => textOf(await browser.get(path));

describe("the list", () => {
  const names = (text: string) => ["Acme", "Globex", "Hooli", "Initech"].filter((name) => text.includes(name));

  test("says what to do first when there is nothing, and offers it only to who may", async () => {
    expect(await read(paths.tenants())).toMatch(/No tenants yet .* New tenant/);
    const seen = await read(paths.tenants(), viewer);
    expect(seen).toContain("No tenants yet");
    expect(seen).not.toContain("New tenant");
  });

  test("finds by search, plan, add-on, status and trial, all in the address", async () => {
    await seedCatalogue(app);
    await putAs(app, "acme", { name: "Acme", plan: "starter", addOns: ["phone"] });
    await putAs(app, "globex", { name: "Globex", plan: "premium" });
    await putAs(app, "hooli", { name: "Hooli", status: "suspended", plan: "starter" });
    await putAs(app, "initech-50%", { name: "Initech" });
    await trialAs(app, "acme", "sso", { endsAt: now + 3 * day });
    await trialAs(app, "hooli", "sso", { endsAt: now + 20 * day });
    const found = async (query: Record<string, string>) => names(await read(paths.tenants(query)));

    expect(await found({})).toEqual(["Acme", "Globex", "Hooli", "Initech"]);
    expect(await found({ q: "OO" })).toEqual(["Hooli"]);
    expect(await found({ q: "50%" })).toEqual(["Initech"]);
    expect(await found({ plan: "starter" })).toEqual(["Acme", "Hooli"]);
    expect(await found({ plan: "phone" })).toEqual(["Acme"]);
    expect(await found({ plan: "-" })).toEqual(["Initech"]);
    expect(await found({ status: "suspended" })).toEqual(["Hooli"]);
    expect(await found({ trial: "live" })).toEqual(["Acme", "Hooli"]);
    expect(await found({ trial: "ending" })).toEqual(["Acme"]);
    expect(await found({ trial: "20" })).toEqual(["Acme", "Hooli"]);
    expect(await found({ addOn: "phone" })).toEqual(["Acme"]);
    expect(await found({ plan: "starter", status: "active", q: "a" })).toEqual(["Acme"]);
  });

  test("shows plan, add-ons and when the next trial ends", async () => {
    expect(await read(paths.tenants({ q: "acme" }))).toMatch(/Acme acme Starter \+1 add-on Single sign-on ends in 3 days/);
  });

  test("says that nothing matches, with the way out", async () => {
    expect(await read(paths.tenants({ q: "zzz" }))).toMatch(/No tenant matches .* clear the filters/);
  });

  test("ignores what makes no sense in an address", async () => {
    const response = await admin.get(paths.tenants({ sort: "x", status: "no", page: "-3", trial: "x", plan: "\u0000" }));
    expect(response.status).toBe(200);
    expect(names(await read(paths.tenants({ sort: "x", status: "no", page: "-3", trial: "x" })))).toHaveLength(4);
  });

  test("says which filter is too long and ignores it", async () => {
    const text = await read(paths.tenants({ q: "x".repeat(201), feature: "y".repeat(101) }));
    expect(text).toContain("The search is longer than 200 characters, so this filter is ignored.");
    expect(text).toContain("The feature is longer than 100 characters, so this filter is ignored.");
    expect(names(text)).toHaveLength(4);
    expect(await read(paths.tenants({ q: "x".repeat(200) }))).not.toContain("is ignored");
  });

  test("sorts, and shows 30 at a time, fewer with many columns; beyond the last page stands the last page", async () => {
    for (let i = 0; i < 60; i++) await putAs(app, `many-${i}`, { name: `Many ${String(i).padStart(2, "0")}` });
    const first = await read(paths.tenants({ q: "many", sort: "-name" }));
    expect(first).toContain("1–30 of 60");
    expect(first.indexOf("Many 59")).toBeLessThan(first.indexOf("Many 58"));
    expect(first).not.toContain("Many 24");
    const last = await read(paths.tenants({ q: "many", sort: "-name", page: 2 }));
    expect(last).toContain("31–60 of 60");
    expect(await read(paths.tenants({ q: "many", sort: "-name", page: 99 }))).toContain("31–60 of 60");
    const cols = "plan,trials,limit,refused,status,changed,created,meta.a,meta.b,meta.c";
    expect(await read(paths.tenants({ q: "many", cols }))).toContain("1–16 of 60");
  });
});

describe("one tenant", () => {
  const row = (text: string, from: string, to: string) =>
    text.slice(text.indexOf(from), text.indexOf(to, text.indexOf(from) + from.length));

  test("shows every feature with yes or no and why, and on each no the one button that changes it", async () => {
    await putAs(app, "umbrella", { name: "Umbrella", plan: "starter", addOns: ["phone"] });
    const text = await read(paths.tenantFeatures("umbrella", { show: "all" }));
    expect(text).toContain("Has 3 of 6 features");
    expect(row(text, "Epics", "Audit trail")).toContain("Part of Starter.");
    expect(row(text, "Audit trail", "Single sign-on")).toMatch(/Not included in Starter\. .*Part of Premium\. .*Grant trial/);
    expect(row(text, "API calls", "Branding")).toMatch(/100 calls/);
    expect(text).toMatch(/Support phone support/);
    expect(text).not.toContain("Old thing");
    expect(text).not.toContain("Part of Starter. Grant trial");
  });

  test("names the button by what would help: a trial, an end to an override, more than a trial", async () => {
    const key = "steps";
    await putAs(app, key, { name: "Steps", addOns: ["nothing"] });
    expect(await read(paths.tenantFeatures(key, { q: "api" }))).toMatch(/The limit of 0 calls is reached\. .*Grant trial/);
    await trialAs(app, key, "api.calls", { value: 0 });
    const reached = await (await admin.get(paths.tenantFeatures(key, { q: "api" }))).text();
    expect(reached).toContain("Override: API calls");
    expect(reached).not.toContain("Grant trial: API calls");
    const id = await overrideAs(app, key, { feature: "sso", effect: "deny" });
    const html = await (await admin.get(paths.tenantFeatures(key, { q: "sso" }))).text();
    expect(html).toContain(`href="${paths.grantEnd(key, id)}"`);
    expect(html).toContain("End override: Single sign-on");
    await putAs(app, key, { status: "suspended" });
    expect(await (await admin.get(paths.tenantFeatures(key, { q: "sso" }))).text()).toContain("Reinstate: Single sign-on");
  });

  test("searches and filters in the address", async () => {
    const key = "umbrella";
    await trialAs(app, key, "sso");
    const shown = async (query: Record<string, string>) => {
      const text = await read(paths.tenantFeatures(key, query));
      return ["Single sign-on", "Audit trail", "Epics", "API calls", "Branding"].filter((name) => text.includes(name));
    };
    expect(await shown({ q: "SECUR" })).toEqual(["Single sign-on", "Audit trail"]);
    expect(await shown({ show: "no" })).toEqual(["Audit trail", "Branding"]);
    expect(await shown({ show: "trial" })).toEqual(["Single sign-on"]);
    expect(await shown({ show: "override" })).toEqual([]);
    expect(await read(paths.tenantFeatures(key, { show: "override" }))).toContain("No feature matches");
    expect(await shown({ show: "all" })).toHaveLength(5);
    expect(await shown({ show: "x" })).toEqual(["Single sign-on", "Epics", "API calls"]);
  });

  test("a viewer reads all of it and is offered no change", async () => {
    const overview = await (await viewer.get(paths.tenant("umbrella"))).text();
    const html = overview + (await (await viewer.get(paths.tenantFeatures("umbrella", { show: "all" }))).text());
    expect(html).toContain("Not included in Starter.");
    for (const offer of ["Grant trial", "Change plan", ">Edit<", ">Suspend<", ">Override<", "Extend", "End now"])
      expect(html).not.toContain(offer);
  });
});

describe("any key", () => {
  const keys = [
    "a/b",
    "__proto__",
    "constructor",
    "🦊",
    "..",
    ".",
    "new",
    "50%",
    "~x",
    "x.data",
    "with space",
    "k".repeat(200),
    "?a=b&c#d",
  ];

  test.each(keys)("%s is created by the form, listed, and opens on every page", async (key) => {
    const made = await admin.post(paths.tenantNew(), { key, name: `Odd ${keys.indexOf(key)}`, plan: "starter" });
    expect(made.status).toBe(302);
    expect(made.headers.get("location")).toBe(paths.tenant(key));
    const links = await (await admin.get(paths.tenants({ q: `Odd ${keys.indexOf(key)}` }))).text();
    expect(links).toContain(`href="${paths.tenant(key).replaceAll("&", "&amp;")}"`);
    for (const path of [
      paths.tenant(key),
      paths.tenantFeatures(key),
      paths.tenantGrants(key),
      paths.tenantUsage(key),
      paths.tenantAudit(key),
      paths.tenantEdit(key),
    ]) {
      const response = await admin.get(path);
      expect([path, response.status]).toEqual([path, 200]);
      expect(await textOf(response)).toContain(`Odd ${keys.indexOf(key)}`);
    }
    const granted = await admin.post(paths.trialNew(key), { feature: "sso", length: "7" });
    expect(granted.status).toBe(302);
    expect(await read(granted.headers.get("location") ?? "")).toContain("Trial granted");
  });
});

describe("what nobody has", () => {
  const of = (key: string) => [
    paths.tenant(key),
    paths.tenantFeatures(key),
    paths.tenantGrants(key),
    paths.tenantUsage(key),
    paths.tenantAudit(key),
    paths.tenantEdit(key),
    paths.tenantStatus(key),
    paths.tenantPlan(key),
    paths.trialNew(key),
    paths.overrideNew(key),
    paths.grantEnd(key, "gr_x"),
    paths.grantExtend(key, "gr_x"),
  ];

  test("an unknown tenant is a 404 with a sentence, on every page", async () => {
    for (const path of of("nobody")) {
      const response = await admin.get(path);
      expect([path, response.status]).toEqual([path, 404]);
      expect(await textOf(response)).toContain("There is no tenant nobody.");
    }
  });

  test("an unknown grant is a 404 with a sentence, for reading and for changing", async () => {
    for (const path of [paths.grantEnd("acme", "gr_x"), paths.grantExtend("acme", "gr_x")]) {
      expect(await read(path)).toContain("Acme has no such grant.");
      expect((await admin.post(path, {})).status).toBe(404);
    }
  });

  test("a grant of another tenant is none of this one", async () => {
    const id = await trialAs(app, "globex", "branding", { value: { a: 1 } });
    expect((await admin.post(paths.grantEnd("acme", id), {})).status).toBe(404);
    expect((await app.services.facts.tenant("globex")).facts?.grants.map((g) => g.id)).toContain(id);
  });

  test("who is not signed in is asked to, and comes back", async () => {
    for (const path of [paths.tenants({ q: "a" }), paths.tenantNew(), ...of("acme")]) {
      const response = await app.browser().get(path);
      expect([path, response.status]).toEqual([path, 302]);
      expect(response.headers.get("location")).toBe(paths.signIn(path));
    }
  });
});

describe("usage", () => {
  test("without checks it shows how to make the first one", async () => {
    const html = await textOf(await admin.get(paths.tenantUsage("globex")));
    expect(html).toContain("No checks in the last 30 days");
    expect(html).toContain(`curl -H "Authorization: Bearer $LATCHKEY_KEY" "${app.url}/api/entitlements?tenant=globex"`);
  });

  test("counts what programs asked, at once, by day and by feature, allowed and refused", async () => {
    const key = await app.apiKey("check");
    const ask = (query: string) =>
      fetch(`${app.url}/api/entitlements?tenant=globex${query}`, { headers: { authorization: `Bearer ${key}` } });
    for (const query of ["", "&feature=sso", "&feature=sso", "&feature=support&feature=nope"]) expect((await ask(query)).status).toBe(200);
    const text = await read(paths.tenantUsage("globex"));
    expect(text).toContain("4 checks in the last 30 days");
    expect(text).toMatch(/Single sign-on sso 2 0 just now just now/);
    expect(text).toMatch(/All features at once 1 0/);
    // What does not exist is not counted: there would be no end to the names.
    expect(text).not.toContain("nope");
    expect(text).toContain("20 Nov 2026 4 0");
    expect(text).toContain("22 Oct 2026 0 0");
  });
});

describe("audit", () => {
  test("shows this tenant's changes only, newest first, a page at a time", async () => {
    for (let i = 0; i < 55; i++) await putAs(app, "busy", { name: `Busy ${i}` });
    const response = await admin.get(paths.tenantAudit("busy"));
    const html = await response.text();
    expect(html).toContain("Busy 54");
    expect(html).not.toContain("Globex");
    const older = /href="([^"]+before=\d+)"/.exec(html)?.[1] ?? "";
    const text = await read(older);
    expect(text).toContain("created this tenant");
    expect(text).toContain("Newest");
  });
});
