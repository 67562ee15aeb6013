import type { Page } from "@playwright/test";
import { expect, ownerEnv, signIn, test } from "./server";

test.use({ serverEnv: ownerEnv });
test.describe.configure({ mode: "serial" });

const file = JSON.stringify({
  latchkey: 1,
  features: {
    sso: { name: "Single sign-on", group: "Security" },
    audit: { name: "Audit trail", group: "Security" },
    calls: { name: "API calls", meter: { resetPeriod: "month", unit: "calls" } },
  },
  plans: {
    free: { name: "Free", features: { calls: 10 } },
    pro: { name: "Pro", includes: "free", features: { sso: true, calls: 100 } },
  },
  tenants: {
    bramblecote: { name: "Bramblecote Rail", plan: "free", grants: [{ trial: "sso", endsAt: "2099-01-01T00:00:00Z" }] },
    globex: { name: "Globex", plan: "pro" },
  },
});

async function importFile(page: Page): Promise<void> {
  await page.goto("/import");
  await page.getByLabel("Catalogue file").setInputFiles({ name: "world.json", mimeType: "application/json", buffer: Buffer.from(file) });
  await page.getByRole("button", { name: "Show what it changes" }).click();
  await page.getByRole("button", { name: "Import" }).click();
  await expect(page.getByText("world.json is imported")).toBeVisible();
}

const rule = (page: Page, asks: string) => page.getByRole("listitem").filter({ hasText: asks });

test("a feature's page leads to the list behind a count, to a plan, and to why a tenant has it", async ({ page }) => {
  await signIn(page);
  await importFile(page);
  await page.goto("/features/sso");
  await expect(page.getByRole("link", { name: /^Plan 1 tenant/ })).toHaveAttribute("href", "/tenants?feature=sso&through=plan");
  await expect(page.getByRole("link", { name: /^Trial 1 tenant/ })).toHaveAttribute("href", "/tenants?feature=sso&through=trial");
  await page.getByRole("link", { name: "Pro", exact: true }).click();
  await expect(page.getByRole("heading", { name: "What it adds to Free" })).toBeVisible();
  await expect(page.getByText("Adds 1 feature and changes 1 feature.")).toBeVisible();
  await expect(page.getByText("10 calls → 100 calls")).toBeVisible();
  await page.getByLabel("With").selectOption("free");
  await page.getByRole("button", { name: "Compare" }).click();
  await expect(page).toHaveURL("/plans/pro?compare=free");
  await expect(page.getByRole("row", { name: /API calls 100 calls 10 calls Differs/ })).toBeVisible();

  await page.goto("/features/sso");
  await page.getByRole("link", { name: "Try it" }).click();
  await page.getByLabel("Tenant").fill("bramblecote");
  await page.getByRole("button", { name: "Decide" }).click();
  await expect(rule(page, "Is a trial live?")).toContainText("decides");
  await page.getByRole("link", { name: /Audit trail/ }).click();
  await expect(rule(page, "Is there nothing that gives it?")).toContainText("decides");
  await expect(page.getByText(/api\/entitlements\?tenant=bramblecote&feature=audit&explain=1/)).toBeVisible();
});

test("what is asked in the playground is no demand and no check", async ({ page, request }) => {
  await signIn(page);
  await page.goto("/playground?tenant=bramblecote&feature=audit");
  await expect(page.getByText("2 of 3 features on")).toBeVisible();
  const metrics = await (await request.get("/metrics")).text();
  expect(metrics).not.toMatch(/^latchkey_checks_total\S* [1-9]/m);
  await page.goto("/features/audit");
  await expect(page.getByText("Nothing was refused in the last 30 days.")).toBeVisible();
});

test("an amount that is left, and one that is not, are told apart", async ({ page }) => {
  await signIn(page);
  await page.goto("/playground?tenant=globex&feature=calls");
  await expect(rule(page, "Does the plan, a plan it includes, or an add-on have it?")).toContainText("decides");
  await page.getByLabel("Requested amount").fill("101");
  await page.getByRole("button", { name: "Decide" }).click();
  await expect(rule(page, "Is its limit reached, with what is asked for?")).toContainText("decides");
  await expect(page.getByText("Only 100 of 100 calls are left.").first()).toBeVisible();
});

test.describe("without script", () => {
  test.use({ javaScriptEnabled: false });

  test("the playground corrects a tenant's key and a time, and answers", async ({ page }) => {
    await signIn(page);
    await page.goto("/playground");
    await page.getByLabel("Tenant").fill("bramblecot");
    await page.getByRole("button", { name: "Decide" }).click();
    await page.getByRole("link", { name: "Bramblecote Rail (bramblecote)" }).click();
    await expect(page.getByText("2 of 3 features on")).toBeVisible();
    await page.getByRole("link", { name: /Single sign-on/ }).click();
    await expect(rule(page, "Is a trial live?")).toContainText("decides");
    await page.getByLabel(/^Time/).fill("2099-01-01T12:00");
    await page.getByRole("button", { name: "Decide" }).click();
    await expect(rule(page, "Is there nothing that gives it?")).toContainText("decides");
    await expect(page.getByText("With today's plans, grants and usage.")).toBeVisible();
  });

  test("a feature is edited at its own address, and an unknown key names near ones", async ({ page, expectBrowserError }) => {
    expectBrowserError(/404 .*\/features\/audit_trail$/);
    await signIn(page);
    await page.goto("/features/audit");
    await page.getByRole("link", { name: "Edit", exact: true }).click();
    await expect(page).toHaveURL("/features/audit/edit");
    await page.getByLabel("Name").fill("Audit log");
    await page.getByRole("button", { name: "Save" }).click();
    await expect(page).toHaveURL("/features/audit");
    await expect(page.getByText("Owner edited this feature")).toBeVisible();
    await page.goto("/features/audit_trail");
    await page.getByRole("link", { name: "Audit log" }).click();
    await expect(page).toHaveURL("/features/audit");
  });

  test("a plan is archived from its edit page, and its page then says so", async ({ page }) => {
    await signIn(page);
    await page.goto("/plans/pro?ask=archive");
    await expect(page).toHaveURL("/plans/pro/edit?ask=archive");
    await page.getByRole("button", { name: "Archive plan" }).click();
    await expect(page).toHaveURL("/plans/pro");
    await expect(page.getByText("This plan is archived and cannot be newly given.")).toBeVisible();
    await expect(page.getByText("1 tenant still has it.")).toBeVisible();
  });
});
