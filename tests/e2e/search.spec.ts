import { mkdirSync } from "node:fs";
import type { Page } from "@playwright/test";
import type { Program } from "../support/program";
import { isGrave, violationsOf } from "./accessibility";
import { importText, latchkey } from "./latchkey";
import { expect, ownerEnv, signIn, test } from "./server";

test.use({ serverEnv: ownerEnv });
test.describe.configure({ mode: "serial" });

const longName = `Bramblecote ${"Unternehmensberatungsgesellschaft ".repeat(5)}`.trim();
const catalogue = `latchkey: 1
features:
  sso: Single sign-on
  audit_log: Audit log
  api_calls: { name: API calls, type: metered, meter: { resetPeriod: month } }
plans:
  starter: { name: Starter, features: [audit_log] }
tenants:
  bramblecote: { name: Bramblecote Ltd, plan: starter, metadata: { owner: Zoë Quill } }
  bramble-holding: { name: ${longName}, plan: starter }
  cafe: { name: Café Łódź, plan: starter }
`;

const box = (page: Page) => page.getByRole("combobox", { name: "Search" });
const selected = (page: Page) => page.getByRole("option", { selected: true });

async function openPalette(page: Page): Promise<void> {
  await press(page, "Control+k");
  await expect(box(page)).toBeFocused();
}

/** Opens a dialog by a key, once the page listens to keys, which it does with its place for messages. */
async function press(page: Page, key: string): Promise<void> {
  await page.getByRole("region", { name: /^Notifications/ }).waitFor({ state: "attached" });
  await expect(async () => {
    await page.keyboard.press(key);
    await expect(page.getByRole("dialog")).toBeVisible({ timeout: 1_000 });
  }).toPass();
}

const serious = async (page: Page) => (await violationsOf(page)).filter(isGrave);

const checked = async (server: Program, tenant: string, feature: string) =>
  JSON.parse(latchkey(server, "check", tenant, feature, "--json")) as { entitled: boolean };

test("the keyboard alone grants a trial, and the database holds it", async ({ page, server }, testInfo) => {
  mkdirSync(testInfo.outputDir, { recursive: true });
  importText(server, catalogue, testInfo.outputDir);
  await signIn(page);
  await page.goto("/plans");
  await openPalette(page);
  await page.keyboard.type("trial bramblecote sso 14");
  await expect(selected(page)).toHaveText(
    /^Grant Bramblecote Ltd a trial of Single sign-on for 14 days, until \d+ \w+( \d{4})?, \d\d:\d\d UTC$/,
  );
  await page.keyboard.press("Enter");
  await expect(page.getByRole("region", { name: "Trial granted" })).toContainText("On trial until");
  expect(await checked(server, "bramblecote", "sso")).toMatchObject({ entitled: true });

  await openPalette(page);
  await page.keyboard.type("trial bramblecote sso 14");
  await expect(page.getByText(/Bramblecote Ltd has a trial of Single sign-on until .* Extend it instead\./)).toBeVisible();
  await page.keyboard.press("Control+a");
  await page.keyboard.type("extend bramblecote sso 5");
  await expect(selected(page)).toHaveText(/^Extend the trial of Single sign-on for Bramblecote Ltd by 5 days, until /);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("region", { name: "Extended" })).toBeVisible();
});

test("finds tenants by parts of words in any order, accents aside, and by metadata", async ({ page }) => {
  await signIn(page);
  for (const [typed, name] of [
    ["lodz caf", "Café Łódź"],
    ["zoe quill", "Bramblecote Ltd"],
    ["ltd bram", "Bramblecote Ltd"],
  ] as const) {
    await openPalette(page);
    await page.keyboard.type(typed);
    await expect(selected(page)).toContainText(name);
    await page.keyboard.press("Enter");
    await expect(page.getByRole("heading", { level: 1, name })).toBeFocused();
  }
});

test("Enter on a line that is still being searched for opens it once the answer has it in its place, and nothing else", async ({
  page,
}) => {
  await signIn(page);
  // By query, because slow typing also sends searches for shorter texts. This test ignores those.
  const held = new Map<string, () => void>();
  await openPalette(page);
  await page.keyboard.type("bramblecote");
  await expect(selected(page)).toContainText("Bramblecote Ltd");
  await page.route(/\/search\.data/, async (route) => {
    const q = new URL(route.request().url()).searchParams.get("q") ?? "";
    await new Promise<void>((resolve) => held.set(q, resolve));
    await route.continue();
  });
  const answer = async (q: string) => {
    await expect.poll(() => held.has(q)).toBe(true);
    held.get(q)?.();
    held.delete(q);
  };
  await page.keyboard.type(" holding");
  await page.keyboard.press("Enter");
  await answer("bramblecote holding");
  await expect(selected(page)).toContainText("Unternehmensberatungsgesellschaft");
  await expect(box(page)).toBeFocused();
  await page.keyboard.press("Control+a");
  await page.keyboard.type("bramblecote");
  await answer("bramblecote");
  await expect(selected(page)).toContainText("Bramblecote Ltd");
  await page.keyboard.type(" ltd");
  await page.keyboard.press("Enter");
  await answer("bramblecote ltd");
  await expect(page.getByRole("heading", { level: 1, name: "Bramblecote Ltd" })).toBeFocused();
});

