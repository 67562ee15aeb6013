import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Page } from "@playwright/test";
import type { Program } from "../support/program";
import { checkPages, isGrave } from "./accessibility";
import { latchkey } from "./latchkey";
import { expect, ownerEnv, signIn, smallScreens, test } from "./server";

test.use({ serverEnv: ownerEnv });
test.describe.configure({ mode: "serial" });

const gitlab = fileURLToPath(new URL("../../db/catalogues/gitlab.yaml", import.meta.url));

/** Another program, with a key of its own. */
let checkKey: string;
async function ask(server: Program, tenant: string, feature: string) {
  checkKey ??= JSON.parse(latchkey(server, "keys", "create", "--name", "App", "--scope", "check", "--json")).key;
  const headers = { Authorization: `Bearer ${checkKey}` };
  const answer = await fetch(`${server.url}/api/entitlements?tenant=${encodeURIComponent(tenant)}&feature=${feature}`, { headers });
  return (await answer.json()).entitlements[feature];
}

async function createTenant(page: Page, key: string, name: string) {
  await page.goto("/tenants");
  await page.getByRole("link", { name: "New tenant" }).first().click();
  await page.getByLabel("Key", { exact: true }).fill(key);
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("Plan", { exact: true }).selectOption("starter");
  await page.getByRole("button", { name: "Create tenant" }).click();
  await expect(page.getByRole("heading", { name })).toBeVisible();
}

const day = 86_400_000;
const inDays = (answer: { expiresAt: string }) => Math.round((Date.parse(answer.expiresAt) - Date.now()) / day);

/** The whole way, the same with and without script: from the no to the yes and back, each seen by the other program at once. */
async function trialThereAndBack(page: Page, server: Program, key: string, name: string) {
  await createTenant(page, key, name);
  expect(await ask(server, key, "epics")).toMatchObject({ entitled: false, reason: { code: "not_in_plan" } });

  await page.goto(`/tenants/${key}/features?q=epics`);
  const link = await page.getByRole("link", { name: "Grant trial: Epics", exact: true }).getAttribute("href");
  await page.goto(String(link));
  await expect(page.getByRole("radio", { name: /^14 days/ })).toBeChecked();
  await page.getByRole("button", { name: "Grant trial" }).click();
  const result = page.getByRole("region", { name: "Trial granted" });
  await expect(result).toContainText("Not included in Starter.");
  await expect(result).toContainText(/On trial until/);
  const yes = await ask(server, key, "epics");
  expect(yes).toMatchObject({ entitled: true, source: "trial" });
  expect(inDays(yes)).toBe(14);

  const line = (await result.locator("pre").innerText()).replace("$LATCHKEY_KEY", checkKey);
  const copied = spawnSync("/bin/sh", ["-c", line.replace("curl", "curl -s")], { encoding: "utf8" });
  if (copied.error === undefined && copied.status !== 127) expect(JSON.parse(copied.stdout).entitlements.epics.entitled).toBe(true);

  await page.getByRole("link", { name: "End now: Epics" }).click();
  await page.getByLabel("Note").fill("They signed");
  await page.getByRole("button", { name: "End trial now" }).click();
  await expect(page.getByRole("region", { name: "Ended" }).first()).toContainText("Not included in Starter.");
  expect(await ask(server, key, "epics")).toMatchObject({ entitled: false, reason: { code: "not_in_plan" } });
  await page.getByRole("link", { name: "Audit", exact: true }).click();
  await expect(page.getByText("They signed")).toBeVisible();
}

test("a trial is granted on its page, and another program sees it at once, and its end", async ({ context, server }) => {
  latchkey(server, "import", gitlab, "--yes");
  await trialThereAndBack(await signIn(await context.newPage()), server, "acme", "Acme");
});

test("the same without JavaScript", async ({ newPerson, server }) => {
  const context = await newPerson({ javaScriptEnabled: false });
  await trialThereAndBack(await signIn(await context.newPage()), server, "plain", "Plain & Co");
});

for (const [where, screen] of Object.entries(smallScreens)) {
  test(`the same ${where}`, async ({ newPerson, server }) => {
    const key = where.replace(/\W+/g, "-");
    await trialThereAndBack(await signIn(await (await newPerson(screen)).newPage()), server, key, `Company ${where}`);
  });
}

test("without JavaScript each filter works, and a form that is refused keeps what was entered", async ({
  newPerson,
  expectBrowserError,
}) => {
  expectBrowserError(/409 \(Conflict\)|422 \(Unprocessable Entity\)/);
  const page = await signIn(await (await newPerson({ javaScriptEnabled: false })).newPage());
  await page.goto("/tenants");
  await page.getByLabel("Search name or key").fill("plain");
  await page.getByRole("button", { name: "Apply" }).click();
  await expect(page).toHaveURL(/q=plain/);
  await expect(page.getByRole("link", { name: "Acme" })).toHaveCount(0);

  await page.goto("/tenants/new");
  await page.getByLabel("Key").fill("acme");
  await page.getByLabel("Metadata").fill('{"region": "eu"}');
  await page.getByRole("button", { name: "Create tenant" }).click();
  await expect(page.getByText("There is a tenant with this key already: Acme.")).toBeVisible();
  await expect(page.getByLabel("Metadata")).toHaveValue('{"region": "eu"}');

  await page.goto("/tenants/acme/trial?feature=okrs");
  await page.getByText("More features", { exact: true }).click();
  await page.getByRole("checkbox", { name: /^AI agents/ }).check();
  await page.getByText("Own dates").click();
  await page.getByLabel("Ends").fill("2020-01-01T00:00");
  await page.getByRole("button", { name: "Grant trial" }).click();
  await expect(page.getByText("The end is in the past.")).toBeVisible();
  await expect(page.getByRole("checkbox", { name: /^OKRs/ })).toBeChecked();
  await expect(page.getByRole("checkbox", { name: /^AI agents/ })).toBeChecked();
  await expect(page.getByLabel("Ends")).toHaveValue("2020-01-01T00:00");
});

