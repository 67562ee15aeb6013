import { gunzipSync } from "node:zlib";
import { type FakePosthog, startFakePosthog } from "../fake-posthog/start";
import type { CapturedEvent } from "../fake-posthog/wire";
import { startProgram } from "../support/program";
import { test as base, enterPassword, expect, owner, ownerEnv } from "./server";

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
        POSTHOG_JS_ENABLED: "true",
        POSTHOG_SESSION_REPLAY: "true",
      });
      await use(server);
      await server.stop();
    },
    { scope: "worker", timeout: 60_000 },
  ],
});
test.describe.configure({ mode: "serial" });

// posthog-js sends nothing for a browser that says it is driven by a program.
test.beforeEach(({ page }) => page.addInitScript({ content: "Object.defineProperty(navigator, 'webdriver', { get: () => false })" }));

const views = ({ state }: FakePosthog) => state.events.filter((e) => e.event === "$pageview");
const pathOf = ({ properties }: CapturedEvent) => new URL(String(properties?.$current_url)).pathname;
const seen = async (fake: FakePosthog, path: string, after = 0): Promise<CapturedEvent> => {
  await expect.poll(() => views(fake).slice(after).map(pathOf), { timeout: 15_000 }).toContain(path);
  return views(fake)
    .slice(after)
    .find((view) => pathOf(view) === path) as CapturedEvent;
};

test("page views go through our own host: anonymous before the sign-in, then the admin's, with the tenant's group", async ({
  page,
  fake,
}) => {
  const hosts = new Set<string>();
  page.on("request", (request) => void hosts.add(new URL(request.url()).host));
  await page.goto("/sign-in?q=Ada");
  const before = await seen(fake, "/sign-in");
  const visitor = (await page.context().cookies()).find(({ name }) => name === "visitor");
  expect(visitor?.httpOnly).toBe(true);
  expect(before.distinct_id ?? before.properties?.distinct_id).toBe(visitor?.value);
  expect(before.properties?.$current_url).toMatch(/\/sign-in\?q=hidden$/);

  await enterPassword(page);
  await page.goto("/tenants/new");
  await page.getByLabel("Key").fill("acme");
  await page.getByLabel("Name").fill("Acme");
  await page.getByRole("button", { name: "Create tenant" }).click();
  const view = await seen(fake, "/tenants/acme");
  const named = (name: string) => fake.state.events.find((e) => e.event === name);
  await expect.poll(() => named("user_logged_in"), { timeout: 15_000 }).toBeTruthy();
  const admin = named("user_logged_in")?.distinct_id;
  expect(admin).toMatch(/^adm_/);
  expect(view.properties).toMatchObject({ distinct_id: admin, $groups: { organization: "acme" } });
  expect(named("$create_alias")?.properties).toMatchObject({
    distinct_id: admin,
    alias: visitor?.value,
  });
  expect(fake.state.persons.get(admin as string)).toMatchObject({ email: owner.email, role: "owner" });

  const sofar = views(fake).length;
  await page.getByRole("link", { name: "Features", exact: true }).first().click();
  const next = await seen(fake, "/features", sofar);
  expect(next.properties?.$groups ?? {}).toEqual({});
  expect([...hosts]).toEqual([new URL(page.url()).host]);
  expect(fake.state.requests).not.toHaveProperty("/flags/");
  expect(fake.state.recordings).toBe(0);
});

test("what script asks of us says whose session it belongs to", async ({ page }) => {
  await page.goto("/sign-in");
  await enterPassword(page);
  const [request] = await Promise.all([
    page.waitForRequest((r) => /\.data(\?|$)/.test(r.url()) && r.headers()["x-posthog-session-id"] !== undefined),
    page.getByRole("link", { name: "Plans", exact: true }).first().click(),
  ]);
  expect(request.headers()["x-posthog-distinct-id"]).toMatch(/^adm_/);
});

test("the token of a one-time link reaches PostHog in no event", async ({ page, fake, expectBrowserError }) => {
  expectBrowserError(/404/);
  await page.goto("/invite/q3Zr0bGm7wYh-1nXk_8uLsTe2vDcJa5PfOi9RyBx4Wd");
  const sofar = views(fake).length;
  await page.goto("/sign-in");
  await seen(fake, "/sign-in", sofar);
  expect(JSON.stringify(fake.state.events)).not.toContain("q3Zr0bGm7wYh");
  expect(views(fake).map(pathOf)).not.toContain("/invite/hidden");
});

