import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hour, minute } from "~/core/time";
import { openLink } from "~/server/admins/admins.server";
import { openSealing } from "~/server/admins/sealing.server";
import { resetFactors } from "~/server/admins/second-factors.server";
import { listAudit } from "~db/store/audit.server";
import { adaSignsIn, adasPassword, addAda } from "./support/ada";
import { type Browser, startTestApp, type TestApp } from "./support/app";
import { ada as operator } from "./support/facts";
import { textOf } from "./support/page-text";
import { engines, migratedDatabaseUrl } from "./support/services";
import { codeAt, newSetup, recoveryCodesIn } from "./support/totp";

const page = "/account/second-factor";
const isSignedIn = async (browser: Browser) => (await browser.get("/account")).status === 200;

describe.each(engines)("on %s", (engine) => {
  let app: TestApp;
  let id: string;
  let removeDatabase: () => void;
  beforeAll(async () => {
    const { url, remove } = await migratedDatabaseUrl(engine);
    removeDatabase = remove;
    app = await startTestApp({ env: { DATABASE_URL: url, TRUST_PROXY: "1" } });
    id = await addAda(app.services);
  });
  afterAll(async () => {
    await app.close();
    removeDatabase();
  });

  let addresses = 0;
  const freshAddress = () => ({ "x-forwarded-for": `198.51.100.${++addresses}` });
  const withPassword = async (browser = app.browser(), headers = freshAddress()) => {
    const answer = await browser.post("/sign-in", adaSignsIn, headers);
    return Object.assign(browser, { answer, sendCode: (code: string) => browser.post("/sign-in/code", { code }, headers) });
  };
  /** Resets what earlier tests left, signs in and switches the second factor on. Begins a new step. */
  async function switchedOn() {
    await resetFactors(app.services, operator, adaSignsIn.email);
    app.clock.now += 2 * hour;
    const browser = await withPassword();
    expect(await isSignedIn(browser)).toBe(true);
    const { setup, secret, code } = await newSetup(browser, app.clock.now);
    const done = await browser.post(page, { intent: "on", current: adasPassword, setup, code });
    const codes = recoveryCodesIn(await done.text());
    expect([done.status, codes.length]).toEqual([200, 10]);
    app.clock.now += minute;
    return { browser, secret, codes, code: () => codeAt(secret, app.clock.now) };
  }
  const actions = async () => (await listAudit(app.services.db.read, app.services.db.tables, {}, { size: 20 })).map(({ action }) => action);

  test("nothing is on until a code confirms it, and the page keeps the secret that was scanned", async () => {
    await resetFactors(app.services, operator, adaSignsIn.email);
    const [browser, other] = [await withPassword(), await withPassword()];
    const { setup, secret, code } = await newSetup(browser, app.clock.now);
    expect((await newSetup(browser, app.clock.now)).secret).not.toBe(secret);
    const wrong = await browser.post(page, { intent: "on", current: adasPassword, setup, code: "000000" });
    expect(wrong.status).toBe(422);
    expect(await wrong.text()).toContain(secret);
    expect((await browser.post(page, { intent: "on", current: "wrong", setup, code })).status).toBe(422);
    expect((await other.post(page, { intent: "on", current: adasPassword, setup, code })).status).toBe(422);
    expect((await browser.post(page, { intent: "on", current: adasPassword, setup: "x", code })).status).toBe(422);
    expect(await textOf(await browser.get("/account"))).toContain(
      "Second factor A code of an app on your phone, asked after the password. Set up",
    );
    expect((await browser.post(page, { intent: "on", current: adasPassword, setup, code })).status).toBe(200);
    expect([await isSignedIn(browser), await isSignedIn(other)]).toEqual([true, false]);
    expect((await browser.post(page, { intent: "on", current: adasPassword, setup, code })).status).toBe(422);
    expect((await actions()).filter((action) => action === "admin.factor_switched_on")).toHaveLength(1);
  });

  test("the password alone signs nobody in; the code does, with what was asked for kept", async () => {
    const { code } = await switchedOn();
    const browser = await withPassword();
    expect([browser.answer.status, browser.answer.headers.get("location")]).toEqual([302, "/sign-in/code"]);
    expect(await isSignedIn(browser)).toBe(false);
    expect(browser.cookies.has("sid") || browser.cookies.has("device")).toBe(false);
    expect(await textOf(await browser.get("/sign-in/code"))).toContain("Enter a code");
    const to = await browser.post("/sign-in", { ...adaSignsIn, returnTo: "/keys?page=2" });
    expect(to.headers.get("location")).toBe("/sign-in/code?returnTo=%2Fkeys%3Fpage%3D2");
    const done = await browser.post("/sign-in/code", { code: `${code().slice(0, 3)} ${code().slice(3)}`, returnTo: "/keys?page=2" });
    expect([done.status, done.headers.get("location")]).toEqual([302, "/keys?page=2"]);
    expect([await isSignedIn(browser), browser.cookies.has("sign-in")]).toEqual([true, false]);
    const [entry] = await listAudit(app.services.db.read, app.services.db.tables, {}, { size: 1 });
    expect(entry).toMatchObject({ action: "admin.signed_in", after: { secondFactor: "app" } });
  });

  test("a code works once, also an earlier one after it, and of many requests at once one gets in", async () => {
    const { code, secret } = await switchedOn();
    const browsers = await Promise.all(Array.from({ length: 8 }, () => withPassword()));
    const [used, earlier] = [code(), codeAt(secret, app.clock.now - 30_000)];
    const answers = await Promise.all(browsers.map(({ sendCode }) => sendCode(used)));
    expect(answers.map(({ status }) => status).sort()).toEqual([302, 400, 400, 400, 400, 400, 400, 400]);
    for (const again of [used, earlier]) {
      const late = await (await withPassword()).sendCode(again);
      expect([late.status, (await late.text()).includes("This code is wrong or was used already.")]).toEqual([400, true]);
    }
    app.clock.now += 30_000;
    expect((await (await withPassword()).sendCode(code())).status).toBe(302);
  });

  test("a recovery code works once, also of many requests at once, typed in any form", async () => {
    const { browser, codes } = await switchedOn();
    const [first = "", second = ""] = codes;
    const browsers = await Promise.all(Array.from({ length: 6 }, () => withPassword()));
    const answers = await Promise.all(browsers.map(({ sendCode }) => sendCode(first)));
    expect(answers.map(({ status }) => status).sort()).toEqual([302, 400, 400, 400, 400, 400]);
    expect((await (await withPassword()).sendCode(` ${second.toUpperCase().replaceAll("-", " ")} `)).status).toBe(302);
    expect(await textOf(await browser.get("/account"))).toContain("8 of 10 recovery codes left");
  });

  test("new recovery codes and switching off need the password and a code, each used once", async () => {
    const { browser, codes, code } = await switchedOn();
    for (const intent of ["codes", "off"]) {
      expect((await browser.post(page, { intent, current: "wrong", code: code() })).status).toBe(422);
      expect((await browser.post(page, { intent, current: adasPassword, code: "000000" })).status).toBe(422);
      expect((await browser.post(page, { intent, current: adasPassword, code: "" })).status).toBe(422);
    }
    app.clock.now += minute;
    const made = await browser.post(page, { intent: "codes", current: adasPassword, code: code() });
    const newer = recoveryCodesIn(await made.text());
    expect([made.status, newer.length, newer.some((each) => codes.includes(each))]).toEqual([200, 10, false]);
    expect((await (await withPassword()).sendCode(codes[5] ?? "")).status).toBe(400);
    expect((await browser.post(page, { intent: "off", current: adasPassword, code: code() })).status).toBe(422);
    expect((await browser.post(page, { intent: "off", current: adasPassword, code: newer[0] ?? "" })).status).toBe(302);
    expect((await withPassword()).answer.headers.get("location")).toBe("/");
    expect(await actions()).toEqual(
      expect.arrayContaining(["admin.recovery_codes_made", "admin.factor_switched_off", "admin.factor_change_failed"]),
    );
  });

  test("wrong codes make their source wait, which a right password does not reset, and nobody else", async () => {
    const { code } = await switchedOn();
    const guesser = { "x-forwarded-for": "192.0.2.9" };
    const statuses = [];
    for (let i = 0; i < 6; i++) statuses.push((await (await withPassword(app.browser(), guesser)).sendCode("000000")).status);
    expect(statuses).toEqual([400, 400, 400, 400, 400, 429]);
    expect((await (await withPassword(app.browser(), guesser)).sendCode(code())).status).toBe(429);
    expect((await (await withPassword()).sendCode(code())).status).toBe(302);
  });

  test("a password that was typed counts for 10 minutes, in its browser, and until it is changed", async () => {
    const { code, codes } = await switchedOn();
    const [late, changed, forged] = [await withPassword(), await withPassword(), app.browser()];
    app.clock.now += 10 * minute - 1;
    expect((await late.get("/sign-in/code")).status).toBe(200);
    app.clock.now += 1;
    const refused = await late.sendCode(code());
    expect([refused.status, refused.headers.get("location")]).toEqual([302, "/sign-in?late=1"]);
    forged.cookies.set("sign-in", "A".repeat(200));
    expect((await forged.post("/sign-in/code", { code: code() })).headers.get("location")).toBe("/sign-in?late=1");
    forged.cookies.set("sign-in", (await openSealing(app.services.db)).seal("another purpose", "{}"));
    expect((await forged.post("/sign-in/code", { code: code() })).headers.get("location")).toBe("/sign-in?late=1");

    const linked = await openLink(app.services, operator, id);
    if (!linked.ok) throw new Error(linked.message);
    const byLink = app.browser();
    const chosen = await byLink.post(`/invite/${linked.token}`, { password: adasPassword });
    expect([chosen.headers.get("location"), await isSignedIn(byLink)]).toEqual(["/sign-in/code", false]);
    expect((await changed.sendCode(code())).headers.get("location")).toBe("/sign-in?late=1");
    expect((await byLink.post("/sign-in/code", { code: codes[0] ?? "" })).status).toBe(302);
  });

  test("a reset on the machine ends the sessions, and a sign-in that waited for a code has to start again", async () => {
    const { browser, code } = await switchedOn();
    const waiting = await withPassword();
    expect(await resetFactors(app.services, operator, adaSignsIn.email)).toEqual({ ok: true, hadFactor: true });
    expect(await isSignedIn(browser)).toBe(false);
    expect((await waiting.sendCode(code())).headers.get("location")).toBe("/sign-in?late=1");
    expect((await withPassword()).answer.headers.get("location")).toBe("/");
    expect(await resetFactors(app.services, operator, adaSignsIn.email)).toEqual({ ok: true, hadFactor: false });
    expect(await resetFactors(app.services, operator, "nobody@example.com")).toMatchObject({ ok: false });
  });

  test("the database has neither the secret nor a recovery code as they are", async () => {
    const { secret, codes } = await switchedOn();
    const { db } = app.services;
    const rows = [
      ...(await db.read.select().from(db.tables.secondFactors)),
      ...(await db.read.select().from(db.tables.recoveryCodes)),
      ...(await db.read.select().from(db.tables.audit)),
    ];
    const text = JSON.stringify(rows);
    expect(rows.length).toBeGreaterThan(11);
    for (const plain of [secret.replaceAll(" ", ""), ...codes, ...codes.map((code) => code.replaceAll("-", ""))]) {
      expect(text.includes(plain)).toBe(false);
    }
    expect(app.log()).not.toContain(secret.replaceAll(" ", ""));
  });
});
