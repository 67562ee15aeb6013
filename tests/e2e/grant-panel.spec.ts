import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Page } from "@playwright/test";
import Sqlite from "better-sqlite3";
import type { Program } from "../support/program";
import { isGrave, overflowOf, violationsOf } from "./accessibility";
import { expect, ownerEnv, signIn, test } from "./server";

test.use({ serverEnv: ownerEnv });
test.describe.configure({ mode: "serial" });

const root = fileURLToPath(new URL("../..", import.meta.url));
const day = 86_400_000;

const catalogue = JSON.stringify({
  latchkey: 1,
  features: {
    epics: { name: "Epics", group: "Planning" },
    sso: { name: "Single sign-on", group: "Security" },
    audit: { name: "Audit trail", group: "Security" },
    calls: { name: "API calls", group: "API", meter: { resetPeriod: "month", unit: "calls" } },
  },
  plans: {
    starter: { name: "Starter", rank: 1, features: { epics: true, calls: 100 } },
    premium: { name: "Premium", rank: 2, includes: "starter", features: { sso: true, calls: 5000 } },
  },
});

let manageKey = "";
async function api(server: Program, method: string, path: string, body?: object) {
  const headers = { Authorization: `Bearer ${manageKey}`, "Content-Type": "application/json" };
  const answer = await fetch(server.url + path, { method, headers, body: body && JSON.stringify(body) });
  expect([path, answer.status < 300 ? "done" : await answer.text()]).toEqual([path, "done"]);
}

type TrialRow = { feature: string; startsAt: number; endsAt: number; endedAt: number | null; value: unknown; note: string | null };
/** Every grant of the tenant as the database has it, oldest first. */
function grantsOf(server: Program, tenant: string): TrialRow[] {
  const db = new Sqlite(String(server.env.DATABASE_URL).replace("file:", ""), { readonly: true });
  const columns = "feature, starts_at as startsAt, ends_at as endsAt, ended_at as endedAt, value, note";
  const rows = db.prepare(`select ${columns} from grants where tenant = ? order by starts_at, feature`).all(tenant) as TrialRow[];
  db.close();
  return rows;
}
const daysOf = ({ startsAt, endsAt }: TrialRow) => (endsAt - startsAt) / day;

const toast = (page: Page) => page.locator("[data-sonner-toast]").first();
const drawer = (page: Page) => page.getByRole("dialog", { name: /^Grant trial/ });

/** Before the page is hydrated its links lead to the page of the form. */
const linksOpenTheDrawer = (page: Page) => page.getByRole("region", { name: /^Notifications/ }).waitFor({ state: "attached" });

async function openDrawer(page: Page, tenant: string) {
  await page.goto(`/tenants/${tenant}`);
  await linksOpenTheDrawer(page);
  await page.getByRole("link", { name: "Grant trial", exact: true }).first().click();
  await expect(drawer(page).getByRole("searchbox", { name: "Search features" })).toBeFocused();
  return drawer(page);
}

