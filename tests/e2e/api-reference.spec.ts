import { spawnSync } from "node:child_process";
import type { Page } from "@playwright/test";
import type { Program } from "../support/program";
import { expect, ownerEnv, signIn, test } from "./server";

test.use({ serverEnv: ownerEnv });

function newKey(server: Program): string {
  const args = ["build/server/cli.js", "keys", "create", "--name", "Reader", "--scope", "check", "--json"];
  const made = spawnSync(process.execPath, args, { env: server.env, encoding: "utf8" });
  return JSON.parse(made.stdout).key;
}

/** Everything that the page asks for; what it asks elsewhere is refused, so that nothing depends on it. */
async function open(page: Page, server: Program): Promise<string[]> {
  const elsewhere: string[] = [];
  page.on("request", (request) => {
    if (!/^(data|blob):/.test(request.url()) && new URL(request.url()).origin !== server.url) elsewhere.push(request.url());
  });
  await page.goto("/docs/api");
  await page.getByRole("heading", { name: "Latchkey" }).waitFor();
  return elsewhere;
}

for (const { width, height } of [
  { width: 1280, height: 900 },
  { width: 390, height: 844 },
]) {
  test(`whoever has a key tries a check on the API's page at ${width} px, and nothing comes from elsewhere`, async ({ page, server }) => {
    await page.setViewportSize({ width, height });
    const elsewhere = await open(page, server);
    await page.getByRole("button", { name: "Authorize" }).click();
    const bearer = page.locator(".auth-container", { hasText: "bearer" });
    await bearer.getByRole("textbox").fill(newKey(server));
    await bearer.getByRole("button", { name: "Apply credentials" }).click();
    await bearer.getByRole("button", { name: "Close" }).click();

    const check = page.locator("#operations-Checks-getEntitlements");
    await check.getByRole("button", { name: "May this tenant use these features" }).click();
    // Examples are filled in where something has to stand, and nowhere else.
    await expect(check.locator('[data-param-name="tenant"] input')).toHaveValue("acme");
    await expect(check.locator('[data-param-name="at"] input')).toHaveValue("");
    await check.getByPlaceholder("tenant").fill("nobody");
    const answered = page.waitForResponse((response) => response.url().includes("/api/entitlements?"));
    await check.getByRole("button", { name: "Execute" }).click();
    expect([(await answered).status(), new URL((await answered).url()).origin]).toEqual([200, server.url]);
    const shown = check.locator(".live-responses-table tbody tr").first();
    await expect(shown.locator(".response-col_status")).toContainText("200");
    await expect(shown).toContainText('"tenant": "nobody"');

    expect(elsewhere).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
  });
}

test("a try without a key is told what to send, on the page", async ({ page, server, expectBrowserError }) => {
  // The browser itself notes each refusal of a request.
  expectBrowserError(/401 \(Unauthorized\)/);
  await open(page, server);
  const check = page.locator("#operations-Tenants-listTenants");
  await check.getByRole("button", { name: "Tenants in order of their names" }).click();
  await check.getByRole("button", { name: "Execute" }).click();
  await expect(check.locator(".live-responses-table")).toContainText("key_missing");
});

test("it is dark where the system is, or where somebody chose so on a page, and the page of API keys leads to it", async ({
  newPerson,
  server,
}) => {
  const background = (page: Page) => page.evaluate(() => getComputedStyle(document.documentElement).colorScheme);
  const dark = await (await newPerson({ colorScheme: "dark" })).newPage();
  await open(dark, server);
  expect(await background(dark)).toBe("dark");

  const context = await newPerson({ colorScheme: "dark" });
  await context.addCookies([{ name: "theme", value: "light", url: server.url }]);
  const light = await signIn(await context.newPage());
  await light.goto("/keys");
  await light.getByRole("link", { name: "API reference" }).click();
  await light.getByRole("heading", { name: "Latchkey" }).waitFor();
  expect(await background(light)).not.toBe("dark");
});
