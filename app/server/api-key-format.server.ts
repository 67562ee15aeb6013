import { crc32 } from "node:zlib";
import { base62, randomText } from "./random.server";

const prefix = "lk_live_";
const secretLength = 30; // 178 bits
const checksumLength = 6; // enough for 32 bits
const pattern = new RegExp(`^${prefix}[0-9A-Za-z]{${secretLength + checksumLength}}$`);

const checksum = (text: string) => base62(crc32(text), checksumLength);

/** Scanners find it by its prefix, and a typo is told from a wrong key without a look-up. */
export function newApiKey(): string {
  const body = prefix + randomText(secretLength);
  return body + checksum(body);
}

export function isWellFormed(key: string): boolean {
  return pattern.test(key) && checksum(key.slice(0, -checksumLength)) === key.slice(-checksumLength);
}

/** For people to recognise it by; 8 of 36 secret characters leave 137 bits to guess. */
export const hintOf = (key: string) => `${key.slice(0, prefix.length + 4)}…${key.slice(-4)}`;