test("from the list of tenants a trial is granted in three clicks, and the person stays on the page", async ({ context, server }) => {
  const file = `${server.env.DATABASE_URL?.replace("file:", "")}.json`;
  (await import("node:fs")).writeFileSync(file, catalogue);
  for (const args of [["import", file, "--yes"]]) {
    const run = spawnSync(process.execPath, ["build/server/cli.js", ...args], { cwd: root, env: server.env, encoding: "utf8" });
    expect(run.status).toBe(0);
  }
  const made = spawnSync(
    process.execPath,
    ["build/server/cli.js", "keys", "create", "--name", "e2e", "--scope", "manage", "--scope", "check", "--json"],
    {
      cwd: root,
      env: server.env,
      encoding: "utf8",
    },
  );
  manageKey = JSON.parse(made.stdout).key;
  for (const key of ["acme", "globex", "initech", "umbrella", "hooli", "plain", "stark", "wayne"])
    await api(server, "PUT", `/api/tenants/${key}`, { name: key.charAt(0).toUpperCase() + key.slice(1), plan: "starter" });

  // What was refused is offered on the tenant's first page.
  await api(server, "GET", "/api/entitlements?tenant=acme&feature=sso");
  const page = await signIn(await context.newPage());
  await page.goto("/tenants");
  await linksOpenTheDrawer(page);
  let clicks = 0;
  const click = async (name: string | RegExp, role: "link" | "button" = "link") => {
    clicks++;
    await page.getByRole(role, { name, exact: true }).click();
  };
  await click("Acme");
  await click("Grant trial: Single sign-on");
  await expect(drawer(page)).toContainText(/Acme has Single sign-on until .+ UTC\. It does not have it now\./);
  await click("Grant trial", "button");
  await expect(toast(page)).toContainText(/Acme has Single sign-on until /);
  expect(clicks).toBe(3);
  await expect(drawer(page)).toHaveCount(0);
  expect(new URL(page.url()).pathname).toBe("/tenants/acme");
  expect(grantsOf(server, "acme").map((row) => [row.feature, daysOf(row), row.endedAt])).toEqual([["sso", 14, null]]);
});

test("Undo in the toast ends exactly what was granted and keeps it on record", async ({ context, server }) => {
  await api(server, "POST", "/api/tenants/globex/grants", { kind: "trial", feature: "audit", days: 30 });
  const page = await signIn(await context.newPage());
  const panel = await openDrawer(page, "globex");
  await panel.getByRole("checkbox", { name: /^Single sign-on/ }).check();
  await panel.getByRole("checkbox", { name: /^API calls/ }).check();
  await expect(panel.getByLabel("Limit in calls each month")).toHaveValue("5000");
  await panel.getByText("7 days").click();
  await panel.getByRole("button", { name: "Grant trial" }).click();
  await toast(page).getByRole("button", { name: "Undo" }).click();
  await expect(page.getByText("Undone.", { exact: true })).toBeVisible();
  const rows = grantsOf(server, "globex");
  expect(rows.map(({ feature, endedAt }) => [feature, endedAt !== null]).sort()).toEqual([
    ["audit", false],
    ["calls", true],
    ["sso", true],
  ]);
  expect(rows.find(({ feature }) => feature === "calls")).toMatchObject({ value: "5000" });
});

test("from the list of tenants a trial is granted with 25 keys", async ({ context, server }) => {
  const page = await signIn(await context.newPage());
  await page.goto("/tenants");
  await linksOpenTheDrawer(page);
  let keys = 0;
  const press = async (...pressed: string[]) => {
    for (const key of pressed) {
      keys += key.split("+").length;
      await page.keyboard.press(key);
    }
  };
  /** Tab until the link or button is focused. */
  const tabTo = async (name: string) => {
    for (let tabs = 0; tabs < 20; tabs++) {
      await press("Tab");
      const focused = await page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent);
      if (focused?.trim() === name) return;
    }
    throw new Error(`${name} was not reached`);
  };
  await tabTo("Skip to content");
  await press("Enter", "Tab", "Tab");
  await expect(page.getByRole("searchbox", { name: "Search name or key" })).toBeFocused();
  await press("h", "o", "o", "Enter");
  await expect(page.getByRole("heading", { name: "Hooli" })).toBeVisible();
  await tabTo("Grant trial");
  await press("Enter");
  await expect(drawer(page).getByRole("searchbox", { name: "Search features" })).toBeFocused();
  await press("s", "i", "n", "Enter");
  await expect(drawer(page).getByRole("checkbox", { name: /^Single sign-on/ })).toBeChecked();
  await press("Control+Enter");
  await expect(toast(page)).toContainText("Hooli has Single sign-on until");
  expect(keys).toBeLessThanOrEqual(25);
  expect(grantsOf(server, "hooli").map((row) => [row.feature, daysOf(row)])).toEqual([["sso", 14]]);
});

