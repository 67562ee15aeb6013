import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hour, minute } from "~/core/time";
import { disable, enable, invite, openLink } from "~/server/admins/admins.server";
import { acceptInvite } from "~/server/admins/invites.server";
import { type Browser, startTestApp, type TestApp } from "./support/app";
import { ada as operator } from "./support/facts";
import { remixBuild } from "./support/remix-build";

const password = "walrus teapot grammar";
const isSignedIn = async (browser: Browser) => (await browser.get("/account")).status === 200;

let app: TestApp;
let made = 0;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

/** A new admin with a password. */
async function somebody(role: "owner" | "admin" | "viewer" = "viewer") {
  const email = `${role}${++made}@example.com`;
  const invited = await invite(app.services, operator, { name: "Bob", email, role });
  if (!invited.ok) throw new Error(invited.message);
  await acceptInvite(app.services, invited.token, password);
  const signIn = async () => {
    const browser = app.browser();
    expect((await browser.post("/sign-in", { email, password })).status).toBe(302);
    return browser;
  };
  return { id: invited.admin.id, email, signIn };
}

describe("a session ends", () => {
  test("when nobody used it for 30 minutes, to the millisecond", async () => {
    const { signIn } = await somebody();
    const [a, b] = [await signIn(), await signIn()];
    app.clock.now += 30 * minute - 1;
    expect(await isSignedIn(a)).toBe(true);
    app.clock.now += 1;
    expect(await isSignedIn(b)).toBe(false);
    app.clock.now += 30 * minute - 2;
    expect(await isSignedIn(a)).toBe(true);
  });

  test("12 hours after the sign-in, to the millisecond, however much it was used", async () => {
    const { signIn } = await somebody();
    const browser = await signIn();
    const end = app.clock.now + 12 * hour;
    while (app.clock.now + 20 * minute < end) {
      app.clock.now += 20 * minute;
      expect(await isSignedIn(browser)).toBe(true);
    }
    app.clock.now = end - 1;
    expect(await isSignedIn(browser)).toBe(true);
    app.clock.now = end;
    expect(await isSignedIn(browser)).toBe(false);
  });

  test("with signing out, on the server too: the cookie that somebody kept is worth nothing", async () => {
    const browser = await (await somebody()).signIn();
    const kept = app.browser();
    kept.cookies.set("sid", browser.cookies.get("sid") ?? "");
    expect(await isSignedIn(kept)).toBe(true);
    const out = await browser.post("/sign-out");
    expect([out.headers.get("location"), browser.cookies.has("sid")]).toEqual(["/sign-in", false]);
    expect(await isSignedIn(kept)).toBe(false);
  });

  test("with the account being disabled, at once, and does not come back when it is enabled", async () => {
    const { id, signIn } = await somebody();
    const browser = await signIn();
    await disable(app.services, operator, id);
    expect(await isSignedIn(browser)).toBe(false);
    await enable(app.services, operator, id);
    expect(await isSignedIn(browser)).toBe(false);
    expect(await isSignedIn(await signIn())).toBe(true);
  });

  test("with a new password, everywhere but where it was chosen", async () => {
    const { signIn, email } = await somebody();
    const [here, there] = [await signIn(), await signIn()];
    const before = here.cookies.get("sid");
    const wrong = await here.post("/account", { intent: "password", current: "not this one", password: "another long sentence" });
    expect([wrong.status, (await wrong.text()).includes("This is not your current password.")]).toEqual([422, true]);
    const done = await here.post("/account", { intent: "password", current: password, password: "another long sentence" });
    expect(done.status).toBe(302);
    expect([await isSignedIn(here), await isSignedIn(there)]).toEqual([true, false]);
    expect(here.cookies.get("sid")).not.toBe(before);
    expect((await app.browser().post("/sign-in", { email, password })).status).toBe(400);
  });

  test("with a password chosen through a new link", async () => {
    const { id, signIn } = await somebody();
    const browser = await signIn();
    const linked = await openLink(app.services, operator, id);
    if (!linked.ok) throw new Error(linked.message);
    expect(await isSignedIn(browser)).toBe(true);
    await acceptInvite(app.services, linked.token, "another long sentence");
    expect(await isSignedIn(browser)).toBe(false);
  });

  test("with “sign out everywhere else”, everywhere else", async () => {
    const { signIn } = await somebody();
    const [here, there] = [await signIn(), await signIn()];
    expect((await here.post("/account", { intent: "sign-out-others" })).status).toBe(302);
    expect([await isSignedIn(here), await isSignedIn(there)]).toEqual([true, false]);
  });
});

test("a form that is sent after the session ended leads to a sign-in page that says it was not saved", async () => {
  const browser = app.browser();
  const sent = await browser.post("/tenants/new", { key: "acme", name: "Acme" });
  const where = sent.headers.get("location") ?? "";
  expect([sent.status, where]).toEqual([302, "/sign-in?returnTo=%2Ftenants%2Fnew&unsaved=1"]);
  expect(await (await browser.get(where)).text()).toContain("What you sent was not saved.");
  const looked = await browser.get("/tenants/new");
  expect(await (await browser.get(looked.headers.get("location") ?? "")).text()).not.toContain("What you sent was not saved.");
});

