import { afterEach, describe, expect, test } from "vitest";
import { putTenant } from "~/core/decision/changes";
import { changeTenant } from "~/server/changes/tenant-change.server";
import { adaSignsIn, adasPassword, addAda } from "../support/ada";
import type { TestAppOptions } from "../support/app";
import { ada as operator } from "../support/facts";
import { type PosthogApp, startPosthogApp } from "../support/posthog";

const open: { close: () => Promise<void> }[] = [];
afterEach(async () => {
  for (const app of open.splice(0)) await app.close();
});

async function withAda(options: TestAppOptions = {}) {
  const app = await startPosthogApp(options);
  open.push(app);
  return { app, id: await addAda(app.services) };
}
const form = (returnTo = "") => ({ ...adaSignsIn, ...(returnTo && { returnTo }) });

describe("an anonymous visitor", () => {
  test("gets an id in a cookie that script cannot read, once, with a page and not with data", async () => {
    const { app } = await withAda();
    const browser = app.browser();
    const [cookie] = (await browser.get("/sign-in")).headers.getSetCookie();
    expect(cookie).toMatch(/^visitor=[0-9a-f-]{36}; Path=\/; Max-Age=7776000; HttpOnly; SameSite=Lax$/);
    expect((await browser.get("/sign-in")).headers.getSetCookie()).toEqual([]);
    expect((await app.browser().get("/sign-in.data", { accept: "*/*" })).headers.getSetCookie()).toEqual([]);
    const forged = app.browser();
    forged.cookies.set("visitor", "adm_owner");
    expect((await forged.get("/sign-in")).headers.getSetCookie()).toHaveLength(1);
  });

  test("has it in a cookie for https alone where people come by https", async () => {
    const { app } = await withAda({ env: { PUBLIC_URL: "https://latchkey.example" } });
    const [cookie] = (await app.browser().get("/sign-in")).headers.getSetCookie();
    expect(cookie).toMatch(/^__Host-visitor=.*; Secure$/);
  });

  test("is given away once: the cookie goes, and a copy of it makes nobody else the same person", async () => {
    const { app } = await withAda();
    const browser = app.browser();
    await browser.get("/sign-in");
    const visitor = browser.cookies.get("visitor") as string;
    await browser.post("/sign-in", form());
    expect(browser.cookies.has("visitor")).toBe(false);
    await browser.get("/account");
    expect(browser.cookies.has("visitor")).toBe(false);

    const again = app.browser();
    again.cookies.set("visitor", visitor);
    await again.post("/sign-in", form());
    await browser.post("/sign-out");
    await browser.get("/sign-in");
    expect(browser.cookies.get("visitor")).toMatch(/^[0-9a-f-]{36}$/);
    expect(browser.cookies.get("visitor")).not.toBe(visitor);
    expect(await app.captured("$create_alias")).toHaveLength(1);
    expect(await app.captured("user_logged_in")).toHaveLength(2);
  });

  test("stays anonymous when the password is wrong, or when the hook filters the request", async () => {
    const { app } = await withAda();
    const browser = app.browser();
    await browser.get("/sign-in");
    expect((await browser.post("/sign-in", { ...form(), password: "wrong" })).status).toBe(400);
    expect(browser.cookies.has("visitor")).toBe(true);
    expect(await app.captured()).toEqual([]);

    const filtered = await withAda({ posthogHooks: { requestFilter: () => false } });
    const quiet = filtered.app.browser();
    await quiet.get("/sign-in");
    expect((await quiet.post("/sign-in", form())).status).toBe(302);
    expect(await filtered.app.captured()).toEqual([]);
  });
});

describe("the group of a sign-in", () => {
  const groupsOf = async (app: PosthogApp, returnTo: string) => {
    await app.browser().post("/sign-in", form(returnTo));
    return (await app.captured("user_logged_in")).at(-1)?.properties?.$groups;
  };
  test("is the tenant whose page was wanted, if there is such a tenant", async () => {
    const { app } = await withAda();
    await changeTenant(app.services, "acme/ü", operator, (facts, catalogue, stamp) => putTenant(facts, "acme/ü", {}, catalogue, stamp));
    expect(await groupsOf(app, "/tenants/acme%2F%C3%BC/grants?page=2")).toEqual({ organization: "acme/ü" });
    for (const other of ["/tenants/nobody", "/tenants/new", "/tenants", "/tenants/%E0%A4%A", ""])
      expect(await groupsOf(app, other)).toBeUndefined();
  });
});

test("a changed password is no sign-in", async () => {
  const { app } = await withAda();
  const browser = app.browser();
  await browser.post("/sign-in", form());
  const change = { intent: "password", current: adasPassword, password: "grammar walrus teapot" };
  expect((await browser.post("/account", change)).status).toBe(302);
  expect(await app.captured("user_logged_in")).toHaveLength(1);
});
