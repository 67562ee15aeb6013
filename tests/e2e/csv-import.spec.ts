import { readFile } from "node:fs/promises";
import type { Page } from "@playwright/test";
import type { Program } from "../support/program";
import { overflowOf, violationsOf } from "./accessibility";
import { latchkey } from "./latchkey";
import { expect, ownerEnv, signIn, test } from "./server";

test.use({ serverEnv: ownerEnv });
test.describe.configure({ mode: "serial" });

let manageKey: string;
async function ask(server: Program, path: string, body?: object) {
  const headers = { Authorization: `Bearer ${manageKey}`, ...(body ? { "Content-Type": "application/json" } : {}) };
  const answer = await fetch(server.url + path, { method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

test.beforeAll(async ({ server }) => {
  manageKey = JSON.parse(latchkey(server, "keys", "create", "--name", "Billing", "--scope", "manage", "--json")).key;
  const features = { sso: "Single sign-on" };
  const plans = { free: { features: {} }, pro: { rank: 20, features: { sso: true } } };
  const tenants = { acme: { name: "Acme", plan: "free" } };
  await ask(server, "/api/catalogue/import", { latchkey: 1, features, plans, addOns: { more: { features: { sso: true } } }, tenants });
});

const over = (page: Page) => expect(page.getByRole("button", { name: "Cancel job" })).toHaveCount(0, { timeout: 30_000 });
const upload = async (page: Page, name: string, content: string | Buffer) => {
  await page.goto("/import/tenants");
  await page.getByLabel("CSV file").setInputFiles({ name, mimeType: "text/csv", buffer: Buffer.from(content) });
  await page.getByRole("button", { name: "Choose columns" }).click();
};

async function journey(page: Page, server: Program, key: string) {
  const head = "Tenant ID;Company;Tier;Region;Comment";
  await upload(page, "customers.csv", `\ufeff${head}\r\nacme;Acme Corporation;pro;eu;x\r\n${key};"New\r\n株式会社";gold;us;y\r\n`);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("What the columns hold");
  await expect(page.getByLabel("What Tenant ID holds")).toHaveValue("key");
  await expect(page.getByLabel("What Tier holds")).toHaveValue("plan");
  await expect(page.getByLabel("What Comment holds")).toHaveValue("");
  await page.getByLabel("What Tenant ID holds").selectOption("");
  await page.getByRole("button", { name: "Show what changes" }).click();
  await expect(page.getByText("Choose the column that holds the tenants' keys.")).toBeVisible();
  await page.getByLabel("What Tenant ID holds").selectOption("key");
  await page.getByLabel("What Region holds").selectOption("meta");
  await page.getByLabel("Metadata field of Region").fill("region");
  await page.getByRole("button", { name: "Show what changes" }).click();
  await over(page);
  await expect(page.getByText("Preview: nothing is changed yet.")).toBeVisible();
  await expect(page.locator("main")).toContainText("Line 3, column “Company”: A name is one line of text.");
  await expect(page.getByRole("button", { name: /^Import 1 tenant$|^Nothing to change$/ })).toBeVisible();
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Download failures" }).click()]);
  expect(await readFile(await file.path(), "utf8")).toContain(`,${key},failed,`);

  await upload(page, "mended.csv", `${head}\r\nacme;Acme Corporation;pro;eu;x\r\n${key};New 株式会社;pro;us;y\r\n`);
  await page.getByLabel("What Region holds").selectOption("meta");
  await page.getByLabel("Metadata field of Region").fill("region");
  await page.getByRole("button", { name: "Show what changes" }).click();
  await over(page);
  await page.getByRole("button", { name: /^Import/ }).click();
  await over(page);
  await expect(page.locator("main")).toContainText("Done");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Import tenants from mended.csv");
  expect(await ask(server, `/api/tenants/${key}`)).toMatchObject({ name: "New 株式会社", plan: "pro", metadata: { region: "us" } });
  expect(await ask(server, "/api/tenants/acme")).toMatchObject({ name: "Acme Corporation", plan: "pro" });
}

test("a CSV file with mistakes is refused by row and column, mended, and imported", async ({ page, server, expectBrowserError }) => {
  expectBrowserError(/422/);
  await signIn(page);
  await journey(page, server, "new");
});

test("a file in Latin-1, or without a file, is refused with a sentence", async ({ page, expectBrowserError }) => {
  expectBrowserError(/422/);
  await signIn(page);
  await upload(page, "latin1.csv", Buffer.from("key,name\na,Café\n", "latin1"));
  await expect(page.getByText("Line 2 is not UTF-8 text.")).toBeVisible();
  await page.goto("/import/tenants");
  await page.getByRole("button", { name: "Choose columns" }).click();
  await expect(page.getByText("Choose a file, or paste its text.")).toBeVisible();
});

test("the list of tenants is downloaded with its filters, and imports to the same state", async ({ page }) => {
  await signIn(page);
  await page.goto("/tenants?plan=pro");
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Export CSV" }).click()]);
  const text = await readFile(await file.path(), "utf8");
  expect(text.split("\r\n")[0]).toBe("\ufeffkey,name,status,plan,add_ons,created,metadata.region");
  await upload(page, "same.csv", text);
  await page.getByRole("button", { name: "Show what changes" }).click();
  await over(page);
  await expect(page.getByRole("button", { name: "Nothing to change" })).toBeDisabled();
});

test("the pages are accessible, and fit a phone", async ({ page }) => {
  await signIn(page);
  await upload(page, "a.csv", `key,${"x".repeat(150)}\na,${"y".repeat(200)}\n`);
  const mapping = new URL(page.url()).pathname;
  for (const path of ["/import", "/import/tenants", mapping]) {
    await page.goto(path);
    expect([path, await violationsOf(page)]).toEqual([path, []]);
    await page.setViewportSize({ width: 390, height: 800 });
    expect([path, await overflowOf(page)]).toEqual([path, 0]);
    await page.setViewportSize({ width: 1280, height: 800 });
  }
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });
  test("a file is mended and imported in the same way", async ({ page, server, expectBrowserError }) => {
    expectBrowserError(/422/);
    await signIn(page);
    await journey(page, server, "plain");
  });
});
