import path from "node:path";
import type { Page } from "@playwright/test";
import type { Program } from "../support/program";
import { checkPages, isGrave } from "./accessibility";
import { importText, latchkey } from "./latchkey";
import { expect, ownerEnv, signIn, test } from "./server";

test.use({ serverEnv: ownerEnv });
test.describe.configure({ mode: "serial" });

let key = "";
async function send(server: Program, method: string, address: string, body?: object) {
  const headers = { Authorization: `Bearer ${key}`, ...(body ? { "Content-Type": "application/json" } : {}) };
  const answer = await fetch(server.url + address, { method, headers, body: body && JSON.stringify(body) });
  return { status: answer.status, body: await answer.json() };
}
const hasSso = async (server: Program, tenant: string) =>
  (await send(server, "GET", `/api/entitlements?tenant=${tenant}&feature=sso`)).body.entitlements.sso.entitled;

test.beforeAll(async ({ server }) => {
  const text = `latchkey: 1
features: { sso: Single sign-on }
plans: { starter: { name: Starter, features: {} } }
tenants:
  acme: { name: Acme, plan: starter }
  globex: { name: "Globex of a very long name that does not fit into any line of any card at all", plan: starter }
`;
  importText(server, text, path.dirname(String(server.env.DATABASE_URL).replace("file:", "")));
  const made = latchkey(server, "keys", "create", "--name", "App", "--scope", "check", "--scope", "manage", "--json");
  key = JSON.parse(made).key;
});

const card = (page: Page, tenant: RegExp) => page.getByRole("listitem").filter({ has: page.getByRole("link", { name: tenant }) });

for (const javaScriptEnabled of [true, false]) {
  test(`what a user asked for in an app is granted with one press, ${javaScriptEnabled ? "with" : "without"} script`, async ({
    newPerson,
    server,
  }) => {
    const tenant = javaScriptEnabled ? "acme" : "globex";
    const asked = await send(server, "POST", "/api/requests", {
      tenant,
      feature: "sso",
      user: "dana@acme.test",
      note: "We need it\nby Monday",
    });
    expect(asked.status).toBe(201);
    expect(await hasSso(server, tenant)).toBe(false);
    const page = await signIn(await (await newPerson({ javaScriptEnabled })).newPage());
    await page.goto("/requests");
    const request = card(page, javaScriptEnabled ? /^Acme/ : /^Globex/);
    await expect(request).toContainText("dana@acme.test asked through the API key App");
    await expect(request).toContainText("by Monday");
    await request.getByRole("button", { name: "Grant" }).click();
    await expect(page.getByText("Nothing waits")).toBeVisible();
    expect(await hasSso(server, tenant)).toBe(true);
    await page.goto("/requests?state=granted");
    await expect(card(page, javaScriptEnabled ? /^Acme/ : /^Globex/)).toContainText("Owner granted it");
  });
}

test("a long trial waits until a second person approves it, never the one who asked", async ({ newPerson, context, server }) => {
  const owner = await signIn(await context.newPage());
  await owner.goto("/rails/approvals");
  await owner.getByLabel("Trials of more than").fill("20");
  await owner.getByRole("button", { name: "Save approvals" }).click();
  await expect(owner.getByText("The approvals are saved.")).toBeVisible();
  await owner.goto("/people/invite");
  await owner.getByLabel("Name").fill("Second Person");
  await owner.getByLabel("E-mail").fill("second@example.com");
  await owner.getByRole("radio", { name: /^admin/ }).check();
  await owner.getByRole("button", { name: /link|Invite/ }).click();
  const link = await owner
    .getByText(/\/invite\//)
    .first()
    .innerText();
  const second = await (await newPerson()).newPage();
  await second.goto(new URL(link.trim()).pathname);
  for (const field of await second.locator("input[type=password]").all()) await field.fill("a-quiet-second-lantern");
  await second.locator("form button[type=submit], form button:not([type])").last().click();
  await second.waitForURL((url) => !url.pathname.startsWith("/invite"));

  const other = await send(server, "PUT", "/api/tenants/hooli", { name: "Hooli", plan: "starter" });
  expect(other.status).toBe(201);
  await owner.goto("/tenants/hooli/trial?feature=sso");
  await owner.getByText("30 days", { exact: true }).click();
  await owner.getByLabel("Note").fill("A long migration");
  await owner.getByRole("button", { name: "Grant trial" }).click();
  await owner.waitForURL(/\/requests/);
  expect(await hasSso(server, "hooli")).toBe(false);
  await expect(card(owner, /^Hooli/)).toContainText("You asked for this, so someone else decides it.");
  await expect(card(owner, /^Hooli/).getByRole("button", { name: "Approve" })).toHaveCount(0);

  await second.goto("/requests");
  await expect(card(second, /^Hooli/)).toContainText("A long migration");
  await second.setViewportSize({ width: 390, height: 844 });
  expect(await second.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
  await card(second, /^Hooli/)
    .getByRole("button", { name: "Approve" })
    .click();
  await expect(second.getByText("Nothing waits")).toBeVisible();
  expect(await hasSso(server, "hooli")).toBe(true);
  await second.goto("/activity");
  await expect(second.getByText("Hooli").first()).toBeVisible();
});

test("the pages of requests and guard rails are usable for all in both themes, and fit a phone", async ({ page, server }) => {
  test.setTimeout(600_000);
  const trial = { kind: "trial", feature: "sso", days: 60, note: "A long word: ".concat("x".repeat(200)) };
  await send(server, "PUT", "/api/tenants/waits", { name: "Initech", plan: "starter" });
  expect((await send(server, "POST", "/api/tenants/waits/grants", trial)).body.code).toBe("needs_approval");
  await signIn(page);
  const states = ["granted", "refused", "withdrawn", "lapsed"].map((state) => `/requests?state=${state}`);
  await checkPages(page, ["/requests", ...states, "/rails", "/rails/approvals"], { isFault: isGrave });
});
