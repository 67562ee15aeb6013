import { createHash, randomBytes } from "node:crypto";

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** Letters and digits only, so that a double click selects all of it; each is worth 5.95 bits. */
export function randomText(length: number): string {
  let text = "";
  while (text.length < length) {
    // Bytes above the last multiple of 62 would make the first letters likelier.
    for (const byte of randomBytes(length)) if (byte < 248 && text.length < length) text += alphabet[byte % 62];
  }
  return text;
}

/** A whole number in base 62, filled up with zeros. */
export function base62(number: number, length: number): string {
  let text = "";
  for (let rest = number; text.length < length; rest = Math.floor(rest / 62)) text = alphabet[rest % 62] + text;
  return text;
}

/** For cookies and one-time links: 256 bits. */
export const randomToken = () => randomBytes(32).toString("base64url");
export const tokenPattern = /^[A-Za-z0-9_-]{43}$/;

/** Enough for tokens and keys, which are random; passwords need argon2. */
export const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

/** 119 bits: never the same twice. */
export const randomId = (prefix: string) => `${prefix}_${randomText(20)}`;