test("the drawer opens over any page with a link to it, and granting returns there", async ({ context, server }) => {
  await api(server, "PUT", "/api/tenants/stark", { name: "Stark", plan: "starter" });
  const headers = { Authorization: `Bearer ${manageKey}` };
  await fetch(`${server.url}/api/entitlements?tenant=stark&feature=audit`, { headers });
  const page = await signIn(await context.newPage());
  const link = page.getByRole("link", { name: "Grant Stark a trial" });
  // Figures of demand are computed every few seconds.
  await expect
    .poll(
      async () => {
        await page.goto("/usage/demand/audit");
        return link.count();
      },
      { timeout: 30_000 },
    )
    .toBe(1);
  await linksOpenTheDrawer(page);
  await link.click();
  await expect(drawer(page).getByRole("checkbox", { name: /^Audit trail/ })).toBeChecked();
  await page.keyboard.press("Escape");
  await expect(drawer(page)).toBeHidden();
  await expect(link).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(drawer(page).getByRole("checkbox", { name: /^Audit trail/ })).toBeChecked();
  await page.keyboard.press("Control+Enter");
  await expect(toast(page)).toContainText("Stark has Audit trail until");
  await expect(drawer(page)).toBeHidden();
  expect(new URL(page.url()).pathname).toBe("/usage/demand/audit");
  expect(grantsOf(server, "stark").map(({ feature }) => feature)).toEqual(["audit"]);
});

test("a preset that is kept from what was ticked fills in the drawer of another tenant", async ({ context, server }) => {
  const page = await signIn(await context.newPage());
  await api(server, "PUT", "/api/tenants/cyberdyne", { name: "Cyberdyne", plan: "starter" });
  await page.goto("/tenants/cyberdyne/trial?feature=sso&feature=calls");
  await page.getByRole("link", { name: "Save this choice as a preset" }).click();
  await page.getByLabel("Name").fill("Evaluation");
  await page.getByText("30 days").click();
  await page.getByRole("button", { name: "Save preset" }).click();
  await expect(toast(page)).toContainText("The preset Evaluation is kept.");
  await page.goto("/tenants/cyberdyne");
  await linksOpenTheDrawer(page);
  await page.getByRole("link", { name: "Grant trial", exact: true }).first().click();
  await drawer(page).getByRole("link", { name: "Evaluation 30 days" }).click();
  await expect(drawer(page).getByRole("checkbox", { name: /^API calls/ })).toBeChecked();
  await expect(drawer(page)).toContainText(/Cyberdyne has .*API calls.* until /);
  await drawer(page).getByRole("button", { name: "Grant trial" }).click();
  await expect(toast(page)).toContainText(/Cyberdyne has .* until /);
  expect(grantsOf(server, "cyberdyne").map((row) => [row.feature, daysOf(row)])).toEqual([
    ["calls", 30],
    ["sso", 30],
  ]);
});

test("without JavaScript the same page grants, says so, and undoes", async ({ newPerson, server }) => {
  const page = await signIn(await (await newPerson({ javaScriptEnabled: false })).newPage());
  await page.goto("/tenants/plain/features?show=all");
  await page.getByRole("link", { name: "Grant trial: Single sign-on" }).click();
  await expect(page.getByRole("checkbox", { name: /^Single sign-on/ })).toBeChecked();
  await page.getByRole("button", { name: "Grant trial" }).click();
  const banner = page.locator("noscript [role=status]");
  await expect(banner).toContainText("Plain has Single sign-on until");
  expect(grantsOf(server, "plain").map(({ endedAt }) => endedAt)).toEqual([null]);
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(banner).toContainText("Undone.");
  expect(grantsOf(server, "plain").map(({ endedAt }) => endedAt !== null)).toEqual([true]);
});

