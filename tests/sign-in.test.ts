import { hash as argon2 } from "@node-rs/argon2";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { changeRole, disable, enable, invite } from "~/server/admins/admins.server";
import { createOwnerFromEnv, openSetup } from "~/server/admins/first-owner.server";
import { acceptInvite } from "~/server/admins/invites.server";
import { findCredentials, updateAdmin } from "~db/store/admins.server";
import { listAudit } from "~db/store/audit.server";
import { startTestApp, type TestApp } from "./support/app";
import { ada as operator } from "./support/facts";

const password = "walrus teapot grammar";
const wrong = "walrus teapot grammer";

/** An app with one admin who can sign in. */
async function appWithAda(options: Parameters<typeof startTestApp>[0] = {}) {
  const app = await startTestApp(options);
  const invited = await invite(app.services, operator, { name: "Ada", email: "ada@example.com", role: "owner" });
  if (!invited.ok) throw new Error(invited.message);
  await acceptInvite(app.services, invited.token, password);
  return Object.assign(app, { ada: invited.admin });
}

const form = (email: string, given: string, returnTo = "") => ({ email, password: given, ...(returnTo && { returnTo }) });
/** Without what differs in every answer. */
const comparable = (html: string) => html.replace(/nonce(="|-|\\":\\")[^"'\\]+/g, "nonce").replace(/\d{13}/g, "");

describe("the first owner", () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startTestApp();
  });
  afterAll(() => app.close());
  const owner = { name: "Ada", email: " Ada@Example.com ", password };

  test("is made through the newest link, once, and is signed in with it", async () => {
    const older = await openSetup(app.services);
    const token = await openSetup(app.services);
    expect(await (await app.browser().get("/sign-in")).text()).toContain("Nobody can sign in yet");
    expect((await app.browser().get(`/setup/${older}`)).status).toBe(404);
    expect((await app.browser().get("/setup/guess")).status).toBe(404);
    expect((await app.browser().get(`/setup/${token}`)).status).toBe(200);
    expect((await app.browser().post(`/setup/${older}`, owner)).status).toBe(422);

    const browser = app.browser();
    const weak = await browser.post(`/setup/${token}`, { ...owner, password: "password1234" });
    expect(weak.status).toBe(422);
    const page = await weak.text();
    expect(page).toContain("guessed first");
    expect(page).toContain("Ada");
    expect(page).not.toContain("password1234");

    const done = await browser.post(`/setup/${token}`, owner);
    expect([done.status, done.headers.get("location")]).toEqual([302, "/welcome"]);
    expect((await browser.get("/account")).status).toBe(200);

    const late = await app.browser().post(`/setup/${token}`, { ...owner, email: "eve@example.com" });
    expect([late.headers.get("location"), late.headers.getSetCookie()]).toEqual(["/sign-in", []]);
    expect((await app.browser().get(`/setup/${token}`)).headers.get("location")).toBe("/sign-in");
    expect(await openSetup(app.services)).toBeNull();
  });

  test("of two who use the link at the same moment one wins", async () => {
    const both = await startTestApp();
    const token = await openSetup(both.services);
    const answers = await Promise.all(
      ["a", "b"].map((n) => both.browser().post(`/setup/${token}`, { ...owner, email: `${n}@example.com` })),
    );
    expect(answers.map(({ headers }) => headers.get("location")).sort()).toEqual(["/sign-in", "/welcome"]);
    await both.close();
  });

  test("comes from the environment only while there is none, and not with a bad password", async () => {
    const env = { LATCHKEY_OWNER_EMAIL: "root@example.com", LATCHKEY_OWNER_PASSWORD: password };
    const fresh = await startTestApp({ env });
    await createOwnerFromEnv(fresh.services);
    await createOwnerFromEnv(fresh.services);
    expect((await fresh.browser().post("/sign-in", form("root@example.com", password))).status).toBe(302);
    await fresh.close();
    const bad = await startTestApp({ env: { ...env, LATCHKEY_OWNER_PASSWORD: "short" } });
    await expect(createOwnerFromEnv(bad.services)).rejects.toThrow("LATCHKEY_OWNER_PASSWORD: Use at least 12 characters.");
    await bad.close();
  });
});

