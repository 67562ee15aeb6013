import type { Page } from "@playwright/test";
import { type FakePosthog, startFakePosthog } from "../fake-posthog/start";
import { startProgram } from "../support/program";
import { violationsOf } from "./accessibility";
import { test as base, expect, ownerEnv, signIn } from "./server";

const slow = { timeout: 30_000 };

const envOf = (fake: FakePosthog) => ({
  ...ownerEnv,
  POSTHOG_PROJECT_API_KEY: fake.state.projectKey,
  POSTHOG_HOST: fake.origin,
});

const test = base.extend<object, { fake: FakePosthog }>({
  fake: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of the fixtures from here
    async ({}, use) => {
      const fake = await startFakePosthog();
      fake.state.setFlag({ key: "ai-search", active: false });
      await use(fake);
      await fake.close();
    },
    { scope: "worker" },
  ],
  server: [
    async ({ fake }, use) => {
      const local = { POSTHOG_SECRET_KEY: fake.state.secretKey, POSTHOG_PROJECT_ID: fake.state.projectId, POSTHOG_FLAG_POLL_INTERVAL: "1" };
      const server = await startProgram({ ...envOf(fake), ...local });
      await use(server);
      await server.stop();
    },
    { scope: "worker", timeout: 60_000 },
  ],
});
test.describe.configure({ mode: "serial" });

/** A tenant without a plan, a feature that only its flag can give, and a key for a program that asks. */
async function setUp(page: Page): Promise<string> {
  await signIn(page);
  await page.goto("/features/new");
  await page.getByLabel("Name").fill("AI search");
  await page.getByLabel("Key", { exact: true }).fill("ai_search");
  await page.getByLabel(/^PostHog flag/).fill("ai-search");
  await page.getByRole("button", { name: "Create feature" }).click();
  await expect(page.getByRole("heading", { name: "AI search" })).toBeVisible();
  await page.goto("/tenants/new");
  await page.getByLabel("Key").fill("acme");
  await page.getByLabel("Name").fill("Acme");
  await page.getByRole("button", { name: "Create tenant" }).click();
  await expect(page.getByRole("heading", { name: "Acme" })).toBeVisible();
  await page.goto("/keys/new");
  await page.getByLabel("Name").fill("App");
  await page.getByRole("button", { name: /Create/ }).click();
  return (
    await page
      .getByText(/lk_live_\w{36}/)
      .first()
      .innerText()
  ).match(/lk_live_\w{36}/)?.[0] as string;
}

const answerRow = (page: Page) => page.locator("summary").filter({ hasText: "AI search" });

async function accessible(page: Page): Promise<void> {
  const violations = await violationsOf(page);
  expect(violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)])).toEqual([]);
}