test("all that a plan gives is previewed as the form is filled in, granted as one trial, and undone", async ({ context, server }) => {
  await api(server, "PUT", "/api/tenants/wayne", { name: "Wayne", plan: "starter" });
  const page = await signIn(await context.newPage());
  const panel = await openDrawer(page, "wayne");
  await panel.getByRole("radio", { name: /^All that a plan gives/ }).check();
  await expect(panel.getByRole("searchbox", { name: "Search features" })).toBeHidden();
  await panel.getByLabel("Plan", { exact: true }).selectOption({ label: "Premium" });
  await expect(panel).toContainText(/Wayne has the bundle Premium \(2 features\) until /);
  await expect(panel).toContainText("It gets API calls (5,000 calls) and Single sign-on.");
  await expect(panel).toContainText("Left out, because its plan or an add-on gives as much already: Epics.");
  const dated = await panel.getByText(/Wayne has the bundle/).textContent();
  await panel.getByText("7 days").click();
  await expect(panel.getByText(/Wayne has the bundle/)).not.toHaveText(dated ?? "");
  await expect(panel.getByLabel("Plan afterwards")).toBeHidden();
  await panel.getByRole("radio", { name: /^Move to a plan/ }).check();
  await expect(panel.getByLabel("Plan afterwards").locator("option")).toHaveText(["Choose a plan", "Premium", "Starter"]);
  await panel.getByLabel("Plan afterwards").selectOption({ label: "Premium" });
  await expect(panel).toContainText("At the end it moves to Premium.");
  await panel.getByRole("button", { name: "Grant trial" }).click();
  await expect(toast(page)).toContainText("Wayne has the bundle Premium (2 features) until");
  await expect(toast(page)).toContainText("At the end it moves to Premium.");
  expect(grantsOf(server, "wayne").map((row) => [row.feature, daysOf(row), row.endedAt])).toEqual([
    ["calls", 7, null],
    ["sso", 7, null],
  ]);
  await toast(page).getByRole("button", { name: "Undo" }).click();
  await expect(page.getByText("Undone.", { exact: true })).toBeVisible();
  expect(grantsOf(server, "wayne").map(({ endedAt }) => endedAt !== null)).toEqual([true, true]);
});

test("without JavaScript a button shows what the plan would give, and keeps what was entered", async ({ newPerson, server }) => {
  await api(server, "PUT", "/api/tenants/soylent", { name: "Soylent", plan: "starter" });
  const page = await signIn(await (await newPerson({ javaScriptEnabled: false })).newPage());
  await page.goto("/tenants/soylent/trial");
  await page.getByText("All that a plan gives").click();
  await page.getByLabel("Plan", { exact: true }).selectOption({ label: "Premium" });
  await page.getByLabel("Note").fill("By phone");
  await page
    .locator("label")
    .filter({ hasText: /^30 days/ })
    .click();
  await page.getByText("Move to a plan").click();
  await page.getByLabel("Plan afterwards").selectOption({ label: "Premium" });
  await page.getByRole("button", { name: "Show what it gives" }).click();
  await expect(page.getByText(/Soylent has the bundle Premium \(2 features\) until /)).toBeVisible();
  await expect(page.getByText("At the end it moves to Premium.")).toBeVisible();
  await expect(page.getByLabel("Plan afterwards")).toHaveValue("premium");
  await expect(page.getByLabel("Note")).toHaveValue("By phone");
  await page.getByRole("button", { name: "Grant trial" }).click();
  await expect(page.locator("noscript [role=status]")).toContainText("Soylent has the bundle Premium (2 features) until");
  expect(grantsOf(server, "soylent").map((row) => [row.feature, daysOf(row), row.note])).toEqual([
    ["calls", 30, "By phone"],
    ["sso", 30, "By phone"],
  ]);
});

