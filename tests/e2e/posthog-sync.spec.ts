import { type FakePosthog, startFakePosthog } from "../fake-posthog/start";
import { startProgram } from "../support/program";
import { test as base, expect, ownerEnv, signIn } from "./server";

const test = base.extend<object, { fake: FakePosthog }>({
  fake: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of the fixtures from here
    async ({}, use) => {
      const fake = await startFakePosthog();
      await use(fake);
      await fake.close();
    },
    { scope: "worker" },
  ],
  server: [
    async ({ fake }, use) => {
      const server = await startProgram({
        ...ownerEnv,
        POSTHOG_PROJECT_API_KEY: fake.state.projectKey,
        POSTHOG_HOST: fake.origin,
      });
      await use(server);
      await server.stop();
    },
    { scope: "worker", timeout: 60_000 },
  ],
});

test("what an admin changes reaches PostHog; a resync shows how far it is, also after a reload and without script", async ({
  page,
  fake,
  newPerson,
}) => {
  await signIn(page);

  await page.goto("/tenants/new");
  await page.getByLabel("Name").fill("Acme Ltd");
  await page.getByLabel("Key").fill("acme");
  await page.getByRole("button", { name: "Create tenant" }).click();
  // The menu has a link of the same name, and the address is the tenant's before its page is there.
  await page.getByRole("navigation", { name: "Acme Ltd" }).getByRole("link", { name: "PostHog" }).click();
  await page.waitForURL((url) => url.pathname === "/tenants/acme/posthog");
  await expect(page.getByText("In sync")).toBeVisible();
  expect(fake.state.group("acme")).toMatchObject({ name: "Acme Ltd" });

  fake.state.mode["/batch/"] = "silent";
  await page.goto("/posthog");
  await page.getByRole("button", { name: "Resync all tenants" }).click();
  const bar = page.getByRole("progressbar", { name: "Resync that Owner started" });
  await expect(bar).toBeVisible();
  await page.reload();
  await expect(bar).toBeVisible();
  const without = await newPerson({ javaScriptEnabled: false, storageState: await page.context().storageState() });
  const plain = await without.newPage();
  await plain.goto("/posthog");
  await expect(plain.getByRole("progressbar")).toBeVisible();

  // PostHog does not answer; then it does, and both pages come to say so by themselves.
  fake.state.mode["/batch/"] = "ok";
  await expect(page.getByText("had the one tenant sent again")).toBeVisible({ timeout: 30_000 });
  await expect(plain.getByText("had the one tenant sent again")).toBeVisible({ timeout: 10_000 });
});
