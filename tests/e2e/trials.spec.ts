import { fileURLToPath } from "node:url";
import type { Page } from "@playwright/test";
import type { Program } from "../support/program";
import { checkPages, isGrave } from "./accessibility";
import { latchkey } from "./latchkey";
import { expect, ownerEnv, signIn, smallScreens, test } from "./server";

test.use({ serverEnv: ownerEnv });
test.describe.configure({ mode: "serial" });

const gitlab = fileURLToPath(new URL("../../db/catalogues/gitlab.yaml", import.meta.url));
const dayMs = 86_400_000;
const inDays = (days: number) => new Date(Date.now() + days * dayMs).toISOString();

let manageKey: string;

async function send(server: Program, method: string, path: string, body: object): Promise<void> {
  const headers = { Authorization: `Bearer ${manageKey}`, "Content-Type": "application/json" };
  const answer = await fetch(server.url + path, { method, headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
}

test.beforeAll(async ({ server }) => {
  latchkey(server, "import", gitlab, "--yes");
  manageKey = JSON.parse(latchkey(server, "keys", "create", "--name", "Billing", "--scope", "manage", "--json")).key;
  for (const [key, name] of [
    ["acme", "Acme"],
    ["globex", "Globex & Daughters of the very long name that does not fit"],
    ["hooli", "Hooli"],
    ["script", "Without script"],
    ["phone", "Phone on a phone"],
    ["zoom", "Zoomed at 200 % zoom"],
  ]) {
    await send(server, "PUT", `/api/tenants/${key}`, { name, plan: "free" });
    await send(server, "POST", `/api/tenants/${key}/grants`, {
      kind: "trial",
      feature: "epics",
      endsAt: inDays(3),
      note: "Asked by phone",
    });
  }
  await send(server, "POST", "/api/tenants/hooli/grants", { kind: "trial", feature: "okrs", startsAt: inDays(2), endsAt: inDays(12) });
});

const row = (page: Page, name: string) => page.getByRole("row").filter({ hasText: name });

async function extendFromList(page: Page, name: string): Promise<void> {
  await page.goto("/tenants");
  const isSmall = (page.viewportSize()?.width ?? 0) < 1024;
  const menu = page.getByRole("navigation", { name: isSmall ? "Menu" : "Main" });
  if (isSmall) await page.locator("summary", { hasText: "menu" }).click();
  await menu.getByRole("link", { name: "Trials" }).click();
  await expect(page.getByRole("heading", { name: "Trials", level: 1 })).toBeVisible();
  await page.getByLabel("All features").selectOption({ label: "Epics" });
  await page.getByLabel("Search tenant").fill(name.slice(0, 6));
  const apply = page.getByRole("button", { name: "Apply" });
  if (await apply.isVisible()) await apply.click();
  // Both filters are sent before anything else is clicked.
  await expect(page).toHaveURL(/q=.*feature=epics/);
  await expect(row(page, name)).toContainText("Asked by phone");
  await row(page, name).getByRole("link", { name: "Extend" }).click();
  await page.getByText("+30 days").click();
  await page.getByRole("button", { name: "Extend trial" }).click();
  await expect(page.getByRole("region", { name: "Extended" })).toBeVisible();

  await page.goto(`/trials?q=${encodeURIComponent(name.slice(0, 6))}`);
  await expect(page.getByText("No trial matches")).toBeVisible();
  await page.goto("/trials?tab=running");
  await expect(row(page, name)).toContainText(/in 33 days/);
  await page.goto("/trials?tab=ended");
  await expect(row(page, name)).toContainText("Extended");
}

test("a trial that ends soon is found, filtered, extended, and has moved", async ({ context }) => {
  await extendFromList(await signIn(await context.newPage()), "Hooli");
});

test("the same without JavaScript", async ({ newPerson }) => {
  const context = await newPerson({ javaScriptEnabled: false });
  await extendFromList(await signIn(await context.newPage()), "Without script");
});

for (const [where, screen] of Object.entries(smallScreens)) {
  test(`the same ${where}`, async ({ newPerson }) => {
    await extendFromList(await signIn(await (await newPerson(screen)).newPage()), where.includes("phone") ? "Phone on" : "Zoomed at");
  });
}

test("the calendar leads from a month to a day's ends, and the report from a number to its trials", async ({ context, server }) => {
  const page = await signIn(await context.newPage());
  const end = inDays(3);
  await page.goto(`/trials/calendar?month=${end.slice(0, 7)}`);
  await page.getByRole("link", { name: /^2 that end on/ }).click();
  await expect(page).toHaveURL(new RegExp(`ends=${end.slice(0, 10)}`));
  await expect(page.getByRole("row")).toHaveCount(3);

  await send(server, "PUT", "/api/tenants/acme", { plan: "ultimate" });
  const grants = await fetch(`${server.url}/api/grants?tenant=acme`, { headers: { Authorization: `Bearer ${manageKey}` } });
  const { items } = await grants.json();
  await send(server, "POST", `/api/grants/${items[0].grant.id}/end`, { note: "They bought it" });
  await expect(async () => {
    await page.goto("/trials/report");
    await expect(page.getByRole("table", { name: "By feature" })).toBeVisible({ timeout: 1_000 });
    await page.getByRole("link", { name: "1 converted, Epics" }).click({ timeout: 1_000 });
  }).toPass({ timeout: 60_000 });
  await expect(row(page, "Acme")).toContainText(/Converted.*Ended early/);

  await page.goto("/trials/report");
  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: "CSV by person" }).click();
  expect((await download).suggestedFilename()).toMatch(/^trials-by-person-.*\.csv$/);
});

const pages = [
  "/trials",
  "/trials?q=nobody",
  "/trials?tab=running",
  "/trials?tab=upcoming",
  "/trials?tab=ended",
  "/trials?tab=ended&outcome=converted",
  "/trials/calendar",
  `/trials/calendar?month=${inDays(3).slice(0, 7)}`,
  `/trials?ends=${inDays(3).slice(0, 10)}`,
  "/trials/report",
  "/trials/report?from=2020-01&to=2020-02",
];

test("every page about trials is usable for all in both themes, and fits a phone", async ({ page }) => {
  test.setTimeout(600_000);
  await signIn(page);
  await checkPages(page, pages, { isFault: isGrave });
});
