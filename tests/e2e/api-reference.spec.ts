import { spawnSync } from "node:child_process";
import type { Page } from "@playwright/test";
import type { Program } from "../support/program";
import { violationsOf } from "./accessibility";
import { expect, ownerEnv, signIn, test } from "./server";

test.use({ serverEnv: ownerEnv });

function newKey(server: Program): string {
  const args = ["build/server/cli.js", "keys", "create", "--name", "Reader", "--scope", "check", "--json"];
  const made = spawnSync(process.execPath, args, { env: server.env, encoding: "utf8" });
  return JSON.parse(made.stdout).key;
}

/** Addresses elsewhere that the page asks for. */
function requestsElsewhere(page: Page, server: Program): string[] {
  const elsewhere: string[] = [];
  page.on("request", (request) => {
    if (!/^(data|blob):/.test(request.url()) && new URL(request.url()).origin !== server.url) elsewhere.push(request.url());
  });
  return elsewhere;
}

for (const { width, height } of [
  { width: 1280, height: 900 },
  { width: 390, height: 844 },
]) {
  test(`a check is found and tried at ${width} px, and nothing is loaded from elsewhere`, async ({ page, server }) => {
    await page.setViewportSize({ width, height });
    const elsewhere = requestsElsewhere(page, server);
    await page.goto("/docs/api");
    await page.getByRole("main").getByRole("link", { name: "May this tenant use these features" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(/^May this tenant use these features/);

    const form = page.locator("form");
    await form.getByLabel("API key").fill(newKey(server));
    // Examples are filled in where something is required, and nowhere else.
    await expect(form.getByLabel("tenant")).toHaveValue("acme");
    await expect(form.locator("[name=at]")).toHaveValue("");
    await form.getByLabel("tenant").fill("nobody");
    await form.getByLabel("feature").fill("sso, audit_log");
    const answered = page.waitForResponse((response) => response.url().includes("/api/entitlements?"));
    await form.getByRole("button", { name: "Send" }).click();
    expect(new URL((await answered).url()).search).toBe("?tenant=nobody&feature=sso&feature=audit_log");
    await expect(form.getByRole("status")).toContainText("200");
    await expect(form.getByRole("status")).toContainText('"tenant": "nobody"');

    expect(elsewhere).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
  });
}

test("a request without a key, and one with a body, show their answers", async ({ page, expectBrowserError }) => {
  // The browser reports each refused request.
  expectBrowserError(/401 \(Unauthorized\)/);
  await page.goto("/docs/api/listTenants");
  await page.getByRole("button", { name: "Send" }).click();
  await expect(page.getByRole("status")).toContainText("key_missing");

  await page.goto("/docs/api/askMany");
  await expect(page.getByLabel("Body")).toHaveValue(/"checks"/);
  const request = page.waitForRequest((sent) => sent.method() === "POST");
  await page.getByRole("button", { name: "Send" }).click();
  expect((await request).headers()["content-type"]).toBe("application/json");
  await expect(page.getByRole("status")).toContainText("401");
});

test("an operation that does not exist has a page that says so", async ({ page, expectBrowserError }) => {
  expectBrowserError(/404 \(Not Found\)/);
  const response = await page.goto("/docs/api/noSuchThing");
  expect(response?.status()).toBe(404);
  await expect(page.getByRole("heading", { name: "No such operation" })).toBeVisible();
});

test("it follows the theme of the system or of the pages, and the page of API keys links to it", async ({ newPerson, server }) => {
  const scheme = (page: Page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const dark = await (await newPerson({ colorScheme: "dark" })).newPage();
  await dark.goto(`${server.url}/docs/api`);
  const darkColour = await scheme(dark);

  const context = await newPerson({ colorScheme: "dark" });
  await context.addCookies([{ name: "theme", value: "light", url: server.url }]);
  const light = await signIn(await context.newPage());
  await light.goto("/keys");
  await light.getByRole("link", { name: "API reference" }).click();
  await light.getByRole("heading", { name: "API reference" }).waitFor();
  expect([darkColour, await scheme(light)]).toEqual(["rgb(19, 19, 18)", "rgb(248, 247, 244)"]);
});

for (const colorScheme of ["light", "dark"] as const) {
  test(`has no faults for assistive technology and nothing that moves, ${colorScheme}`, async ({ page, request }) => {
    test.setTimeout(600_000);
    await page.emulateMedia({ colorScheme });
    await page.addInitScript(() => {
      const shifts: number[] = [];
      Object.assign(globalThis, { shifts });
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) shifts.push((entry as unknown as { value: number }).value);
      }).observe({ type: "layout-shift", buffered: true });
    });
    const { paths } = (await (await request.get("/api/openapi.json")).json()) as { paths: object };
    const operations = Object.values(paths).flatMap((methods) => Object.values(methods as object)) as {
      operationId: string;
      tags: string[];
    }[];
    // One of each kind.
    const ids = [...new Map(operations.map(({ operationId, tags }) => [tags[0], operationId])).values()];
    const opened = colorScheme === "light" ? ids : ids.slice(0, 3);
    for (const path of ["/docs/api", ...opened.map((id) => `/docs/api/${id}`)]) {
      await page.goto(path);
      const violations = await violationsOf(page);
      expect(violations, path).toEqual([]);
      expect(await page.evaluate(() => (globalThis as unknown as { shifts: number[] }).shifts), path).toEqual([]);
    }
  });
}

test.describe("without script", () => {
  test.use({ javaScriptEnabled: false });

  test("everything can be read, and no form is offered that does nothing", async ({ page }) => {
    await page.goto("/docs/api/putPlan");
    await expect(page.getByText("Fields of the body")).toBeVisible();
    await expect(page.getByLabel("curl")).toContainText("curl -X PUT");
    await expect(page.getByRole("button", { name: "Send" })).toBeHidden();
  });
});
