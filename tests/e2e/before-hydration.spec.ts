import { mkdirSync } from "node:fs";
import { importText } from "./latchkey";
import { expect, ownerEnv, signIn, test } from "./server";

test.use({ serverEnv: ownerEnv });

declare global {
  var eventsSent: number;
}

test("keys and clicks before a page is hydrated do not break its script", async ({ page, server }, testInfo) => {
  mkdirSync(testInfo.outputDir, { recursive: true });
  importText(server, "latchkey: 1\nfeatures:\n  sso: Single sign-on\nplans: {}\ntenants:\n  acme: { name: Acme }\n", testInfo.outputDir);
  await signIn(page);
  await page.addInitScript(() => {
    globalThis.eventsSent = 0;
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      const target = document.querySelector("main") ?? document.documentElement;
      target?.dispatchEvent(new KeyboardEvent("keydown", { key: "Shift", bubbles: true }));
      target?.dispatchEvent(new MouseEvent("mousedown", { bubbles: true }));
      globalThis.eventsSent += 1;
      if (document.querySelector('[aria-label^="Notifications"]') === null) port2.postMessage(null);
    };
    port2.postMessage(null);
  });
  for (const path of ["/", "/tenants", "/plans", "/features/new"]) {
    await page.goto(path);
    await page.getByRole("region", { name: /^Notifications/ }).waitFor({ state: "attached" });
    expect(await page.evaluate(() => globalThis.eventsSent), path).toBeGreaterThan(0);
    await expect(async () => {
      await page.keyboard.press("?");
      await expect(page.getByRole("dialog"), path).toBeVisible({ timeout: 1_000 });
    }).toPass();
  }
});

test("what is typed, selected and ticked before a page is hydrated counts", async ({ page }) => {
  await signIn(page);
  let release = () => {};
  const openUnhydrated = async (path: string) => {
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    await page.route(/\/assets\/.*\.js$/, async (route) => {
      await released;
      await route.continue();
    });
    await page.goto(path, { waitUntil: "commit" });
  };

  await openUnhydrated("/features");
  const search = page.getByRole("searchbox", { name: "Search features" });
  await search.pressSequentially("ss");
  release();
  await page.waitForURL(/q=ss$/);
  await expect(search).toBeFocused();
  await page.keyboard.type("o");
  await page.waitForURL(/q=sso$/);

  await openUnhydrated("/features");
  await page.getByRole("combobox", { name: "All types" }).selectOption("boolean");
  release();
  await page.waitForURL(/type=boolean$/);

  await openUnhydrated("/tenants");
  await page.getByRole("searchbox", { name: "Search name or key" }).fill("acm");
  await page.keyboard.press("Enter");
  release();
  await page.waitForURL(/\/tenants\/acme$/);

  await openUnhydrated("/tenants/acme/trial");
  await page.getByRole("checkbox", { name: /^Single sign-on/ }).check();
  release();
  await expect(page.getByText(/^Acme has Single sign-on until /)).toBeVisible();
});