test("several features are found by search, ticked and granted at once", async ({ context, server }) => {
  const page = await signIn(await context.newPage());
  await page.goto("/tenants/acme/trial");
  const search = page.getByRole("searchbox", { name: "Search features" });
  for (const [words, name] of [
    ["okr", /^OKRs/],
    ["epic col", /^Epic colors/],
  ] as const) {
    await search.fill(words);
    await page.getByRole("checkbox", { name }).check();
  }
  await expect(page.getByText("2 chosen")).toBeVisible();
  await search.press("Enter");
  await page.getByText("30 days", { exact: true }).click();
  await page.getByRole("button", { name: "Grant trial" }).click();
  await expect(page.getByRole("region", { name: "Trial granted" })).toContainText("Epic colors");
  for (const feature of ["okrs", "epic_colors"]) expect(inDays(await ask(server, "acme", feature))).toBe(30);
});

test("the answers are searched as one types, in the address, and opened by keyboard alone", async ({ context }) => {
  const page = await signIn(await context.newPage());
  await page.goto("/tenants/acme/features");
  await page.getByRole("searchbox", { name: "Search features" }).pressSequentially("okr");
  await expect(page).toHaveURL(/q=okr/);
  const row = page.locator("summary").filter({ hasText: "OKRs" });
  await expect(page.locator("main li summary")).toHaveCount(1);
  await row.focus();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Extend" })).toBeFocused();
});

test("of two who edit at once the second is told, and nothing is lost", async ({ context, newPerson, expectBrowserError }) => {
  expectBrowserError(/409 \(Conflict\)/);
  const first = await signIn(await context.newPage());
  const second = await signIn(await (await newPerson()).newPage());
  for (const page of [first, second]) await page.goto("/tenants/plain/edit");
  await first.getByLabel("Name").fill("Theirs");
  await first.getByRole("button", { name: "Save" }).click();
  await expect(first.getByRole("heading", { name: "Theirs" })).toBeVisible();
  await second.getByLabel("Name").fill("Mine");
  await second.getByRole("button", { name: "Save" }).click();
  await expect(second.getByRole("alert")).toContainText("changed this meanwhile");
  await expect(second.getByLabel("Name")).toHaveValue("Mine");
  await second.getByRole("button", { name: "Save" }).click();
  await expect(second.getByRole("heading", { name: "Mine" })).toBeVisible();
});

test("a plan is changed after its losses were shown", async ({ context, server }) => {
  const page = await signIn(await context.newPage());
  await page.goto("/tenants/acme");
  await page.getByRole("link", { name: "Change plan" }).click();
  await page.getByLabel("Plan", { exact: true }).selectOption("premium");
  await page.getByRole("button", { name: "Show what changes" }).click();
  await expect(page.getByRole("region", { name: "Gains" })).toContainText("Epics");
  await page.getByRole("button", { name: "Change plan" }).click();
  await expect(page.getByText("Plan changed.")).toBeVisible();
  expect(await ask(server, "acme", "epics")).toMatchObject({ entitled: true, source: "plan" });
});

const pages = [
  "/tenants",
  "/tenants?q=nobody",
  "/tenants/new",
  "/tenants/acme",
  "/tenants/acme/features?show=trial",
  "/tenants/acme/features",
  "/tenants/acme/grants",
  "/tenants/acme/usage",
  "/tenants/acme/audit",
  "/tenants/acme/edit",
  "/tenants/acme/status",
  "/tenants/acme/plan?plan=ultimate&addOns=geo",
  "/tenants/acme/trial?feature=ai_chat",
  "/tenants/acme/override",
  "/tenants/acme/override?feature=ai_chat",
  "/tenants/plain/usage",
  "/tenants/nobody",
];

/** Whole, these hold 247 features and take axe most of a minute; parts of them stand above. */
const long = ["/tenants/acme/features?show=all", "/tenants/acme/trial"];

test("every page is usable for all in both themes, and fits a phone", async ({ page, expectBrowserError }) => {
  test.setTimeout(600_000);
  expectBrowserError(/404 \(Not Found\)/);
  await signIn(page);
  await page.goto("/tenants/acme/grants");
  const hrefs = await page.locator("a[href*='/grants/gr_']").evaluateAll((links) => links.slice(0, 2).map((a) => a.getAttribute("href")));
  await checkPages(page, long, { axeWidths: [] });
  await checkPages(page, [...pages, ...hrefs.flatMap((href) => href ?? [])], { isFault: isGrave, axeWidths: [1280] });
});
