import { expect, ownerEnv, signIn, test } from "./server";

test.use({ serverEnv: ownerEnv });

test("limits that an owner sets are said in the form for a trial before it is sent, and passed with a reason only", async ({
  context,
  server,
  expectBrowserError,
}) => {
  expectBrowserError(/422 \(Unprocessable Entity\)/);
  const { spawnSync } = await import("node:child_process");
  const { writeFileSync } = await import("node:fs");
  const file = `${server.env.DATABASE_URL?.replace("file:", "")}.json`;
  const plans = { starter: { name: "Starter", rank: 1, features: {} } };
  const tenants = { acme: { name: "Acme", plan: "starter" } };
  writeFileSync(file, JSON.stringify({ latchkey: 1, features: { sso: { name: "Single sign-on" } }, plans, tenants }));
  const run = spawnSync(process.execPath, ["build/server/cli.js", "import", file, "--yes"], { env: server.env, encoding: "utf8" });
  expect([run.status, run.stderr]).toEqual([0, ""]);

  const page = await signIn(await context.newPage());
  await page.goto("/rails");
  await page.getByLabel("Longest trial").fill("20");
  await page.getByRole("textbox", { name: "Reason" }).fill("Agreed with sales in June.");
  await page.getByRole("button", { name: "Save guard rails" }).click();
  await expect(page.getByText("The guard rails are saved.")).toBeVisible();
  await expect(page.getByLabel("Longest trial")).toHaveValue("20");

  await page.goto("/tenants/acme/trial?feature=sso");
  await expect(page.getByText("A trial lasts up to 20 days, extensions included. Agreed with sales in June.")).toBeVisible();
  const beyond = page.getByText("This one would last 30 days. To go on, write the reason as the note.");
  await expect(beyond).toHaveCount(0);
  await page.getByText("30 days", { exact: true }).click();
  await expect(beyond).toBeVisible();
  await page.getByRole("button", { name: "Grant trial" }).click();
  await expect(page.getByLabel("Note")).toHaveAttribute("aria-invalid", "true");
  await page.getByLabel("Note").fill("Migration is late");
  await page.getByRole("button", { name: "Grant trial" }).click();
  await expect(page).toHaveURL(/\/tenants\/acme\/grants/);
  await page.goto("/activity");
  await expect(page.getByText("beyond a guard rail")).toBeVisible();
});