test("several that match are offered by name, and what nobody has is said", async ({ page }) => {
  await signIn(page);
  await openPalette(page);
  await page.keyboard.type("trial bramb sso");
  await expect(page.getByRole("option", { name: "Single sign-on for Bramblecote Ltd" })).toBeVisible();
  await page.keyboard.press("Control+a");
  await page.keyboard.type("trial nobody sso");
  await expect(page.getByText("No tenant matches “nobody”.")).toBeVisible();
  await page.keyboard.press("Control+a");
  await page.keyboard.type("zzqqxx");
  await expect(page.getByText("Nothing matches “zzqqxx”.", { exact: true })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
});

test("the focus returns to where it was, and keys typed into a field are text", async ({ page }) => {
  await signIn(page);
  await page.goto("/features");
  const link = page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Flags" });
  await link.focus();
  await press(page, "/");
  await expect(box(page)).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(link).toBeFocused();
  const field = page.getByRole("main").getByRole("searchbox");
  await field.click();
  await page.keyboard.type("/?gt");
  await expect(field).toHaveValue("/?gt");
  await expect(page.getByRole("dialog")).toHaveCount(0);
});

test("a question mark opens the list of shortcuts, and g t leads to the tenants", async ({ page }) => {
  await signIn(page);
  await page.goto("/plans");
  await press(page, "?");
  const sheet = page.getByRole("dialog", { name: "Keyboard shortcuts" });
  await expect(sheet).toContainText("Go to Tenants");
  expect(await serious(page)).toEqual([]);
  await page.keyboard.press("Escape");
  await expect(sheet).toHaveCount(0);
  await page.keyboard.press("g");
  await page.keyboard.press("t");
  await expect(page.getByRole("heading", { level: 1, name: "Tenants" })).toBeFocused();
});

for (const colorScheme of ["light", "dark"] as const) {
  test(`the palette has no serious faults and fits a phone in the ${colorScheme} theme`, async ({ page }) => {
    await page.emulateMedia({ colorScheme });
    await signIn(page);
    for (const width of [1280, 390]) {
      await page.setViewportSize({ width, height: 844 });
      await page.goto("/plans");
      await openPalette(page);
      expect(await serious(page)).toEqual([]);
      await page.keyboard.type("bramble");
      await expect(page.getByRole("option", { name: longName })).toBeVisible();
      // Results are pale while others are looked for.
      await expect(page.getByRole("listbox")).toHaveAttribute("aria-busy", "false");
      expect(await serious(page)).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
      const bounds = await page.getByRole("dialog").boundingBox();
      expect((bounds?.x ?? -1) >= 0 && (bounds?.x ?? 0) + (bounds?.width ?? 0) <= width).toBe(true);
      await page.goto("/search?q=bramble");
      await expect(page.getByRole("region", { name: "Tenants" })).toContainText("Bramblecote Ltd");
      expect(await serious(page)).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
    }
  });
}

test("on a phone the search button opens the palette", async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await signIn(page);
  await openPalette(page);
  await page.keyboard.press("Escape");
  await page.getByRole("banner").getByRole("link", { name: "Search" }).click();
  await expect(box(page)).toBeFocused();
});

test("without JavaScript the box leads to results, and a command to a button that does it", async ({ newPerson, server }) => {
  const context = await newPerson({ javaScriptEnabled: false });
  const page = await signIn(await context.newPage());
  const field = page.getByRole("complementary").getByRole("searchbox", { name: "Search" });
  await field.fill("quill zoe");
  await field.press("Enter");
  await expect(page.getByRole("region", { name: "Tenants" }).getByRole("link")).toHaveText(/Bramblecote Ltd/);
  const again = page.getByRole("main").getByRole("searchbox", { name: "Search" });
  await again.fill("trial cafe sso 3");
  await again.press("Enter");
  await page.getByRole("button", { name: "Grant trial" }).click();
  await expect(page.getByRole("region", { name: "Trial granted" })).toBeVisible();
  expect(await checked(server, "cafe", "sso")).toMatchObject({ entitled: true });
});
