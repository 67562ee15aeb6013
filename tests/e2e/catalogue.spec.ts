import { fileURLToPath } from "node:url";
import type { Page } from "@playwright/test";
import { checkPages, isGrave } from "./accessibility";
import { expect, ownerEnv, signIn, test } from "./server";

test.use({ serverEnv: ownerEnv });
test.describe.configure({ mode: "serial" });

const gitlab = fileURLToPath(new URL("../../db/catalogues/gitlab.yaml", import.meta.url));
const example = fileURLToPath(new URL("../../db/catalogues/team-inbox.yaml", import.meta.url));

const grid = (page: Page) => page.getByRole("region", { name: "Plans and features" });

test("a file is imported after its changes were shown, and becomes a grid", async ({ page }) => {
  await signIn(page);
  await expect(page).toHaveURL(/\/welcome$/);
  await page.getByRole("link", { name: "Choose a file" }).click();
  await page.getByLabel("Catalogue file").setInputFiles(gitlab);
  await page.getByRole("button", { name: "Show what it changes" }).click();
  await expect(page.getByText("gitlab.yaml adds 247 features, 7 plans and add-ons.")).toBeVisible();
  await page.getByRole("button", { name: "Import" }).click();
  await expect(page.getByText("gitlab.yaml is imported")).toBeVisible();
  // The grid shows 300 cells at once: 42 features of seven plans.
  await expect(grid(page).getByRole("row")).toHaveCount(1 + 42 + (await grid(page).locator("th[scope=rowgroup]").count()));
});

test("a cell is found by search and changed with the keyboard alone, and the API says yes", async ({ page, request }) => {
  await signIn(page);
  await page.goto("/tenants/new");
  await page.getByLabel("Key").fill("acme");
  await page.getByLabel("Name").fill("Acme");
  await page.getByLabel("Plan").selectOption("starter");
  await page.getByRole("button", { name: "Create tenant" }).click();
  await page.waitForURL(/\/tenants\/acme/);
  await page.goto("/keys/new");
  await page.getByLabel("Name").fill("Test");
  await page.getByRole("button", { name: /Create/ }).click();
  const key =
    /lk_live_\w+/.exec(
      await page
        .getByText(/lk_live_\w{36}/)
        .first()
        .innerText(),
    )?.[0] ?? "";
  const ask = async () => {
    const answer = await request.get("/api/entitlements?tenant=acme&feature=ai_chat", { headers: { Authorization: `Bearer ${key}` } });
    return (await answer.json()).entitlements.ai_chat.entitled;
  };
  expect(await ask()).toBe(false);

  await page.goto("/plans");
  await page.getByLabel("Search features").focus();
  await page.keyboard.type("ai_chat");
  await page.waitForURL(/q=ai_chat/);
  await expect(page.getByText("1 of 247 features")).toBeVisible();
  await grid(page).getByRole("link", { name: "AI chat in Free: not given" }).focus();
  await page.keyboard.press("ArrowRight");
  await expect(grid(page).getByRole("link", { name: "AI chat in Starter: not given" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "AI chat in Starter" })).toBeVisible();
  await expect(page.getByRole("radio", { name: /Not given/ })).toBeFocused();
  await page.keyboard.press("ArrowLeft");
  await expect(page.getByText("Gain it")).toBeVisible();
  await expect(page.locator("dl", { hasText: "Gain it" })).toContainText("1tenant");
  await page.getByRole("button", { name: "Save" }).press("Enter");
  await expect(page.getByText("AI chat in Starter is on.")).toBeVisible();
  await expect(page).toHaveURL(/\/plans\?q=ai_chat$/);
  await expect(grid(page).getByRole("link", { name: "AI chat in Starter: on, its own entry" })).toBeFocused();
  expect(await ask()).toBe(true);
});

test("the keyboard walks the whole grid, which keeps its head and first column in sight", async ({ page }) => {
  await signIn(page);
  await page.goto("/plans");
  const links = grid(page).locator("tbody a");
  await grid(page).locator('tbody a[tabindex="0"]').focus();
  await page.keyboard.press("Control+End");
  await expect(links.last()).toBeFocused();
  await expect(grid(page).getByRole("link", { name: "Ultimate" }).first()).toBeInViewport();
  await page.keyboard.press("Home");
  await expect(grid(page).locator("tbody tr").last().getByRole("link").first()).toBeFocused();
  await page.keyboard.press("Control+Home");
  await expect(links.first()).toBeFocused();
  await page.keyboard.press("PageDown");
  await expect(links.first()).not.toBeFocused();
  // One step of the Tab key leaves the cells, for the head of the last column.
  await page.keyboard.press("Shift+Tab");
  await expect(grid(page).getByRole("columnheader").getByRole("link").last()).toBeFocused();
  expect(await grid(page).locator('tbody a[tabindex="0"]').count()).toBe(1);
});

test("of two people who change one plan the second is told, and loses nothing", async ({ page, newPerson, expectBrowserError }) => {
  expectBrowserError(/409/);
  await signIn(page);
  await page.goto("/plans/starter/edit");
  const other = await (await newPerson()).newPage();
  await signIn(other);
  await other.goto("/plans/starter/edit");
  await other.getByLabel("Name").fill("Beginner");
  await other.getByRole("button", { name: "Save" }).click();
  await expect(other.getByText("Beginner is saved.")).toBeVisible();

  await page.getByLabel("Description").fill("For small teams");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Owner changed this meanwhile")).toBeVisible();
  await expect(page.getByLabel("Description")).toHaveValue("For small teams");
  await expect(page.getByRole("alert")).toContainText("Beginner");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Starter is saved.")).toBeVisible();
});

