import { crc32 } from "node:zlib";
import type { KeyKind } from "~db/schema";
import { base62, randomText } from "./random.server";

const secretLength = 30; // 178 bits
const checksumLength = 6; // enough for 32 bits
const pattern = new RegExp(`^lk_(live|pub)_[0-9A-Za-z]{${secretLength + checksumLength}}$`);

const checksum = (text: string) => base62(crc32(text), checksumLength);

/** Scanners find it by its prefix, and a typo is told from a wrong key without a look-up. */
export function newApiKey(kind: KeyKind = "live"): string {
  const body = `lk_${kind}_${randomText(secretLength)}`;
  return body + checksum(body);
}

export function isWellFormed(key: string): boolean {
  return pattern.test(key) && checksum(key.slice(0, -checksumLength)) === key.slice(-checksumLength);
}

/** For people to recognise it by; 8 of 36 secret characters leave 137 bits to guess. */
export const hintOf = (key: string) => `${key.slice(0, 4 - secretLength - checksumLength)}…${key.slice(-4)}`;
