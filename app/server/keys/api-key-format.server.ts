import { crc32 } from "node:zlib";
import { base62, randomText } from "~/server/random.server";
import type { KeyKind } from "~db/schema";

const secretLength = 30; // 178 bits
const checksumLength = 6; // Enough for 32 bits.
const pattern = new RegExp(`^lk_(live|pub)_[0-9A-Za-z]{${secretLength + checksumLength}}$`);

const checksum = (text: string) => base62(crc32(text), checksumLength);

/** Scanners recognize the prefix, and the checksum detects typos without a lookup. */
export function newApiKey(kind: KeyKind = "live"): string {
  const body = `lk_${kind}_${randomText(secretLength)}`;
  return body + checksum(body);
}

export function isWellFormed(key: string): boolean {
  return pattern.test(key) && checksum(key.slice(0, -checksumLength)) === key.slice(-checksumLength);
}

/** Lets people recognize the key; 8 of 36 secret characters leave 137 bits. */
export const hintOf = (key: string) => `${key.slice(0, 4 - secretLength - checksumLength)}…${key.slice(-4)}`;
