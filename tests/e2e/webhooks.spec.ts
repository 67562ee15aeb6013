import type { Page } from "@playwright/test";
import { isSignedBy, type Receiver, startReceiver, status } from "../support/receiver";
import { violationsOf } from "./accessibility";
import { importText, latchkey } from "./latchkey";
import { expect, ownerEnv, signIn, test } from "./server";

test.use({ serverEnv: { ...ownerEnv, LATCHKEY_WEBHOOK_ALLOW_HOSTS: "127.0.0.1" } });
test.describe.configure({ mode: "serial" });

const catalogue = "latchkey: 1\nfeatures:\n  sso: { name: Single sign-on }\nplans:\n  free: {}\n  pro: { features: { sso: true } }\n";
let receiver: Receiver;
let manageKey: string;
let secret: string;

test.beforeAll(async ({ server }, testInfo) => {
  importText(server, catalogue, testInfo.outputPath());
  manageKey = JSON.parse(latchkey(server, "keys", "create", "--name", "Billing", "--scope", "manage", "--json")).key;
  receiver = await startReceiver();
});
test.afterAll(() => receiver.close());

/** A toast that fades out is not to be read any more. */
const fading = '[data-sonner-toast][data-removed="true"]';
const hasNoIssues = async (page: Page) => expect(await violationsOf(page, { exclude: fading })).toEqual([]);
const arrived = (type: string) => expect.poll(() => receiver.received.filter((one) => one.type === type).length).toBeGreaterThan(0);
const last = (type: string) => receiver.received.findLast((one) => one.type === type) as Receiver["received"][number];

test("an admin creates a webhook, tests it and sees what was sent and answered", async ({ page, expectBrowserError }) => {
  // The invalid addresses.
  expectBrowserError(/status of 422/);
  await signIn(page);
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Webhooks" }).click();
  await page.getByRole("link", { name: "New webhook" }).first().click();
  await page.getByLabel("Address").fill("ftp://example.com");
  await page.getByRole("button", { name: "Create webhook" }).click();
  await expect(page.getByText("Enter a full address, such as https://example.com/webhooks/latchkey.")).toBeVisible();
  await page.getByLabel("Address").fill("http://10.0.0.1/hook");
  await page.getByRole("button", { name: "Create webhook" }).click();
  await expect(page.getByText("The host's address is private or reserved.")).toBeVisible();
  await page.getByLabel("Address").fill(receiver.url);
  await page.getByRole("checkbox", { name: /tenant\.created/ }).check();
  await hasNoIssues(page);
  await page.getByRole("button", { name: "Create webhook" }).click();
  await expect(page.getByText("The secret is shown only here")).toBeVisible();
  secret = (await page.getByRole("region", { name: "Signing secret" }).innerText()).trim();
  expect(secret).toMatch(/^whsec_/);
  await page.getByRole("link", { name: "Open the webhook" }).click();
  await expect(page.getByText("Nothing was sent yet")).toBeVisible();
  expect(await page.content()).not.toContain(secret);
  await page.getByRole("button", { name: "Send a test" }).click();
  await expect(page.getByText("Delivered", { exact: true })).toBeVisible();
  await expect(page.getByText("Status 200")).toBeVisible();
  await expect(page.getByText("thanks")).toBeVisible();
  expect(isSignedBy(secret, last("webhook.test"))).toBe(true);
  await hasNoIssues(page);
});

test("a change is delivered, listed and sent again on request", async ({ page, server }) => {
  const headers = { Authorization: `Bearer ${manageKey}`, "Content-Type": "application/json" };
  const body = JSON.stringify({ name: "Acme", plan: "pro" });
  expect((await fetch(`${server.url}/api/tenants/acme`, { method: "PUT", headers, body })).status).toBe(201);
  await arrived("tenant.created");
  await signIn(page);
  await page.goto("/webhooks");
  await page.getByRole("link", { name: /^127\.0\.0\.1/ }).click();
  await expect(page.getByText("Acme was created on the plan pro.")).toBeVisible();
  await hasNoIssues(page);
  await page.getByRole("link", { name: /tenant\.created/ }).click();
  await page.getByRole("button", { name: "Send again" }).click();
  const ids = () => receiver.received.filter(({ type }) => type === "tenant.created").map((one) => one.headers["webhook-id"]);
  await expect.poll(() => ids().length).toBe(2);
  expect(new Set(ids()).size).toBe(1);
});

