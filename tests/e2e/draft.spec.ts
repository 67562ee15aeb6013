import type { Page } from "@playwright/test";
import type { Program } from "../support/program";
import { overflowOf, violationsOf } from "./accessibility";
import { latchkey } from "./latchkey";
import { expect, ownerEnv, signIn, test } from "./server";

test.use({ serverEnv: ownerEnv });
test.describe.configure({ mode: "serial" });

let manageKey: string;
async function send(server: Program, method: string, path: string, body?: object) {
  const headers = { Authorization: `Bearer ${manageKey}`, ...(body ? { "Content-Type": "application/json" } : {}) };
  const answer = await fetch(server.url + path, { method, headers, body: body && JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}
const valuesOf = async (server: Program, plan: string) => (await send(server, "GET", `/api/plans/${plan}`)).features;

test.beforeAll(async ({ server }) => {
  manageKey = JSON.parse(latchkey(server, "keys", "create", "--name", "Billing", "--scope", "manage", "--json")).key;
  const features = {
    sso: "Single sign-on",
    audit: "Audit log of a very long name that does not fit into any column of any table",
    calls: { name: "Calls", type: "metered", meter: { resetPeriod: "month" } },
  };
  const plans = {
    free: { name: "Free", features: { calls: 10 } },
    pro: { name: "Pro", rank: 20, features: { sso: true, calls: 100 } },
    ultra: { name: "Ultra", rank: 30, includes: "pro", features: { audit: true } },
  };
  const tenants = Object.fromEntries(
    Array.from({ length: 60 }, (_, i) => [`t${i}`, { name: `Tenant ${i}`, plan: i < 40 ? "free" : i < 55 ? "pro" : "ultra" }]),
  );
  await send(server, "POST", "/api/catalogue/import", { latchkey: 1, features, plans, tenants });
});

const cell = (page: Page, feature: string, plan: string) => page.getByRole("link", { name: new RegExp(`^${feature} in ${plan}:`) });
/** The grid of plans, once it listens to keys. Tab then leads to one of its cells. */
async function openGrid(page: Page): Promise<void> {
  await page.goto("/plans");
  await page.locator("tbody a[tabindex='0']").waitFor();
}
const bar = (page: Page) => page.getByRole("region", { name: "Draft" });

test("cells are edited in place, reviewed with names, published with a note and undone", async ({ page, server }) => {
  await signIn(page);
  await openGrid(page);
  await cell(page, "Single sign-on", "Free").focus();
  await page.keyboard.press("Space");
  await expect(bar(page)).toContainText("1 change");
  await expect(cell(page, "Single sign-on", "Free")).toHaveAccessibleName(/on, its own entry, changed in your draft/);
  await expect(bar(page)).toContainText("40 gain");
  await cell(page, "Calls", "Pro").focus();
  await page.keyboard.type("5");
  await page.keyboard.type("0");
  await page.keyboard.press("Enter");
  await expect(bar(page)).toContainText("2 changes");
  await expect(bar(page)).toContainText("20 get another value");
  // Nothing is changed yet.
  expect(await valuesOf(server, "free")).toEqual({ calls: 10 });
  await bar(page).getByRole("button", { name: "Review" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Draft of Owner");
  await expect(page.getByRole("table", { name: "Changes" })).toContainText("100");
  await page.getByRole("link", { name: /^Gain a feature/ }).click();
  await expect(page.getByRole("row", { name: /Tenant 12/ })).toContainText("Single sign-on");
  await page.getByRole("link", { name: "Back to the change" }).click();
  await page.getByLabel("Note").fill("Spring prices");
  await page.getByRole("button", { name: "Publish 2 changes" }).click();
  await expect(page.getByText("Draft of Owner is published.")).toBeVisible();
  await expect(bar(page)).toHaveCount(0);
  expect([await valuesOf(server, "free"), (await valuesOf(server, "pro")).calls]).toEqual([{ calls: 10, sso: true }, 50]);
  await page.goto("/activity");
  await expect(page.locator("main")).toContainText("Spring prices");
  await page.goto("/plans");
});

test("what is typed while the editor is still being loaded is one value", async ({ page }) => {
  await signIn(page);
  let release = () => {};
  const isReleased = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route(/\/grid-edit-[^/]*\.js$/, async (route) => {
    await isReleased;
    await route.continue();
  });
  await openGrid(page);
  await cell(page, "Calls", "Free").focus();
  await page.keyboard.type("125");
  release();
  const field = page.getByRole("textbox", { name: /^Calls in Free/ });
  await expect(field).toHaveValue("125");
  await field.press("Escape");
  await expect(field).toHaveCount(0);
});

test("what was pasted from a sheet fills cells to the right and below, and a wrong value is refused with its sentence", async ({
  page,
}) => {
  await signIn(page);
  // Both edits end before the browser knows the routes that the bar leads to.
  await page.route(/\/__manifest\?/, () => {});
  await openGrid(page);
  const paste = async (text: string) => {
    await cell(page, "Calls", "Free").focus();
    await page.evaluate((text) => {
      const clipboardData = new DataTransfer();
      clipboardData.setData("text/plain", text);
      document.activeElement?.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
    }, text);
  };
  await paste("20\t2,000\n");
  await expect(bar(page)).toContainText("2 changes");
  await paste("many\t3,000\n");
  await expect(page.getByRole("alert")).toContainText("Calls: Give a limit: a whole number from 0, or the word unlimited.");
  await expect(bar(page)).toContainText("2 changes");
});

test("a cell that somebody else changed meanwhile is decided on its own", async ({ page, server }) => {
  await signIn(page);
  await send(server, "PUT", "/api/plans/free", { features: { calls: 15, sso: true } });
  await page.goto("/plans");
  await bar(page).getByRole("link").click();
  await expect(page.locator("main")).toContainText("One change cannot be published");
  await expect(page.getByRole("button", { name: "Publish 2 changes" })).toBeDisabled();
  await expect(page.locator("main")).toContainText("Someone else changed this cell meanwhile. It now is 15.");
  await page.getByRole("button", { name: "Keep the draft's value of Calls in Free" }).click();
  await page.getByRole("button", { name: "Publish 2 changes" }).click();
  await expect(page.getByText("Draft of Owner is published.")).toBeVisible();
  expect([(await valuesOf(server, "free")).calls, (await valuesOf(server, "pro")).calls]).toEqual([20, 2000]);
});

test("the pages are accessible, and fit a phone", async ({ page, expectBrowserError }) => {
  await signIn(page);
  await openGrid(page);
  await cell(page, "Single sign-on", "Free").focus();
  await page.keyboard.press("Delete");
  await expect(bar(page)).toContainText("40 lose");
  const draft = (await bar(page).getByRole("link").getAttribute("href")) as string;
  await bar(page).getByRole("button", { name: "Review" }).click();
  await page.waitForURL(/impact=/);
  const reviewed = new URL(page.url());
  const impact = `/impact/${reviewed.searchParams.get("impact")}`;
  for (const path of ["/plans", draft, reviewed.pathname + reviewed.search, impact]) {
    await page.goto(path);
    expect([path, await violationsOf(page)]).toEqual([path, []]);
    await page.setViewportSize({ width: 390, height: 800 });
    expect([path, await overflowOf(page)]).toEqual([path, 0]);
    await page.setViewportSize({ width: 1280, height: 800 });
  }
  await page.goto(draft);
  await page.getByRole("button", { name: "Discard the draft" }).click();
  await expect(page.getByText("is discarded.")).toBeVisible();
  await page.goto(draft);
  await expect(page.locator("main")).toContainText("Discarded");
  expectBrowserError(/404/);
  await page.goto("/drafts/dr_none");
  await expect(page.getByText("There is no such draft.")).toBeVisible();
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });

  test("a cell's form adds to the draft, which is reviewed and published in the same way", async ({ page, server }) => {
    await signIn(page);
    await page.goto("/plans/ultra/features/calls?gives=own&value=9000&was=null");
    await page.getByRole("button", { name: "Add to draft" }).click();
    await expect(bar(page)).toContainText("1 change");
    await bar(page).getByRole("button", { name: "Review" }).click();
    await expect(page.getByRole("table", { name: "Changes" })).toContainText("9,000");
    await page.getByRole("button", { name: "Publish 1 change" }).click();
    expect((await valuesOf(server, "ultra")).calls).toBe(9000);
  });
});