test("features that were refused lately come first with how often, and a live trial offers Extend", async ({ context, server }) => {
  const headers = { Authorization: `Bearer ${manageKey}` };
  for (let i = 0; i < 3; i++) await fetch(`${server.url}/api/entitlements?tenant=initech&feature=audit`, { headers });
  await api(server, "POST", "/api/tenants/initech/grants", { kind: "trial", feature: "sso", days: 9 });
  const page = await signIn(await context.newPage());
  // Counts are written every half second.
  await expect
    .poll(async () => {
      await page.goto("/tenants/initech/trial");
      return page.getByText("Refused 3 times in the last 30 days.").count();
    })
    .toBe(1);
  await expect(page.getByRole("searchbox", { name: "Search features" })).toBeFocused();
  const names = await page.getByRole("checkbox").evaluateAll((boxes) => boxes.map((box) => (box as HTMLInputElement).value));
  expect(names).toEqual(["audit", "calls", "epics", "sso"]);
  await expect(page.getByText(/Included in Starter|Part of Starter/).first()).toBeVisible();
  await expect(page.getByRole("checkbox", { name: /^Single sign-on/ })).toBeDisabled();
  await page.getByRole("link", { name: "Extend: Single sign-on" }).click();
  await expect(page.getByRole("heading", { name: "Extend trial" })).toBeVisible();
});

test("a tenant that is archived, and a feature that is, while the drawer is open are refused and nothing is granted", async ({
  context,
  server,
  expectBrowserError,
}) => {
  expectBrowserError(/422 \(Unprocessable|409 \(Conflict/);
  const page = await signIn(await context.newPage());
  const panel = await openDrawer(page, "umbrella");
  await panel.getByRole("checkbox", { name: /^Single sign-on/ }).check();
  await api(server, "POST", "/api/features/sso/archive", {});
  await panel.getByRole("button", { name: "Grant trial" }).click();
  await expect(panel.getByText("Single sign-on is archived. Restore it before you grant it.")).toBeVisible();
  await api(server, "POST", "/api/features/sso/restore", {});
  await api(server, "PUT", "/api/tenants/umbrella", { name: "Umbrella", plan: "starter", status: "archived" });
  await panel.getByRole("button", { name: "Grant trial" }).click();
  await expect(panel.getByText(/Umbrella is archived\. Reinstate it before you grant it anything/)).toBeVisible();
  expect(grantsOf(server, "umbrella")).toEqual([]);
});

test("before anything is granted the panel says that the tenant is suspended or archived", async ({ context, server }) => {
  await api(server, "PUT", "/api/tenants/stark", { name: "Stark", plan: "starter", status: "suspended" });
  const page = await signIn(await context.newPage());
  const panel = await openDrawer(page, "stark");
  await expect(panel).toContainText("Stark is suspended, so every answer stays no until it is reinstated.");
  await panel.press("Escape");
  await expect(drawer(page)).toHaveCount(0);
  await expect(page.getByRole("link", { name: "Grant trial", exact: true }).first()).toBeFocused();
  await page.goto("/tenants/umbrella/trial");
  await expect(page.getByText("Umbrella is archived. Reinstate it before you grant it anything.")).toBeVisible();
  await expect(page.getByRole("button", { name: "Grant trial" })).toBeDisabled();
});

for (const colorScheme of ["light", "dark"] as const) {
  test(`the panel is usable for all and fits a phone, ${colorScheme}`, async ({ newPerson }) => {
    const page = await signIn(await (await newPerson({ colorScheme })).newPage());
    const check = async (what: string) => {
      for (const width of [1280, 390]) {
        await page.setViewportSize({ width, height: 800 });
        const violations = await violationsOf(page);
        const grave = violations.filter(isGrave);
        expect(grave.map(({ id, nodes }) => `${what}: ${id} ${nodes[0]?.html}`)).toEqual([]);
        expect([what, width, await overflowOf(page)]).toEqual([what, width, 0]);
        await page.screenshot({ path: `test-results/grant-panel/${what}-${width}-${colorScheme}.png` });
      }
      await page.setViewportSize({ width: 1280, height: 800 });
    };
    const panel = await openDrawer(page, "wayne");
    await panel.getByRole("checkbox", { name: /^API calls/ }).check();
    await panel.getByRole("checkbox", { name: /^Epics/ }).check();
    await check("drawer");
    await page.goto("/tenants/initech/trial");
    await check("page");
    await page.goto("/admins");
    await check("admins");
  });
}
