import { crc32 } from "node:zlib";
import { expect, test } from "vitest";
import { base62, randomText } from "~/server/random.server";
import { hintOf, isWellFormed, newApiKey } from "./api-key-format.server";

test("a key is lk_live_, 30 random characters and 6 of checksum, and no two are alike", () => {
  const keys = Array.from({ length: 500 }, newApiKey);
  expect(new Set(keys).size).toBe(500);
  for (const key of keys) {
    expect(key).toMatch(/^lk_live_[0-9A-Za-z]{36}$/);
    expect(isWellFormed(key)).toBe(true);
  }
});

test("every typo of one character, and every two neighbours swapped, is told from the key itself", () => {
  const key = newApiKey();
  for (let i = 8; i < key.length; i++) {
    for (const other of "aZ07q") {
      if (other !== key[i]) expect(isWellFormed(key.slice(0, i) + other + key.slice(i + 1))).toBe(false);
    }
    const swapped = key.slice(0, i) + (key[i + 1] ?? "") + key[i] + key.slice(i + 2);
    if (swapped !== key && swapped.length === key.length) expect(isWellFormed(swapped)).toBe(false);
  }
});

test("what is cut off, too long, or no key at all is no key", () => {
  const key = newApiKey();
  for (const no of [
    key.slice(0, -1),
    `${key}0`,
    ` ${key}`,
    key.toUpperCase(),
    key.replace("live", "test"),
    "",
    "lk_live_",
    "Bearer",
    "x".repeat(10_000),
  ]) {
    expect(isWellFormed(no)).toBe(false);
  }
});

test("the checksum is the CRC32 of all before it, in base 62, filled up with zeros", () => {
  expect([0, 61, 62, 2 ** 32 - 1].map((n) => base62(n, 6))).toEqual(["000000", "00000z", "000010", "4gfFC3"]);
  const key = newApiKey();
  expect(key.slice(-6)).toBe(base62(crc32(key.slice(0, -6)), 6));
});

test("the hint shows eight characters of the secret and no more", () => {
  const key = newApiKey();
  expect(hintOf(key)).toBe(`${key.slice(0, 12)}…${key.slice(-4)}`);
});

test("random text uses each of the 62 characters equally often", () => {
  const counts = new Map<string, number>();
  for (const c of randomText(124_000)) counts.set(c, (counts.get(c) ?? 0) + 1);
  expect(counts.size).toBe(62);
  // 2,000 expected; a deviation of 7 sigma occurs once in 10^10 runs.
  for (const count of counts.values()) expect(Math.abs(count - 2_000)).toBeLessThan(7 * Math.sqrt(2_000));
});
