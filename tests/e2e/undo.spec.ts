import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Page } from "@playwright/test";
import { latchkey } from "./latchkey";
import { expect, ownerEnv, signIn, smallScreens, test } from "./server";

test.use({ serverEnv: ownerEnv });
test.describe.configure({ mode: "serial" });

const root = fileURLToPath(new URL("../..", import.meta.url));

const catalogue = JSON.stringify({
  latchkey: 1,
  features: { sso: { name: "Single sign-on" }, epics: { name: "Epics" } },
  plans: {
    starter: { name: "Starter", rank: 1, features: { epics: true } },
    premium: { name: "Premium", rank: 2, includes: "starter", features: { sso: true } },
  },
  tenants: { acme: { name: "Acme", plan: "starter" }, phone: { name: "Phone", plan: "starter" }, zoom: { name: "Zoom", plan: "starter" } },
});

async function undoAndBack(page: Page, tenant: string): Promise<void> {
  await page.goto(`/tenants/${tenant}/status?to=suspended`);
  await page.getByRole("button", { name: "Change status" }).click();
  await page.locator("[data-sonner-toast]").first().getByRole("button", { name: "Undo" }).click();
  await expect(page.getByText("Undone.", { exact: true })).toBeVisible();
  await page.goto(`/tenants/${tenant}/audit`);
  await expect(page.getByText("undid the suspension").first()).toBeVisible();
  await page
    .getByRole("link", { name: /^Undo entry/ })
    .first()
    .click();
  await expect(page.getByRole("heading", { name: "What goes back" })).toBeVisible();
  await page.getByRole("button", { name: "Undo", exact: true }).click();
  await page.goto(`/tenants/${tenant}`);
  await expect(page.getByText("Suspended").first()).toBeVisible();
}

test("a suspension is undone from the toast, and that undo from Activity", async ({ context, server }) => {
  const file = `${server.env.DATABASE_URL?.replace("file:", "")}.json`;
  writeFileSync(file, catalogue);
  const run = spawnSync(process.execPath, ["build/server/cli.js", "import", file, "--yes"], {
    cwd: root,
    env: server.env,
    encoding: "utf8",
  });
  expect(run.status).toBe(0);
  await undoAndBack(await signIn(await context.newPage()), "acme");
});

for (const [where, screen] of Object.entries(smallScreens)) {
  test(`the same ${where}`, async ({ newPerson }) => {
    const tenant = where.includes("phone") ? "phone" : "zoom";
    await undoAndBack(await signIn(await (await newPerson(screen)).newPage()), tenant);
  });
}
/** Waits until the job on this page is over: the page follows it by itself. */
const over = (page: Page) => expect(page.getByRole("button", { name: "Cancel job" })).toHaveCount(0, { timeout: 60_000 });

test("a bulk act on 600 tenants is undone from its job's page, with who stays and why shown before", async ({ context, server }) => {
  const file = `${server.env.DATABASE_URL?.replace("file:", "")}-many.json`;
  const names = ["Charlie of a very long name that does not fit into any column of any table at all", "دلتا 株式会社"];
  const many = Object.fromEntries(
    Array.from({ length: 600 }, (_, i) => [`t${i}`, { name: names[i] ?? `Tenant ${i}`, plan: i < 5 ? "premium" : "starter" }]),
  );
  writeFileSync(file, JSON.stringify({ ...JSON.parse(catalogue), tenants: many }));
  latchkey(server, "import", file, "--yes");
  const page = await signIn(await context.newPage());
  await page.goto("/bulk?all=1&plan=starter");
  await page.getByLabel("Change plan").check();
  await page.getByLabel("Plan", { exact: true }).selectOption("premium");
  await page.getByRole("button", { name: "Show what changes" }).click();
  await over(page);
  await page.getByRole("button", { name: /^Change \d+ tenants$/ }).click();
  await over(page);
  await page.getByRole("link", { name: "Undo", exact: true }).waitFor();
  const job = page.url();
  await page.goto("/tenants/t599/status?to=suspended");
  await page.getByRole("button", { name: "Change status" }).click();
  await page.goto(job);
  await page.getByRole("link", { name: "Undo", exact: true }).click();
  await expect(page.getByText(/This act has 59\d entries/)).toBeVisible();
  await page.getByLabel("Note").fill("Wrong list");
  await page.getByRole("button", { name: "Show what goes back" }).click();
  await over(page);
  await expect(page.getByText("Preview: nothing is changed yet.")).toBeVisible();
  await expect(page.getByRole("row", { name: /Tenant 187/ })).toContainText("Plan: Premium → Starter.");
  await page.getByRole("button", { name: /^Undo for \d+ tenants$/ }).click();
  await over(page);
  await expect(page.getByText("Done", { exact: true }).first()).toBeVisible();
  await page.goto("/tenants/t599");
  await expect(page.getByText("Starter").first()).toBeVisible();
  await expect(page.getByText("Suspended").first()).toBeVisible();
});
