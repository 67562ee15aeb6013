import { mkdirSync } from "node:fs";
import type { Page } from "@playwright/test";
import { isGrave, violationsOf } from "./accessibility";
import { importText } from "./latchkey";
import { expect, ownerEnv, signIn, test } from "./server";

test.use({ serverEnv: ownerEnv });
test.describe.configure({ mode: "serial" });

const longName = `Bramblecote ${"Unternehmensberatungsgesellschaft ".repeat(5)}`.trim();
const many = Array.from(
  { length: 120 },
  (_, i) => `  row-${String(i).padStart(3, "0")}: { name: Row ${String(i).padStart(3, "0")}, plan: starter }`,
);
const catalogue = `latchkey: 1
features:
  sso: Single sign-on
  audit_log: Audit log
  api_calls: { name: API calls, type: metered, meter: { resetPeriod: month } }
plans:
  starter: { name: Starter, rank: 1, features: { audit_log: true, api_calls: 100 } }
  premium: { name: Premium, rank: 2, includes: starter, features: { sso: true, api_calls: 1000 } }
tenants:
  bramblecote: { name: "${longName}", plan: starter }
  cafe: { name: Café Łódź, plan: premium }
  rtl: { name: מסעדת השקד, plan: starter }
${many.join("\n")}
`;

const serious = async (page: Page) => (await violationsOf(page)).filter(isGrave);
const overflow = (page: Page) => page.evaluate(() => Math.max(0, document.documentElement.scrollWidth - window.innerWidth));

test("tenants are chosen by name without JavaScript, and what differs is shown", async ({ page, server, newPerson }, testInfo) => {
  mkdirSync(testInfo.outputDir, { recursive: true });
  importText(server, catalogue, testInfo.outputDir);
  await signIn(page);
  const { cookies } = await page.context().storageState();
  const context = await newPerson({ javaScriptEnabled: false });
  await context.addCookies(cookies);
  const plain = await context.newPage();
  await plain.goto("/usage/compare");
  await plain.getByLabel("Tenant 1").fill("cafe");
  await plain.getByLabel("Tenant 2").fill("bramble");
  await plain.getByRole("button", { name: "Compare" }).click();
  await expect(plain).toHaveURL(/\/usage\/compare\?tenant=cafe&tenant=bramblecote&days=30$/);
  await expect(plain.getByText("2 features differ, 1 is equal.")).toBeVisible();
  await plain.getByLabel("Tenant 3").fill("Row 01");
  await plain.getByRole("button", { name: "Compare" }).click();
  await plain
    .getByRole("link", { name: "Row 014" })
    .or(plain.getByRole("link", { name: "Row 010" }))
    .first()
    .click();
  await expect(plain).toHaveURL(/tenant=row-01\d/);
  await expect(plain.getByRole("columnheader", { name: /^Row 01\d/ }).first()).toBeVisible();
});

test("more tenants are loaded for the columns that are shown, also if nobody chose them", async ({ page }) => {
  await signIn(page);
  await page.goto("/matrix");
  const table = page.getByRole("region", { name: "Tenants and features" });
  const columns = await table.getByRole("columnheader").count();
  const asked = page.waitForRequest((request) => request.url().includes("after="));
  await table.evaluate((element) => element.scrollTo(0, element.scrollHeight));
  expect(new URL((await asked).url()).searchParams.getAll("feature")).toHaveLength(columns - 1);
  await expect(table.getByRole("link", { name: "Row 060" })).toBeAttached();
});

test("the matrix loads more tenants while it scrolls, and the arrow keys move", async ({ page }) => {
  await signIn(page);
  await page.goto("/matrix?feature=sso&feature=api_calls");
  const table = page.getByRole("region", { name: "Tenants and features" });
  await expect(table.getByRole("rowheader")).toHaveCount(50);
  await table.evaluate((element) => element.scrollTo(0, element.scrollHeight));
  await expect(table.getByRole("link", { name: "Row 060" })).toBeAttached();
  await table.evaluate((element) => element.scrollTo(0, element.scrollHeight));
  await expect(table.getByRole("link", { name: "Row 119" })).toBeAttached();
  await table.evaluate((element) => element.scrollTo(0, 0));
  const first = table.getByRole("row").nth(1);
  await expect(first.getByRole("cell").first()).toBeVisible();
  await first.getByRole("cell").first().getByRole("link").focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowDown");
  await expect(table.getByRole("row").nth(2).getByRole("cell").nth(1).getByRole("link")).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/tenants\/[^/]+\/features\?q=api_calls$/);
});

test("a column is added and removed, and the address holds the choice", async ({ page }) => {
  await signIn(page);
  await page.goto("/matrix?feature=sso");
  await page.getByLabel("Add a feature as a column").fill("audit");
  await page.getByRole("button", { name: "Add column" }).click();
  await expect(page).toHaveURL(/\/matrix\?feature=sso&feature=audit_log$/);
  await page.getByRole("link", { name: "Remove the column Single sign-on" }).click();
  await expect(page).toHaveURL(/\/matrix\?feature=audit_log$/);
});

for (const [what, path] of [
  ["comparison", "/usage/compare?tenant=bramblecote&tenant=cafe&tenant=rtl&show=all"],
  ["matrix", "/matrix"],
  ["demand", "/usage/demand"],
] as const) {
  test(`the ${what} has no serious accessibility violation and no overflow, light, dark and at 390 px`, async ({ page }) => {
    await signIn(page);
    for (const colorScheme of ["light", "dark"] as const) {
      for (const width of [1280, 390]) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width, height: 900 });
        await page.goto(path);
        await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
        expect([colorScheme, width, await overflow(page)]).toEqual([colorScheme, width, 0]);
        expect([colorScheme, width, (await serious(page)).map(({ id, nodes }) => [id, nodes[0]?.html])]).toEqual([colorScheme, width, []]);
      }
    }
  });
}