/** What a recording holds, unpacked: parts of it are packed once more by themselves. */
function unpacked(body: Buffer | null): string {
  const text = (bytes: Buffer) => (bytes[0] === 0x1f ? gunzipSync(bytes) : bytes).toString("utf8");
  return JSON.stringify(JSON.parse(text(body ?? Buffer.from("[]"))), (_name, value) =>
    typeof value === "string" && value.startsWith("\u001f\u008b") ? text(Buffer.from(value, "latin1")) : value,
  );
}

test("a visit is recorded after a yes on one's account page, without what is typed, and no longer after a no", async ({ page, fake }) => {
  const recorded: string[] = [];
  page.on("request", (request) => {
    if (new URL(request.url()).pathname === "/relay/s/") recorded.push(unpacked(request.postDataBuffer()));
  });
  await page.goto("/sign-in");
  await enterPassword(page);
  await page.goto("/account");
  await page.getByRole("button", { name: "Record my visits" }).click();
  await expect(page.getByRole("button", { name: "Stop recording my visits" })).toBeVisible();
  await page.getByLabel("Current password").pressSequentially("typed-not-recorded");
  await page.getByRole("link", { name: "Tenants", exact: true }).first().click();
  await page.getByRole("searchbox").first().pressSequentially("searched-not-recorded");
  await expect.poll(() => recorded.join(), { timeout: 20_000 }).toContain("Current password");
  await expect.poll(() => recorded.join(), { timeout: 20_000 }).toContain("*".repeat("searched-not-recorded".length));
  expect(fake.state.recordings).toBeGreaterThan(0);
  const leaked = /.{0,80}(typed|searched)-not-recorded.{0,80}/.exec(recorded.join())?.[0];
  expect(leaked).toBeUndefined();

  await page.goto("/keys/new");
  await page.getByLabel("Name").fill("Shop");
  await page.getByRole("button", { name: /Create/ }).click();
  await expect(page.getByText(/lk_live_\w{36}/).first()).toBeVisible();
  await page.getByRole("link", { name: "Tenants", exact: true }).first().click();
  await expect.poll(() => recorded.join(), { timeout: 20_000 }).toContain("/keys/new");
  expect(recorded.join()).not.toMatch(/lk_live_\w{12}/);

  await page.goto("/account");
  await page.getByRole("button", { name: "Stop recording my visits" }).click();
  await expect(page.getByRole("button", { name: "Record my visits" })).toBeVisible();
  await page.reload();
  const sofar = views(fake).length;
  await page.getByRole("link", { name: "Plans", exact: true }).first().click();
  await seen(fake, "/plans", sofar);
  await page.getByRole("link", { name: "Features", exact: true }).first().click();
  await seen(fake, "/features", sofar);
  // What was recorded before the no may still have been on its way.
  expect(recorded.join()).not.toMatch(/"href":"[^"]+\/(plans|features)"/);
});

test("the next person at this browser is somebody else", async ({ page, fake }) => {
  await page.goto("/sign-in");
  await enterPassword(page);
  await seen(fake, new URL(page.url()).pathname);
  const first = await page.evaluate(() => document.cookie);
  expect(first).toMatch(/ph_.*_posthog/);
  await page.getByRole("button", { name: "Sign out" }).first().click();
  await page.waitForURL(/sign-in/);
  const sofar = views(fake).length;
  await page.reload();
  const view = await seen(fake, "/sign-in", sofar);
  expect(String(view.properties?.distinct_id)).not.toMatch(/^adm_/);
});

test("the pages work while PostHog is away", async ({ page, fake, expectBrowserError }) => {
  expectBrowserError(/502|Failed to load resource/);
  fake.state.mode.default = "refuse";
  await fake.ready();
  await page.goto("/sign-in");
  await enterPassword(page);
  await page.goto("/plans");
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  fake.state.mode.default = "ok";
  await fake.ready();
});
