import type { BrowserContext, Page } from "@playwright/test";
import { enterPassword, expect, hydrated, owner, ownerEnv, signIn, test } from "./server";

test.use({ serverEnv: ownerEnv });
test.describe.configure({ mode: "serial" });

const stored = (page: Page) => page.evaluate(() => JSON.stringify({ ...sessionStorage }));

/** Ends the session on the server. The browser keeps its cookie. */
async function endSession(context: BrowserContext) {
  const cookies = await context.cookies();
  const tab = await context.newPage();
  await tab.goto("/account");
  await tab.getByRole("button", { name: "Sign out", exact: true }).click();
  await tab.waitForURL(/sign-in/);
  await tab.close();
  await context.addCookies(cookies);
}

/** Counts changes of the document after which a notice about kept entries is shown. */
function countNotices() {
  const found = Object.assign(window, { notices: 0 });
  new MutationObserver(() => {
    if ([...document.querySelectorAll("button")].some(({ textContent }) => textContent === "Discard")) found.notices += 1;
  }).observe(document, { childList: true, subtree: true });
}

async function noticesAfterAFrame() {
  for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
  return (window as unknown as { notices: number }).notices;
}

/** Opens a page and waits until the script that keeps entries runs there. */
async function open(page: Page, path: string): Promise<void> {
  await page.goto(path);
  await hydrated(page);
}

async function createTenant(page: Page, key: string, name: string) {
  await open(page, "/tenants/new");
  await page.getByLabel("Key").fill(key);
  await page.getByLabel("Name").fill(name);
  await page.getByRole("button", { name: "Create tenant" }).click();
  await expect(page.getByRole("heading", { name })).toBeVisible();
}

test("entries of a form sent after the session ended are restored after sign-in", async ({ context }) => {
  const page = await signIn(await context.newPage());
  await createTenant(page, "acme", "Acme");
  expect(await stored(page)).not.toContain("latchkey:entries");

  await open(page, "/tenants/acme/edit");
  await page.getByLabel("Name").fill("Acme & Sons");
  await page.getByLabel("Metadata").fill('{"region": "eu"}');
  await endSession(context);
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("You were signed out")).toBeVisible();
  await expect(page.getByText("Nothing was saved. Your entries are kept.")).toBeVisible();
  expect(await stored(page)).toContain("Acme & Sons");

  await enterPassword(page);
  await expect(page).toHaveURL(/\/tenants\/acme\/edit$/);
  await expect(page.getByText("Nothing was saved. Your entries are kept.")).toBeVisible();
  await expect(page.getByLabel("Name")).toHaveValue("Acme & Sons");
  await expect(page.getByLabel("Metadata")).toHaveValue('{"region": "eu"}');
  expect(await stored(page)).not.toContain(owner.password);

  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("heading", { name: "Acme & Sons" })).toBeVisible();
  await expect(page.getByText("Your entries are kept.")).toHaveCount(0);
  expect(await stored(page)).not.toContain("latchkey:entries");
});

test("a lost connection is not called an error of the server, and keeps the entries", async ({ context, expectBrowserError }) => {
  // Chromium asks for /favicon.ico while the page has no icon.
  expectBrowserError(/ERR_INTERNET_DISCONNECTED|Failed to fetch|404 \(Not Found\) .*\/favicon\.ico$/);
  const page = await signIn(await context.newPage());
  await open(page, "/tenants/acme/edit");
  await page.getByLabel("Name").fill("Acme, offline");
  await page.evaluate(countNotices);
  await context.setOffline(true);
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("heading", { name: "The connection was lost" })).toBeVisible();
  await expect(page.getByText("Your entries are kept.")).toBeVisible();
  expect(await page.evaluate(noticesAfterAFrame)).toBe(0);
  await expect(page.getByText("Something broke on our side")).toHaveCount(0);
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByRole("heading", { name: "The connection was lost" })).toBeVisible();

  await context.setOffline(false);
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByLabel("Name")).toHaveValue("Acme, offline");
  await expect(page.getByRole("status").filter({ hasText: "The connection was lost" })).toBeVisible();
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("heading", { name: "Acme, offline" })).toBeVisible();
  expect(await stored(page)).not.toContain("latchkey:entries");
});

test("a form that was refused in the browser is not kept when the next page fails", async ({ context, expectBrowserError }) => {
  expectBrowserError(/ERR_CONNECTION_RESET|Failed to fetch/);
  const page = await signIn(await context.newPage());
  await open(page, "/tenants/acme/edit");
  await page.getByLabel("Name").fill("Acme, refused");
  await page.getByLabel("Metadata").fill("{");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByLabel("Metadata")).toHaveAttribute("aria-invalid", "true");
  await page.route(/\/plans\.data/, (route) => route.abort("connectionreset"));
  await page.getByRole("link", { name: "Plans", exact: true }).click();
  await expect(page.getByRole("heading", { name: "The connection was lost" })).toBeVisible();
  await expect(page.getByText("Your entries are kept.")).toHaveCount(0);
  expect(await stored(page)).not.toContain("latchkey:entries");
});

test("choices are filled in again, and discarding brings the saved values back", async ({ context }) => {
  const page = await signIn(await context.newPage());
  await open(page, "/keys/new");
  await page.getByLabel("Name").fill("Web app");
  await page.getByText("Browsers", { exact: true }).click();
  await page.getByLabel("Only for the tenant").fill("acme");
  await page.getByLabel("Origins").fill("https://app.example.com");
  await page.getByLabel("Expires").selectOption("90");
  await endSession(context);
  await page.getByRole("button", { name: "Create key" }).click();
  await enterPassword(page);
  await expect(page.getByLabel("Name")).toHaveValue("Web app");
  await expect(page.getByRole("radio", { name: /^Browsers/ })).toBeChecked();
  await expect(page.getByLabel("Expires")).toHaveValue("90");

  await open(page, "/plans");
  await page.getByRole("link", { name: "Back to the form" }).click();
  await expect(page.getByLabel("Name")).toHaveValue("Web app");
  await page.getByRole("button", { name: "Discard" }).click();
  await expect(page.getByLabel("Name")).toHaveValue("");
  await expect(page.getByRole("radio", { name: /^A server/ })).toBeChecked();
  expect(await stored(page)).not.toContain("latchkey:entries");
});

test("signing out clears the entries, and passwords are never stored", async ({ context }) => {
  const page = await signIn(await context.newPage());
  await open(page, "/keys/new");
  await page.getByLabel("Name").fill("Never saved");
  await page.getByRole("checkbox", { name: /^Report usage/ }).check();
  await endSession(context);
  await page.getByRole("button", { name: "Create key" }).click();
  await enterPassword(page);
  await expect(page.getByRole("checkbox", { name: /^Report usage/ })).toBeChecked();
  await expect(page.getByLabel("Name")).toHaveValue("Never saved");
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await page.waitForURL(/sign-in/);
  expect(await stored(page)).not.toContain("Never saved");

  await enterPassword(page);
  await open(page, "/account");
  await page.getByLabel("Current password").fill(owner.password);
  await page.getByLabel("New password").fill("another-long-sentence-here");
  await endSession(context);
  await page.getByRole("button", { name: "Change password" }).click();
  await expect(page.getByText("What you sent was not saved.")).toBeVisible();
  expect(await stored(page)).not.toContain("another-long-sentence-here");
  expect(await stored(page)).not.toContain(owner.password);
});
