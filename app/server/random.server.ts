import { hash, randomBytes } from "node:crypto";

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** Letters and digits only, so that a double click selects all of it. 5.95 bits per character. */
export function randomText(length: number): string {
  let text = "";
  while (text.length < length) {
    // Bytes above the last multiple of 62 would bias the first letters.
    for (const byte of randomBytes(length)) if (byte < 248 && text.length < length) text += alphabet[byte % 62];
  }
  return text;
}

/** An integer in base 62, zero-padded. */
export function base62(number: number, length: number): string {
  let text = "";
  for (let rest = number; text.length < length; rest = Math.floor(rest / 62)) text = alphabet[rest % 62] + text;
  return text;
}

/** For cookies and one-time links: 256 bits. */
export const randomToken = () => randomBytes(32).toString("base64url");
export const tokenPattern = /^[A-Za-z0-9_-]{43}$/;

/** Sufficient for tokens and keys, which are random. Passwords use argon2. */
export const sha256 = (text: string) => hash("sha256", text, "hex");
/** 132 bits of a SHA-256 in 22 characters, for names of contents such as ETags. */
export const shortHash = (text: string) => hash("sha256", text, "base64url").slice(0, 22);

/** 119 bits, so it never repeats. */
export const randomId = (prefix: string) => `${prefix}_${randomText(20)}`;