test("of two people who change one cell the second is told, and saves on the next try", async ({ page, newPerson, expectBrowserError }) => {
  expectBrowserError(/409/);
  await signIn(page);
  await page.goto("/plans/free/features/epics");
  await page.getByRole("radio", { name: "On" }).check();
  await expect(page.getByText("Gain it")).toBeVisible();
  const other = await (await newPerson()).newPage();
  await signIn(other);
  await other.goto("/plans/free/features/epics");
  await other.getByRole("radio", { name: "On" }).check();
  await other.getByRole("button", { name: "Save" }).click();
  await expect(other.getByText("Epics in Free is on.")).toBeVisible();
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("was changed while you were editing: it now is on.")).toBeVisible();
  await expect(page.getByText("This is how it is: nothing to save.")).toBeVisible();
});

test("a feature's form shows the settings of its type, and its cell takes a limit", async ({ page }) => {
  await signIn(page);
  await page.goto("/features/new");
  await expect(page.getByLabel("Resets")).toBeHidden();
  await page.getByRole("radio", { name: /^Limit/ }).check();
  await expect(page.getByLabel("Resets")).toBeVisible();
  await page.getByLabel("Name").fill("API calls");
  await page.getByLabel("Key").fill("api_calls");
  await page.getByLabel("Unit").fill("calls");
  await page.getByRole("button", { name: "Create feature" }).click();
  await page.getByTitle("What Premium gives").click();
  await page.getByRole("radio", { name: /Limit in calls/ }).check();
  await page.getByRole("textbox", { name: /Limit in calls/ }).fill("lots");
  await expect(page.getByText("a whole number from 0, or the word unlimited")).toBeVisible();
  await page.getByRole("textbox", { name: /Limit in calls/ }).fill("10,000");
  await expect(page.getByText("Ultimate inherits it and changes too.")).toBeVisible();
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("API calls in Premium is 10,000 calls.")).toBeVisible();
});

test.describe("without script", () => {
  test.use({ javaScriptEnabled: false });
  /** Playwright's own look-up by text passes over <noscript>, where the sentence stands. */
  const told = (page: Page, text: string) => expect(page.locator("body")).toContainText(text, { useInnerText: true });

  test("a file is imported, a cell and a feature changed, a plan created", async ({ page }) => {
    await signIn(page);
    await page.goto("/import");
    await page.getByLabel("Catalogue file").setInputFiles(example);
    await page.getByRole("button", { name: "Show what it changes" }).click();
    await expect(page.getByText("247 archived")).toBeVisible();
    await page.getByRole("button", { name: "Import" }).click();
    await told(page, "team-inbox.yaml is imported");

    await page.getByLabel("Search features").fill("seats");
    await page.getByRole("button", { name: "Apply" }).click();
    await page.getByRole("link", { name: "Seats in Team: 10 seats, its own entry" }).click();
    await page.getByRole("textbox", { name: "Limit in seats" }).fill("12");
    await page.getByRole("button", { name: "Show what changes" }).click();
    await expect(page.getByText("12 seats by its own entry")).toBeVisible();
    await page.getByRole("button", { name: "Save" }).click();
    await expect(page.getByRole("link", { name: "Seats in Team: 12 seats, its own entry" })).toBeVisible();

    await page.goto("/features/new");
    await page.getByLabel("Name").fill("Colours");
    await page.getByLabel("Key").fill("colours");
    await page.getByRole("radio", { name: /^Value/ }).check();
    await page.getByRole("radio", { name: "Text", exact: true }).check();
    await page.getByLabel("Options").fill("grey\nall");
    await page.getByRole("button", { name: "Create feature" }).click();
    await expect(page.getByRole("heading", { name: "Colours" })).toBeVisible();

    await page.goto("/plans/new");
    await page.getByLabel("Name").fill("Twin");
    await page.getByLabel("Key").fill("twin");
    await page.getByRole("button", { name: "Create plan" }).click();
    await told(page, "Twin was created.");
    await page.getByRole("link", { name: "Edit", exact: true }).click();
    await page.getByRole("link", { name: "Delete plan" }).click();
    await page.getByRole("button", { name: "Delete Twin" }).click();
    await told(page, "Twin is deleted.");
  });
});

const pages = [
  "/",
  "/usage",
  "/usage/demand",
  "/people",
  "/plans",
  "/plans/new",
  "/plans/team",
  "/plans/team?compare=company",
  "/plans/team/edit",
  "/plans/ai_pack/edit?ask=delete",
  "/plans/team/features/seats?gives=own&value=20&was=12",
  "/features",
  "/features/new",
  "/features/seats",
  "/features/seats/edit",
  "/playground",
  "/playground?tenant=acme&feature=seats&requested=5",
  "/playground?tenant=acm&at=2001-01-01T00:00",
  "/playground?tenant=acme&at=never",
  "/features/seat",
  "/plans/teams",
  "/activity",
  "/import",
  "/import/preview",
];
test("no page has serious faults for assistive technology in either theme, or is wider than the screen", async ({
  page,
  expectBrowserError,
}) => {
  test.setTimeout(600_000);
  expectBrowserError(/404 .*\/(features\/seat|plans\/teams)$/);
  await signIn(page);
  await checkPages(page, pages, { isFault: isGrave });
});
