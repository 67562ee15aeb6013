import { Secret, TOTP } from "otpauth";
import type { Browser } from "./app";
import { fieldIn } from "./page-text";

/** What an authenticator app shows. `secret`: as the page shows it. */
export const codeAt = (secret: string, timestamp: number): string =>
  new TOTP({ secret: Secret.fromBase32(secret.replaceAll(" ", "")) }).generate({ timestamp });

/** Reads the page that sets up the second factor. */
export async function newSetup(browser: Browser, now: number): Promise<{ setup: string; secret: string; code: string }> {
  const html = await (await browser.get("/account/second-factor")).text();
  const secret = /(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}/.exec(html)?.[0] ?? "";
  return { setup: fieldIn(html, "setup") ?? "", secret, code: codeAt(secret, now) };
}

/** Recovery codes on a page that shows them. */
export const recoveryCodesIn = (html: string): string[] => [...new Set(html.match(/\b(?:[a-z2-9]{4}-){5}[a-z2-9]{4}\b/g))];