test("a flag switched on in PostHog is on for the tenant's page and for the very next check after a poll; PostHog pulled down is said, and checks go on", async ({
  page,
  fake,
  server,
  newPerson,
}) => {
  test.slow();
  const key = await setUp(page);
  const check = async () => {
    const headers = { authorization: `Bearer ${key}` };
    const answer = await fetch(`${server.url}/api/entitlements?tenant=acme&feature=ai_search`, { headers });
    return { status: answer.status, ...(await answer.json()).entitlements.ai_search };
  };
  const polls = () => fake.state.requests["/flags/definitions"] ?? 0;
  /** Of two more polls the first one's answer is in use. */
  const polled = async () => {
    const before = polls();
    await expect.poll(polls, slow).toBeGreaterThanOrEqual(before + 2);
  };
  const without = await newPerson({ javaScriptEnabled: false, storageState: await page.context().storageState() });
  const plain = await without.newPage();

  await polled();
  await page.goto("/tenants/acme/features?show=all");
  await expect(answerRow(page)).toContainText("This tenant has no plan.");
  expect(await check()).toMatchObject({ status: 200, entitled: false, reason: { code: "not_in_plan" } });

  fake.state.setFlag({ key: "ai-search" });
  await polled();
  expect(await check()).toMatchObject({ status: 200, entitled: true, source: "flag", reason: { code: "flag_on" } });
  await page.goto("/tenants/acme/features?show=all");
  await expect(answerRow(page)).toContainText("Switched on by its feature flag.");
  await page.goto("/tenants/acme/posthog");
  await expect(page.getByRole("listitem").filter({ hasText: "ai-search" })).toContainText("On");
  await accessible(page);
  await page.goto("/flags");
  await expect(page.getByText("1 feature is linked to a flag")).toBeVisible();
  await expect(page.getByText("The flag has been rolled out")).not.toBeVisible();
  await accessible(page);

  fake.state.mode.default = "refuse";
  await fake.ready();
  const notice = (p: Page) => p.getByRole("status").filter({ hasText: "PostHog cannot be reached" });
  for (const who of [page, plain]) {
    await expect(async () => {
      await who.goto("/tenants/acme/features?show=all");
      await expect(notice(who)).toBeVisible({ timeout: 1_000 });
    }).toPass(slow);
    await expect(notice(who)).toContainText(/told nothing of flags since \d+ \w+ \d{4}, \d\d:\d\d:\d\d UTC/);
    await expect(notice(who)).toContainText("flags are evaluated from the definitions that it gave last, and checks go on");
    await expect(answerRow(who)).toContainText("Switched on by its feature flag.");
  }
  await accessible(page);
  for (let i = 0; i < 50; i++) expect(await check()).toMatchObject({ status: 200, entitled: true, reason: { code: "flag_on" } });
  await page.goto("/flags");
  await expect(page.getByText("What only PostHog knows of its flags is left out below.")).toBeVisible();
  await accessible(page);

  await page.goto("/tenants/acme/features?show=all");
  await expect(notice(page)).toBeVisible();
  fake.state.setFlag({ key: "ai-search", active: false });
  fake.state.mode.default = "ok";
  await fake.ready();
  // The open page comes to say so by itself.
  await expect(notice(page)).not.toBeVisible(slow);
  await polled();
  await page.goto("/tenants/acme/features?show=all");
  await expect(answerRow(page)).toContainText("This tenant has no plan.");
  expect(await check()).toMatchObject({ entitled: false, reason: { code: "not_in_plan" } });
});

test("without a secret key an open page gets by itself what PostHog answers, and says when it rests on last known values", async ({
  fake,
  newPerson,
}) => {
  test.slow();
  fake.state.setFlag({ key: "ai-search", active: false });
  const server = await startProgram({ ...envOf(fake), POSTHOG_FEATURE_FLAGS_CACHE_TTL: "1" });
  const page = await (await newPerson({ baseURL: server.url })).newPage();
  const key = await setUp(page);
  const check = async () => {
    const headers = { authorization: `Bearer ${key}` };
    const answer = await fetch(`${server.url}/api/entitlements?tenant=acme&feature=ai_search`, { headers });
    expect(answer.status).toBe(200);
    return (await answer.json()).entitlements.ai_search;
  };
  await page.goto("/tenants/acme/features?show=all");
  await expect(answerRow(page)).toContainText("This tenant has no plan.");

  fake.state.setFlag({ key: "ai-search" });
  await expect.poll(check, slow).toMatchObject({ entitled: true, reason: { code: "flag_on" } });
  await page.goto("/tenants/acme/features?show=all");
  await expect(answerRow(page)).toContainText("Switched on by its feature flag.");

  fake.state.mode["/flags/"] = "silent";
  const notice = page.getByRole("status").filter({ hasText: "PostHog gave no answer about flags" });
  await expect(async () => {
    // A page rendered during a request to PostHog refreshes itself.
    await page.goto("/tenants/acme/features?show=all");
    await expect(notice).toBeVisible({ timeout: 5_000 });
  }).toPass(slow);
  await expect(notice).toContainText("answers rest on the last known value of each flag, and checks go on");
  for (let i = 0; i < 50; i++) expect(await check()).toMatchObject({ entitled: true, reason: { code: "flag_on" } });
  fake.state.mode["/flags/"] = "ok";
  await expect(notice).not.toBeVisible(slow);
  // An open page would keep polling.
  await page.close();
  expect(await server.stop()).toBe(0);
});
