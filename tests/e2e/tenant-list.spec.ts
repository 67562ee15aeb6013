import { fileURLToPath } from "node:url";
import type { Page } from "@playwright/test";
import type { Program } from "../support/program";
import { overflowOf, violationsOf } from "./accessibility";
import { latchkey } from "./latchkey";
import { expect, ownerEnv, signIn, test } from "./server";

test.use({ serverEnv: ownerEnv });
test.describe.configure({ mode: "serial" });

const gitlab = fileURLToPath(new URL("../../db/catalogues/gitlab.yaml", import.meta.url));
const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();
let manageKey: string;

async function send(server: Program, method: string, path: string, body?: object) {
  const headers = { Authorization: `Bearer ${manageKey}`, ...(body ? { "Content-Type": "application/json" } : {}) };
  const answer = await fetch(server.url + path, { method, headers, body: body && JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

test.beforeAll(async ({ server }) => {
  latchkey(server, "import", gitlab, "--yes");
  manageKey = JSON.parse(latchkey(server, "keys", "create", "--name", "Billing", "--scope", "manage", "--json")).key;
  const tenants = [
    ["alpha", "Alpha", "free", { region: "eu" }],
    ["bravo", "Bravo", "premium", { region: "us" }],
    ["charlie", "Charlie of a very long name that does not fit into any column of any table at all", "free", { region: "eu" }],
    ["delta", "دلتا 株式会社", "ultimate", {}],
  ] as const;
  for (const [key, name, plan, metadata] of tenants) await send(server, "PUT", `/api/tenants/${key}`, { name, plan, metadata });
  for (const [key, days] of [
    ["alpha", 3],
    ["charlie", 9],
  ] as const)
    await send(server, "POST", `/api/tenants/${key}/grants`, { kind: "trial", feature: "epics", endsAt: inDays(days) });
});

const rows = (page: Page) => page.locator("tbody a[data-row]");
const apply = async (page: Page) => {
  const button = page.getByRole("button", { name: "Apply", exact: true });
  if (await button.isVisible()) await button.click();
};

/** Filters, columns, a view and a menu: the same with and without script. */
async function findAndKeep(page: Page, server: Program, view: string) {
  await page.goto("/tenants");
  await expect(rows(page)).toHaveCount(4);
  await page.getByText("More filters").click();
  await page.getByLabel("Has feature").fill("epics");
  await page.keyboard.press("Enter");
  await apply(page);
  await expect(page).toHaveURL(/feature=epics/);
  await page.getByLabel("through its plan").selectOption({ label: "through a trial" });
  await apply(page);
  await expect(rows(page)).toHaveText(["Alpha", /^Charlie/]);
  await page.getByLabel("Metadata key").fill("region");
  await page.getByLabel("Metadata value").fill("eu");
  await page.getByRole("button", { name: "Apply filters" }).click();
  await expect(page).toHaveURL(/metaValue=eu/);
  await page.getByLabel("Trials", { exact: true }).selectOption({ label: "Trial ends in 7 days" });
  await apply(page);
  await expect(rows(page)).toHaveText(["Alpha"]);

  await page.getByText("Columns and order").click();
  await page.getByLabel("Column 1", { exact: true }).selectOption({ label: "region" });
  await page.getByRole("button", { name: "Show", exact: true }).click();
  await expect(page.getByRole("columnheader").nth(1)).toHaveText("region");
  await expect(page.getByRole("row").nth(1)).toContainText("eu");

  await page.getByText("Save view").click();
  await page.getByLabel("Name of the view").fill(view);
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expect(page.getByRole("link", { name: view })).toHaveAttribute("aria-current", "page");
  await page.goto("/tenants");
  await expect(rows(page)).toHaveCount(4);
  await page.getByRole("link", { name: view }).click();
  await expect(rows(page)).toHaveText(["Alpha"]);
  await expect(page.getByRole("columnheader").nth(1)).toHaveText("region");
  await page.goto(`/tenants?view=${encodeURIComponent(view)}`);
  await expect(rows(page)).toHaveText(["Alpha"]);

  await page.getByLabel("Actions for Alpha").click();
  await page.getByRole("link", { name: "Extend Epics" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Extend");
  await page.goto(`/tenants?view=${encodeURIComponent(view)}`);
  await page.getByRole("button", { name: "Delete view" }).click();
  await expect(page.getByRole("link", { name: view })).toHaveCount(0);
  await page.goto(`/tenants?view=${encodeURIComponent(view)}`);
  await expect(page.getByText(`There is no view ${view}.`)).toBeVisible();
  const { items } = await send(server, "GET", "/api/audit?limit=10");
  const acts = items.filter(({ subject }: { subject: { id?: string } | string }) => JSON.stringify(subject).includes(view));
  expect(acts.map(({ action }: { action: string }) => action)).toEqual(["view.deleted", "view.saved"]);
}

test("tenants are filtered, shown with other columns, kept as a view, and acted on from the row", async ({ context, server }) => {
  await findAndKeep(await signIn(await context.newPage()), server, "Ending in the EU");
});

test("the same without JavaScript", async ({ newPerson, server }) => {
  const context = await newPerson({ javaScriptEnabled: false });
  await findAndKeep(await signIn(await context.newPage()), server, "Ending, no script");
});

test("columns are kept for a person until the default ones are wanted again", async ({ context }) => {
  const page = await signIn(await context.newPage());
  await page.goto("/tenants?cols=status,plan&density=compact");
  await page.getByText("Columns and order").click();
  await page.getByRole("button", { name: "Keep for me" }).click();
  await expect(page.getByText("Your columns are kept.")).toBeVisible();
  await page.goto("/tenants");
  await expect(page.getByRole("columnheader")).toHaveText(["Tenant", "Status", "Plan", "Actions"]);
  await page.goto("/tenants?cols=created");
  await expect(page.getByRole("columnheader")).toHaveText(["Tenant", "Created", "Actions"]);
  await page.goto("/tenants");
  await page.getByText("Columns and order").click();
  await page.getByRole("button", { name: "Default columns" }).click();
  await expect(page.getByRole("columnheader", { name: "Fullest limit" })).toBeVisible();
});

test("j and k move between tenants, Enter opens one, and ? lists it", async ({ context }) => {
  const page = await signIn(await context.newPage());
  await page.goto("/tenants");
  await expect(page.locator("[data-row-menu] button").first()).toBeAttached();
  await page.keyboard.press("j");
  await expect(rows(page).nth(0)).toBeFocused();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("j");
  await expect(rows(page).nth(2)).toBeFocused();
  await page.keyboard.press("k");
  await expect(rows(page).nth(1)).toBeFocused();
  await page.keyboard.press("?");
  await expect(page.getByText("Next or previous tenant in the list")).toBeVisible();
  await page.keyboard.press("Escape");
  await rows(page).nth(1).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Bravo", level: 1 })).toBeVisible();
});

test("a filter whose plan or feature is gone says so, and can be removed", async ({ context }) => {
  const page = await signIn(await context.newPage());
  await page.goto("/tenants?plan=bronze&feature=telepathy&through=trial");
  await expect(page.getByText("There is no plan bronze any more, so nothing matches.")).toBeVisible();
  await expect(page.getByText("There is no feature telepathy any more, so nothing matches.")).toBeVisible();
  await page.getByRole("link", { name: "Remove the filter" }).first().click();
  await expect(page.getByRole("link", { name: "Remove the filter" })).toHaveCount(1);
  await page.getByRole("link", { name: "Remove the filter" }).click();
  await expect(rows(page)).toHaveCount(4);
});

for (const colorScheme of ["light", "dark"] as const) {
  test(`the list and its panels are usable for all and fit a phone, ${colorScheme}`, async ({ newPerson }) => {
    const page = await signIn(await (await newPerson({ colorScheme })).newPage());
    for (const path of [
      "/tenants?sort=plan,-refused&cols=plan,trials,limit,refused,status,changed,created,meta.region",
      "/tenants?density=roomy",
    ]) {
      await page.setViewportSize({ width: 1280, height: 900 });
      await page.goto(path);
      await page.getByText("More filters").click();
      await page.getByText("Columns and order").click();
      await page.getByLabel("Actions for Alpha").click();
      const violations = await violationsOf(page);
      expect(violations.map(({ id, nodes }) => `${path}: ${id} ${nodes[0]?.html}`)).toEqual([]);
      await page.setViewportSize({ width: 390, height: 800 });
      expect([path, await overflowOf(page)]).toEqual([path, 0]);
    }
  });
}
