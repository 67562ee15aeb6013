import { fileURLToPath } from "node:url";
import { violationsOf } from "./accessibility";
import { latchkey } from "./latchkey";
import { expect, ownerEnv, signIn, smallScreens, test } from "./server";

test.use({ serverEnv: ownerEnv });
test.describe.configure({ mode: "serial" });

const gitlab = fileURLToPath(new URL("../../db/catalogues/gitlab.yaml", import.meta.url));

let manageKey: string;
const headers = () => ({ Authorization: `Bearer ${manageKey}`, "Content-Type": "application/json" });
test.beforeAll(async ({ server }) => {
  latchkey(server, "import", gitlab, "--yes");
  manageKey = JSON.parse(latchkey(server, "keys", "create", "--name", "Billing", "--scope", "manage", "--json")).key;
  for (const [key, name] of [
    ["acme", "Acme"],
    ["script", "Without script"],
    ["phone", "Phone"],
    ["zoom", "Zoom"],
  ]) {
    const answer = await fetch(`${server.url}/api/tenants/${key}`, {
      method: "PUT",
      headers: headers(),
      body: JSON.stringify({ name, plan: "free" }),
    });
    expect(answer.ok).toBe(true);
  }
});

/** The value of a date and time input, in UTC. */
const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 16);

for (const [key, name, what, options] of [
  ["acme", "Acme", "with scripts", {}],
  ["script", "Without script", "without scripts", { javaScriptEnabled: false }],
  ["phone", "Phone", "on a phone", smallScreens["on a phone"]],
  ["zoom", "Zoom", "at 200 % zoom", smallScreens["at 200 % zoom"]],
] as const) {
  test.describe(what, () => {
    test.use({ ...options, timezoneId: "UTC" });

    test("a plan change is scheduled, moved and cancelled", async ({ page }) => {
      await signIn(page);
      await page.goto(`/tenants/${key}/plan`);
      await page.getByLabel("Plan", { exact: true }).selectOption({ label: "Premium" });
      await page.getByRole("button", { name: "Show what changes" }).click();
      await expect(page.getByRole("heading", { name: "What changes" })).toBeVisible();
      await expect(page.getByLabel("Date and time")).toBeHidden();
      await page.getByText("On a date", { exact: true }).click();
      await page.getByLabel("Date and time").fill(inDays(10));
      await page.getByLabel("Note").fill("New contract");
      await page.getByRole("button", { name: "Change plan" }).click();
      await expect(page.getByRole("heading", { name: "Coming changes" })).toBeVisible();
      await expect(page.getByText("Moves to Premium", { exact: true })).toBeVisible();
      await expect(page.getByText("Plan Free")).toBeVisible();

      await page.goto("/");
      await page.getByRole("link", { name: `Move or cancel: ${name} moves to Premium` }).click();
      await page.getByLabel("Date and time").fill(inDays(20));
      await page.getByRole("button", { name: "Move", exact: true }).click();
      await expect(page.getByText("in 20 days")).toBeVisible();

      await page.getByRole("link", { name: /^Move or cancel/ }).click();
      await page.getByRole("button", { name: "Cancel this change" }).click();
      await expect(page.getByText("cancelled a scheduled change: moves to Premium")).toBeVisible();
      await expect(page.getByRole("heading", { name: "Coming changes" })).toHaveCount(0);
    });
  });
}

test("a change takes effect at its time: the answer at once, and the list of tenants within seconds", async ({ page, server }) => {
  await signIn(page);
  const at = Date.now() + 3_000;
  const made = await fetch(`${server.url}/api/tenants/acme/scheduled`, {
    method: "POST",
    headers: headers(),
    body: JSON.stringify({ at: new Date(at).toISOString(), plan: "ultimate" }),
  });
  expect(made.status).toBe(201);
  const planNow = async () => (await (await fetch(`${server.url}/api/tenants/acme`, { headers: headers() })).json()).plan;
  await expect.poll(planNow).toBe("ultimate");
  expect(Date.now()).toBeGreaterThanOrEqual(at);
  await expect
    .poll(async () => {
      await page.goto("/tenants?plan=ultimate");
      return page.getByRole("link", { name: "Acme", exact: true }).count();
    })
    .toBe(1);
});

test("the pages have no accessibility violations, on a phone in dark mode too", async ({ page, server }) => {
  await page.emulateMedia({ colorScheme: "dark" });
  await page.setViewportSize({ width: 390, height: 844 });
  await signIn(page);
  const answer = await fetch(`${server.url}/api/tenants/acme/scheduled`, {
    method: "POST",
    headers: headers(),
    body: JSON.stringify({ at: new Date(Date.now() + 86_400_000).toISOString(), status: "suspended" }),
  });
  const { items } = (await answer.json()) as { items: { id: string }[] };
  for (const path of [
    "/",
    "/tenants/acme",
    `/tenants/acme/scheduled/${items[0]?.id}`,
    "/tenants/acme/status",
    "/tenants/acme/plan?plan=free",
  ]) {
    await page.goto(path);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
    expect([path, (await violationsOf(page)).map(({ id }) => id)]).toEqual([path, []]);
  }
});