test("after a rotation the new secret and, for a day, the old one verify", async ({ page }) => {
  await signIn(page);
  await page.goto("/webhooks");
  await page.getByRole("link", { name: /^127\.0\.0\.1/ }).click();
  await page.getByRole("link", { name: "Rotate secret" }).click();
  await page.getByRole("button", { name: "Create the new secret" }).click();
  const rotated = (await page.getByRole("region", { name: "Signing secret" }).innerText()).trim();
  expect(rotated).not.toBe(secret);
  await page.getByRole("link", { name: "Back to the webhook" }).click();
  await expect(page.getByText("Old secret")).toBeVisible();
  receiver.received.length = 0;
  await page.getByRole("button", { name: "Send a test" }).click();
  await arrived("webhook.test");
  expect([secret, rotated].map((by) => isSignedBy(by, last("webhook.test")))).toEqual([true, true]);
});

test("a receiver that is gone disables its webhook, and the bell says so", async ({ page, server }) => {
  receiver.answerWith(status(410));
  const headers = { Authorization: `Bearer ${manageKey}`, "Content-Type": "application/json" };
  await fetch(`${server.url}/api/tenants/globex`, { method: "PUT", headers, body: JSON.stringify({ name: "Globex" }) });
  await signIn(page);
  await expect(async () => {
    await page.goto("/");
    await expect(page.getByRole("link", { name: "Notices, 1 unread" }).first()).toBeVisible({ timeout: 1_000 });
  }).toPass();
  await page.getByRole("link", { name: "Notices, 1 unread" }).first().click();
  await expect(page.getByText(/The webhook to 127\.0\.0\.1:\d+ was disabled\. The receiver answered 410/)).toBeVisible();
  await hasNoIssues(page);
  await page.getByRole("button", { name: "Mark all as read" }).click();
  await expect(page.getByRole("link", { name: "Notices", exact: true }).first()).toBeVisible();
  await page.getByRole("link", { name: /The webhook to/ }).click();
  receiver.answerWith((response) => response.writeHead(204).end());
  await page.getByRole("button", { name: "Enable" }).click();
  await expect.poll(() => receiver.received.filter(({ data }) => data.tenant?.key === "globex").length).toBe(2);
});

test.describe("without script", () => {
  test.use({ javaScriptEnabled: false });

  test("a webhook is created and tested, and notices are chosen", async ({ page, expectBrowserError }) => {
    // The invalid number of days.
    expectBrowserError(/status of 422/);
    await signIn(page);
    await page.goto("/webhooks/new");
    await page.getByLabel("Address").fill(`${receiver.url}/plain`);
    await page.getByText("Slack text").click();
    await page.getByRole("button", { name: "Create webhook" }).click();
    await page.getByRole("button", { name: "Send a test" }).click();
    await expect(page.getByText("Delivered", { exact: true })).toBeVisible({ timeout: 30_000 });
    expect(receiver.received.at(-1)?.body).toBe('{"text":"This is a test from Latchkey."}');
    await page.goto("/notices/rules");
    await page.getByLabel("A trial ended").check();
    await page.getByLabel("Days before a trial ends").fill("0");
    await page.getByRole("button", { name: "Save" }).click();
    await expect(page.getByText("Choose at least 1.")).toBeVisible();
    await page.getByLabel("Days before a trial ends").fill("7");
    await page.getByRole("button", { name: "Save" }).click();
    await page.goto("/notices/rules");
    await expect(page.getByLabel("A trial ended")).toBeChecked();
    await expect(page.getByLabel("Days before a trial ends")).toHaveValue("7");
  });
});
