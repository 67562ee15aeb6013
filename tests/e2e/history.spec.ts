import { createReadStream, mkdirSync } from "node:fs";
import { text } from "node:stream/consumers";
import type { Page } from "@playwright/test";
import { checkPages } from "./accessibility";
import { importText, latchkey } from "./latchkey";
import { expect, ownerEnv, signIn, test } from "./server";

test.use({ serverEnv: ownerEnv });
test.describe.configure({ mode: "serial" });

const catalogue = JSON.stringify({
  latchkey: 1,
  features: {
    sso: { name: "Single sign-on" },
    audit: { name: "Audit trail" },
    calls: { name: "API calls", meter: { resetPeriod: "month" } },
  },
  plans: {
    free: { name: "Free", features: { calls: 100 } },
    pro: { name: "Pro", features: { sso: true, calls: 1000 } },
  },
});

let manageKey: string;
let before: string;

/** The minute as a date and time input takes it, in UTC. */
const minuteOf = (at: number) => new Date(at).toISOString().slice(0, 16);

test.beforeAll(async ({ server }, testInfo) => {
  mkdirSync(testInfo.outputDir, { recursive: true });
  importText(server, catalogue, testInfo.outputDir);
  manageKey = JSON.parse(latchkey(server, "keys", "create", "--name", "Billing", "--scope", "manage", "--json")).key;
  const send = async (path: string, body: object) => {
    const headers = { Authorization: `Bearer ${manageKey}`, "Content-Type": "application/json" };
    const answer = await fetch(server.url + path, { method: "PUT", headers, body: JSON.stringify(body) });
    expect(answer.ok).toBe(true);
  };
  await send("/api/tenants/acme", { name: "Acme", plan: "free" });
  await send("/api/tenants/globex", { name: "Globex", plan: "free" });
  before = new Date().toISOString();
  await send("/api/tenants/acme", { plan: "pro" });
});

const apply = async (page: Page) => {
  const button = page.getByRole("button", { name: "Apply" });
  if (await button.isVisible()) await button.click();
};

async function filterTheLog(page: Page): Promise<void> {
  await page.goto("/activity");
  const list = page.locator("main ol").first();
  await expect(list).toContainText("created Globex");
  await expect(list).not.toContainText("signed in");
  await page.getByText("More filters").click();
  await page.getByLabel("Tenant key").fill("acme");
  await apply(page);
  await expect(page).toHaveURL(/tenant=acme/);
  await expect(list).not.toContainText("Globex");
  await page.getByLabel("From").fill("2020-01-01");
  await apply(page);
  await expect(page).toHaveURL(/from=2020-01-01/);
  await page.getByLabel("Search names, keys, reasons, values").fill("pro");
  await apply(page);
  await expect(page).toHaveURL(/q=pro/);
  await expect(list.getByRole("listitem")).toHaveCount(1);
  await list.getByRole("link", { name: /just now|ago/ }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Tenant plan changed");
  await expect(page.locator("dl")).toContainText(/Plan.*Free.*→.*Pro/);
  await page.getByText("Documents as stored").click();
  await expect(page.locator("pre").first()).toContainText('"plan": "free"');
}

test("the log is filtered, and an entry says what changed in words", async ({ context }) => {
  const page = await signIn(await context.newPage());
  await filterTheLog(page);
  await page.goto("/activity?tenant=acme&q=pro");
  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: /^CSV/ }).click();
  const file = await download;
  const rows = (await text(createReadStream(await file.path()))).trimEnd().split("\r\n");
  expect(rows).toHaveLength(2);
  await page.goto("/activity?action=activity.exported");
  await expect(page.locator("main ol").first()).toContainText("exported the activity log");
});

test("the same without JavaScript", async ({ newPerson }) => {
  const context = await newPerson({ javaScriptEnabled: false });
  await filterTheLog(await signIn(await context.newPage()));
});

async function lookBack(page: Page): Promise<void> {
  await page.goto(`/tenants/acme?at=${encodeURIComponent(before)}`);
  await expect(page.getByText(/^As of .* UTC, read only$|^As of .*, read only$/)).toBeVisible();
  await expect(page.getByText("Plan Free")).toBeVisible();
  await expect(page.getByRole("link", { name: "Grant trial" })).toHaveCount(0);
  const since = page.getByRole("heading", { name: "Changes since" }).locator("xpath=ancestor::section");
  await expect(since).toContainText(/Single sign-on.*Then: No.*Today: Yes/s);
  await expect(since).toContainText("changed the plan from Free to Pro");
  await page.getByRole("navigation", { name: "Acme" }).getByRole("link", { name: "Features" }).click();
  await expect(page).toHaveURL(/\/features\?at=/);
  await expect(page.getByText(/read only/)).toBeVisible();
  await page.getByRole("link", { name: "Back to today" }).click();
  await expect(page.getByText(/read only/)).toHaveCount(0);

  // A future instant, chosen in the form.
  await page.goto("/tenants/acme");
  await page.getByText("As of…").click();
  await page.getByLabel("Date and time").fill(minuteOf(Date.now() + 400 * 86_400_000));
  await page.getByRole("button", { name: "Show" }).click();
  await expect(page.getByText(/^As of .*, read only$/)).toBeVisible();
  await expect(page.getByText("Every feature will have the same answer as today.")).toBeVisible();
}

test("a tenant is shown as of another time, and leads back to today", async ({ context }) => {
  await lookBack(await signIn(await context.newPage()));
});

test("that works without JavaScript", async ({ newPerson }) => {
  const context = await newPerson({ javaScriptEnabled: false });
  await lookBack(await signIn(await context.newPage()));
});

test("the state of the system names the three processes and no secret", async ({ context }) => {
  const page = await signIn(await context.newPage());
  await page.goto("/");
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "System" }).click();
  await expect(page.getByRole("heading", { name: "System", level: 1 })).toBeVisible();
  const processes = page.getByRole("table", { name: "Processes of this node" });
  for (const name of ["Server", "Pages", "Worker"]) await expect(processes.getByRole("row").filter({ hasText: name })).toContainText(/MB/);
  await expect(page.locator("main")).not.toContainText(ownerEnv.LATCHKEY_OWNER_PASSWORD);
});

const pages = () => [
  "/activity",
  "/activity?tenant=acm&feature=gone&from=2026-02-30&q=nothing",
  "/activity/2",
  `/tenants/acme?at=${before}`,
  "/tenants/acme?at=2999-01-01T00:00",
  "/tenants/acme?at=2001-01-01T00:00",
  `/tenants/acme/features?show=all&at=${before}`,
  "/tenants/acme",
  "/system",
];

test("every page of the history is usable for all in both themes, and fits a phone", async ({ page }) => {
  test.setTimeout(600_000);
  await signIn(page);
  await checkPages(page, pages());
});
