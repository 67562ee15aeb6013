import { randomInt } from "node:crypto";
import { sha256 } from "~/server/random.server";

/** Without letters and digits that look alike. 24 of them have 118 bits, so that SHA-256 is sufficient. */
const alphabet = "abcdefghjkmnpqrstuvwxyz23456789";
const length = 24;
const count = 10;

const newCode = () => Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join("");

/** Shown once, in groups of four, and stored as hashes. */
export function newRecoveryCodes(): { shown: string[]; hashes: string[] } {
  const codes = Array.from({ length: count }, newCode);
  return { shown: codes.map((code) => code.replace(/.{4}(?=.)/g, "$&-")), hashes: codes.map(sha256) };
}

/** The hash of a code as typed, with or without its hyphens, or null if it cannot be one. */
export function recoveryHash(typed: string): string | null {
  const code = typed.toLowerCase().replace(/[\s-]/g, "");
  return code.length === length ? sha256(code) : null;
}
