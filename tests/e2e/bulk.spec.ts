import { readFile } from "node:fs/promises";
import type { Page } from "@playwright/test";
import type { Program } from "../support/program";
import { overflowOf, violationsOf } from "./accessibility";
import { latchkey } from "./latchkey";
import { expect, ownerEnv, signIn, smallScreens, test } from "./server";

test.use({ serverEnv: ownerEnv });
test.describe.configure({ mode: "serial" });

let manageKey: string;
async function send(server: Program, method: string, path: string, body?: object) {
  const headers = { Authorization: `Bearer ${manageKey}`, ...(body ? { "Content-Type": "application/json" } : {}) };
  const answer = await fetch(server.url + path, { method, headers, body: body && JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}
const planOf = async (server: Program, key: string) => (await send(server, "GET", `/api/tenants/${key}`)).plan;

test.beforeAll(async ({ server }) => {
  manageKey = JSON.parse(latchkey(server, "keys", "create", "--name", "Billing", "--scope", "manage", "--json")).key;
  const names = ["Alpha", "Bravo", "Charlie of a very long name that does not fit into any column of any table at all", "دلتا 株式会社"];
  const tenants = Object.fromEntries([
    ...names.map((name, i) => [`n${i}`, { name, plan: "free" }]),
    ...Array.from({ length: 60 }, (_, i) => [`t${i}`, { name: `Tenant ${i}`, plan: i < 40 ? "free" : "pro" }]),
    ["gone", { name: "Gone", plan: "free", status: "archived" }],
  ]);
  const features = { sso: "Single sign-on", calls: { name: "Calls", type: "metered", meter: { resetPeriod: "month" } } };
  const plans = { free: { features: { calls: 10 } }, pro: { rank: 20, features: { sso: true, calls: 100 } } };
  await send(server, "POST", "/api/catalogue/import", { latchkey: 1, features, plans, tenants });
});

/** Waits until the job on this page is over: the page follows it by itself. */
const over = (page: Page) => expect(page.getByRole("button", { name: "Cancel job" })).toHaveCount(0, { timeout: 30_000 });

async function ofTicked(page: Page, server: Program, [first, second] = [1, 12]) {
  await page.goto(`/tenants?q=tenant+${first}`);
  await page.getByLabel(`Choose Tenant ${first}`, { exact: true }).check();
  await page.getByLabel(`Choose Tenant ${second}`, { exact: true }).check();
  await page.getByRole("button", { name: "Change ticked tenants" }).click();
  await expect(page.getByLabel("Tenants", { exact: true })).toHaveValue(`t${first}\nt${second}`);
  await page.getByLabel("Change plan").check();
  await expect(page.getByLabel("Days", { exact: true })).toBeHidden();
  await page.getByLabel("Plan", { exact: true }).selectOption("pro");
  await page.getByLabel("Note").fill("Spring campaign");
  await page.getByRole("button", { name: "Show what changes" }).click();
  await over(page);
  await expect(page.getByText("Preview: nothing is changed yet.")).toBeVisible();
  await expect(page.getByRole("row", { name: `Tenant ${second}` })).toContainText("free → pro");
  expect(await planOf(server, `t${second}`)).toBe("free");
  await page.getByRole("button", { name: "Change 2 tenants" }).click();
  await over(page);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Change the plan to pro");
  await expect(page.locator("main")).toContainText("Done");
  expect([await planOf(server, `t${first}`), await planOf(server, `t${second}`), await planOf(server, "t13")]).toEqual([
    "pro",
    "pro",
    "free",
  ]);
}

test("ticked tenants are previewed by name and then changed", async ({ page, server }) => {
  await signIn(page);
  await ofTicked(page, server);
});

test("all that match get a trial, those who cannot are named with the reason, and the results are a file", async ({ page, server }) => {
  await signIn(page);
  await page.goto("/tenants?plan=free");
  await page.getByRole("link", { name: "Change all 43 that match" }).click();
  await expect(page.getByText("All 43 tenants that match")).toBeVisible();
  await page.getByLabel("Grant trial").check();
  await page.getByLabel("Single sign-on").check();
  await page.getByLabel("Days", { exact: true }).fill("7");
  await page.getByRole("button", { name: "Show what changes" }).click();
  await over(page);
  await page.getByRole("link", { name: /^Skipped/ }).click();
  await expect(page.getByRole("row", { name: /Gone/ })).toContainText("Gone is archived.");
  await expect(page.locator("tbody tr")).toHaveCount(1);
  await page.getByRole("button", { name: "Change 42 tenants" }).click();
  await over(page);
  await expect(page.locator("main")).toContainText("Done");
  const trials = await send(server, "GET", "/api/grants?kind=trial&state=live&limit=100");
  expect(trials.items).toHaveLength(42);
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Download results" }).click()]);
  const lines = (await readFile(await file.path(), "utf8")).trim().split("\r\n");
  expect(lines).toHaveLength(44);
  expect(lines.find((line) => line.includes(",gone,"))).toContain("skipped");

  await page.getByRole("link", { name: "Jobs", exact: true }).first().click();
  await expect(page.getByRole("link", { name: "Grant a trial of Single sign-on for 7 days" })).toBeVisible();
});

test("a pasted list with a mistake keeps what was entered, and says what is wrong", async ({ page, expectBrowserError }) => {
  expectBrowserError(/422|404/);
  await signIn(page);
  await page.goto("/bulk");
  await page.getByLabel("Tenants", { exact: true }).fill("t1\nnobody");
  await page.getByLabel("Extend trials").check();
  await page.getByLabel("Days", { exact: true }).fill("0");
  await page.getByRole("button", { name: "Show what changes" }).click();
  await expect(page.getByText("Give whole days from 1 to 3,650.")).toBeVisible();
  await expect(page.getByLabel("Tenants", { exact: true })).toHaveValue("t1\nnobody");
  await page.getByLabel("Days", { exact: true }).fill("3");
  await page.getByRole("button", { name: "Show what changes" }).click();
  await over(page);
  await expect(page.getByRole("row", { name: /nobody/ })).toContainText("There is no tenant with this key.");
  await expect(page.getByRole("button", { name: "Nothing to change" })).toBeDisabled();
  await page.goto("/jobs/job_none");
  await expect(page.getByText("There is no such job.")).toBeVisible();
});

for (const [where, screen] of Object.entries(smallScreens)) {
  test(`ticked tenants are changed ${where} too`, async ({ newPerson, server }) => {
    await ofTicked(await signIn(await (await newPerson(screen)).newPage()), server, where.includes("phone") ? [2, 22] : [3, 33]);
  });
}

test("the pages are accessible, and fit a phone", async ({ page, server }) => {
  await signIn(page);
  const job = (await send(server, "GET", "/api/jobs")).items[0].id;
  for (const path of ["/bulk", "/bulk?all=1&plan=free", "/jobs", `/jobs/${job}`]) {
    await page.goto(path);
    expect([path, await violationsOf(page)]).toEqual([path, []]);
    await page.setViewportSize({ width: 390, height: 800 });
    expect([path, await overflowOf(page)]).toEqual([path, 0]);
    await page.setViewportSize({ width: 1280, height: 800 });
  }
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });

  test("many tenants are changed in the same way", async ({ page, server }) => {
    for (const key of ["t1", "t12"]) await send(server, "PUT", `/api/tenants/${key}`, { plan: "free" });
    await signIn(page);
    await ofTicked(page, server);
  });
});