describe("signing in", () => {
  let app: Awaited<ReturnType<typeof appWithAda>>;
  beforeAll(async () => {
    app = await appWithAda();
  });
  afterAll(() => app.close());

  test("gives a new token each time, and ends the session that the browser came with", async () => {
    const browser = app.browser();
    expect((await browser.post("/sign-in", form("ADA@example.com ", password))).status).toBe(302);
    const first = browser.cookies.get("sid") ?? "";
    expect(first).toMatch(/^[\w-]{43}$/);
    expect((await browser.post("/sign-in", form("ada@example.com", password))).status).toBe(302);
    expect(browser.cookies.get("sid")).not.toBe(first);
    const planted = app.browser();
    planted.cookies.set("sid", first);
    expect((await planted.get("/account")).status).toBe(302);
    expect((await browser.get("/account")).status).toBe(200);
  });

  test("goes back to where one wanted to go, on this origin only", async () => {
    const asked = await app.browser().get("/keys?page=2");
    expect(asked.headers.get("location")).toBe("/sign-in?returnTo=%2Fkeys%3Fpage%3D2");
    const went = async (to: string) =>
      (await app.browser().post("/sign-in", form("ada@example.com", password, to))).headers.get("location");
    expect(await went("/keys?page=2")).toBe("/keys?page=2");
    for (const bad of [
      "https://evil.example/",
      "//evil.example",
      "/\\evil.example",
      "\\\\evil.example",
      "/\t/evil.example",
      "javascript:alert(1)",
      "x",
    ]) {
      expect(await went(bad)).toBe("/");
    }
    app.clock.now += 60_000;
  });

  test("a wrong password, an unknown address and a disabled account are told apart by nothing, and cost the same", async () => {
    const other = await invite(app.services, operator, { name: "Bob", email: "bob@example.com", role: "viewer" });
    if (!other.ok) throw new Error(other.message);
    await acceptInvite(app.services, other.token, password);
    await disable(app.services, operator, other.admin.id);
    const verify = vi.spyOn(app.services.passwords, "verify");
    const answers = [];
    for (const email of ["ada@example.com", "nobody@example.com", "bob@example.com"]) {
      const given = email === "bob@example.com" ? password : wrong;
      const response = await app.browser().post("/sign-in", form(email, given));
      const { date: _, "content-security-policy": __, ...headers } = Object.fromEntries(response.headers);
      answers.push({ status: response.status, headers, body: comparable(await response.text()).replaceAll(email, "EMAIL") });
    }
    expect(answers[0]?.status).toBe(400);
    expect(answers[0]?.body).toContain("The e-mail address or the password is wrong.");
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[2]).toEqual(answers[0]);
    expect(verify).toHaveBeenCalledTimes(3);
    expect(verify.mock.calls.map(([hashed]) => hashed === null)).toEqual([false, true, false]);
    await enable(app.services, operator, other.admin.id);
  });

  test("five wrong tries are free, then one waits, known or not, and the right password does not help meanwhile", async () => {
    app.clock.now += 60_000;
    for (const email of ["ada@example.com", "ghost@example.com"]) {
      for (let i = 0; i < 5; i++) await app.browser().post("/sign-in", form(email, wrong));
      const refused = await app.browser().post("/sign-in", form(email, password));
      expect(refused.status).toBe(429);
      expect(await refused.text()).toContain("Too many tries. Wait 1 second, then try again.");
    }
    app.clock.now += 999;
    expect((await app.browser().post("/sign-in", form("ada@example.com", password))).status).toBe(429);
    app.clock.now += 1;
    expect((await app.browser().post("/sign-in", form("ada@example.com", password))).status).toBe(302);
    app.clock.now += 60_000;
  });

  test("a hash made with less than today's cost is made again, and still fits", async () => {
    const { db } = app.services;
    const old = await argon2(password, { memoryCost: 8_192, timeCost: 1, parallelism: 1 });
    await db.transaction([], (tx) => updateAdmin(tx, db.tables, app.ada.id, { passwordHash: old }));
    for (let i = 0; i < 2; i++) expect((await app.browser().post("/sign-in", form("ada@example.com", password))).status).toBe(302);
    const found = await findCredentials(db.read, db.tables, { email: "ada@example.com" });
    expect(found?.passwordHash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  });

  test("leaves a line in the audit log, right or wrong, with the address it came from and never what was typed", async () => {
    const { db } = app.services;
    const rows = await listAudit(db.read, db.tables, {}, { size: 100 });
    const [good] = rows.filter(({ action }) => action === "admin.signed_in");
    expect(good).toMatchObject({ actorKind: "admin", actorId: app.ada.id, subject: app.ada.id, after: { from: "127.0.0.1" } });
    const bad = rows.filter(({ action }) => action === "admin.sign_in_failed").map(({ subject }) => subject);
    expect(bad).toEqual(expect.arrayContaining([app.ada.id, "unknown"]));
    expect(JSON.stringify(rows)).not.toMatch(/walrus|ghost@example/);
  });

  test("a body that is no form, or has fields twice and strange names, is refused and not a failure of ours", async () => {
    const headers = { origin: app.url };
    const json = await fetch(`${app.url}/sign-in`, {
      method: "POST",
      body: "{}",
      headers: { ...headers, "content-type": "application/json" },
    });
    expect(json.status).toBe(400);
    const body = "email=a%40b.co&email=c%40d.co&password=x&__proto__[x]=1&constructor.prototype.y=2";
    const doubled = await fetch(`${app.url}/sign-in`, {
      method: "POST",
      body,
      headers: { ...headers, "content-type": "application/x-www-form-urlencoded" },
    });
    expect(doubled.status).toBeGreaterThanOrEqual(400);
    expect(doubled.status).toBeLessThan(500);
    expect(Object.hasOwn(Object.prototype, "x")).toBe(false);
  });
});

test("a role that is taken away counts from the next request on", async () => {
  const app = await appWithAda();
  const second = await app.signIn("owner", "adm_second");
  expect((await second.get("/people/invite")).status).toBe(200);
  await changeRole(app.services, operator, "adm_second", "viewer");
  expect((await second.get("/people/invite")).status).toBe(403);
  await app.close();
});