test("a form that is sent after 30 minutes without use leads to a sign-in page that names the time", async () => {
  const { signIn } = await somebody("admin");
  const browser = await signIn();
  app.clock.now += 30 * minute;
  const sent = await browser.post("/tenants/new", { key: "acme", name: "Acme" });
  const where = sent.headers.get("location") ?? "";
  expect(where).toBe("/sign-in?returnTo=%2Ftenants%2Fnew&unsaved=idle");
  expect(await (await browser.get(where)).text()).toContain("Signed out after 30 minutes of inactivity");
});

test("being used is written at most once a minute", async () => {
  const browser = await (await somebody()).signIn();
  const { db } = app.services;
  const seen = async () =>
    Math.max(...(await db.read.select({ at: db.tables.sessions.lastSeenAt }).from(db.tables.sessions)).map(({ at }) => at.getTime()));
  const start = app.clock.now;
  app.clock.now += minute - 1;
  await browser.get("/account");
  expect(await seen()).toBe(start);
  app.clock.now += 1;
  await browser.get("/account");
  expect(await seen()).toBe(start + minute);
});

test("a broken, doubled or invented cookie is nobody, and no failure", async () => {
  const { cookies } = await (await somebody()).signIn();
  const good = cookies.get("sid") ?? "";
  for (const cookie of [
    "sid=",
    "sid=x",
    `sid=${"A".repeat(43)}`,
    `sid=${good}; sid=${good}`,
    `sid=${good.slice(1)}`,
    "sid=%zz",
    `sid=${"x".repeat(8_000)}`,
  ]) {
    const response = await app.browser().get("/account", { cookie });
    expect([response.status, response.headers.get("location")]).toEqual([302, "/sign-in?returnTo=%2Faccount"]);
  }
});

describe("what a role may do, on every page there is", async () => {
  const build = await remixBuild();
  const pathOf = (id: string) => {
    const parts: string[] = [];
    for (let route = build.routes[id]; route; route = build.routes[route.parentId ?? ""]) if (route.path) parts.unshift(route.path);
    return `/${parts.join("/")}`.replace(/:\w+\??/g, "x");
  };
  const behindSignIn = Object.values(build.routes).filter(({ id }) => id.startsWith("routes/_app."));
  const pages = behindSignIn.filter(({ module }) => "loader" in module).map(({ id }) => pathOf(id));
  const actions = behindSignIn.filter(({ module }) => "action" in module).map(({ id }) => [pathOf(id), id] as const);
  // A page's own form names the page where a layout of the same address stands around it.
  const targetsOf = (page: string, id: string) => {
    const index = build.routes[id]?.index ? "index" : "";
    return [`${page}?${index}`, `${page}.data?${index}`];
  };
  const ofEverybody = ["/account", "/account/second-factor", "/notices"];

  test.each([...new Set(pages)])("nobody sees %s without signing in", async (page) => {
    for (const target of [page, `${page}.data`]) {
      const response = await app.browser().get(target);
      const text = await response.text();
      expect([302, 202]).toContain(response.status);
      expect(response.headers.get("location") ?? text).toContain("/sign-in");
    }
  });

  test.each(actions)("nobody sends %s without signing in, whichever way", async (page, id) => {
    for (const target of targetsOf(page, id)) {
      const response = await app.browser().post(target);
      const where = response.headers.get("location") ?? response.headers.get("x-remix-redirect") ?? (await response.text());
      expect(where).toContain("/sign-in");
    }
  });

  test.each(actions.filter(([page]) => !ofEverybody.includes(page)))("a viewer cannot send %s, whichever way", async (page, id) => {
    const viewer = await (await somebody("viewer")).signIn();
    app.clock.now += 5_000;
    for (const target of targetsOf(page, id)) expect((await viewer.post(target)).status).toBe(403);
  });

  test.each(["/people/invite", "/people/x"])("an admin cannot send %s, which is for owners", async (page) => {
    const admin = await (await somebody("admin")).signIn();
    for (const target of [page, `${page}.data`]) expect((await admin.post(target)).status).toBe(403);
  });
});

test("no password, token or one-time link is in the database or the log as it is", async () => {
  const browser = await (await somebody()).signIn();
  const { id } = await somebody();
  const linked = await openLink(app.services, operator, id);
  if (!linked.ok) throw new Error(linked.message);
  await browser.get(`/invite/${linked.token}`);
  const files = [app.databaseFile, `${app.databaseFile}-wal`].map((file) => readFileSync(file, "latin1")).join("");
  expect(files).toContain("$argon2id$");
  for (const secret of [password, browser.cookies.get("sid") ?? "", linked.token]) {
    expect(files.includes(secret)).toBe(false);
    expect(app.log().includes(secret)).toBe(false);
  }
});
