import type { Page } from "@playwright/test";
import { codeAt } from "../support/totp";
import { checkPages } from "./accessibility";
import { enterPassword, expect, owner, ownerEnv, signIn, test } from "./server";

test.use({ serverEnv: ownerEnv });
test.describe.configure({ mode: "serial" });

const path = "/account/second-factor";
let secret: string;
let codes: string[];

async function sendCode(page: Page, code: string): Promise<void> {
  await page.getByLabel("Code", { exact: true }).fill(code);
  await page.getByRole("button", { name: "Sign in" }).click();
}

/** Waits for the next code, because each works once. */
async function nextCode(last: string): Promise<string> {
  await expect.poll(() => codeAt(secret, Date.now()), { timeout: 40_000 }).not.toBe(last);
  return codeAt(secret, Date.now());
}

test("someone sets up an authenticator app and keeps the recovery codes", async ({ page, expectBrowserError }) => {
  expectBrowserError(/422 \(Unprocessable Entity\)/);
  await signIn(page);
  await page.goto("/account");
  await page.getByRole("link", { name: "Set up" }).click();
  await expect(page.getByRole("img", { name: "QR code for the authenticator app" })).toBeVisible();
  secret = await page.getByRole("region", { name: "Secret" }).innerText();
  await page.getByLabel("Password").fill(owner.password);
  await page.getByLabel("Code", { exact: true }).fill("000000");
  await page.getByRole("button", { name: "Switch on" }).click();
  await expect(page.getByText("This code is wrong or was used already.")).toBeVisible();
  expect(await page.getByRole("region", { name: "Secret" }).innerText()).toBe(secret);
  await checkPages(page, [path, "/account"]);

  await page.goto(path);
  secret = await page.getByRole("region", { name: "Secret" }).innerText();
  await page.getByLabel("Password").fill(owner.password);
  await page.getByLabel("Code", { exact: true }).fill(codeAt(secret, Date.now()));
  await page.getByRole("button", { name: "Switch on" }).click();
  codes = (await page.getByRole("region", { name: "Recovery codes" }).innerText()).trim().split("\n");
  expect(codes).toHaveLength(10);
  await page.getByRole("link", { name: "I have kept them" }).click();
  await expect(page.getByText("10 of 10 recovery codes left")).toBeVisible();
  await checkPages(page, [path, "/account"]);
});

test("signing in asks for the password, then for a code, and goes where it was wanted", async ({ page, expectBrowserError }) => {
  expectBrowserError(/400 \(Bad Request\)/);
  await page.goto("/keys");
  await enterPassword(page);
  await expect(page.getByRole("heading", { name: "Enter a code" })).toBeVisible();
  await checkPages(page, ["/sign-in/code?returnTo=%2Fkeys"]);
  await sendCode(page, "000000");
  await expect(page.getByText("This code is wrong or was used already.")).toBeVisible();
  const code = await nextCode("");
  await sendCode(page, await nextCode(code));
  await page.waitForURL("/keys");
});

test("without JavaScript a recovery code signs in, once", async ({ newPerson, expectBrowserError }) => {
  expectBrowserError(/400 \(Bad Request\)/);
  const context = await newPerson({ javaScriptEnabled: false });
  const page = await context.newPage();
  await signIn(page);
  await sendCode(page, codes[0] ?? "");
  await page.waitForURL((url) => url.pathname !== "/sign-in/code");
  await page.goto("/account");
  await expect(page.getByText("9 of 10 recovery codes left")).toBeVisible();

  const again = await (await newPerson({ javaScriptEnabled: false })).newPage();
  await signIn(again);
  await sendCode(again, codes[0] ?? "");
  await expect(again.getByText("This code is wrong or was used already.")).toBeVisible();
});

test("a recovery code and the password switch it off", async ({ page }) => {
  await signIn(page);
  await sendCode(page, codes[1] ?? "");
  await page.waitForURL((url) => url.pathname !== "/sign-in/code");
  await page.goto(path);
  await page.getByLabel("Password").fill(owner.password);
  await page.getByLabel("Code", { exact: true }).fill(codes[2] ?? "");
  await page.getByRole("button", { name: "Switch off" }).click();
  await expect(page.getByText("The second factor is off.")).toBeVisible();
  await page.context().clearCookies();
  await signIn(page);
  await page.goto("/account");
  await expect(page.getByRole("heading", { name: "Your account" })).toBeVisible();
});
