import { Secret } from "otpauth";
import { expect, test } from "vitest";
import { newTotpSecret, qrCode, stepOfCode } from "./totp.server";

const secret = Secret.fromUTF8("12345678901234567890").base32;

test("codes are those of RFC 6238, cut to six digits", () => {
  const vectors = [
    [59, "287082"],
    [1111111109, "081804"],
    [1111111111, "050471"],
    [1234567890, "005924"],
    [2000000000, "279037"],
    [20000000000, "353130"],
  ] as const;
  for (const [seconds, code] of vectors) expect(stepOfCode(secret, code, seconds * 1000)).toBe(Math.floor(seconds / 30));
});

test("a code is right in its own step and one step before and after, to the millisecond", () => {
  const step = 37037036;
  const code = "081804";
  const [start, end] = [(step - 1) * 30_000, (step + 2) * 30_000];
  expect([start - 1, start, end - 1, end].map((at) => stepOfCode(secret, code, at))).toEqual([null, step, step, null]);
});

test("what is not six digits is never right", () => {
  for (const code of ["", "08180", "0081804", "8".repeat(100), "08180a", "０８１８０４"])
    expect(stepOfCode(secret, code, 1111111109_000)).toBeNull();
});

test("secrets have 160 bits, differ, and fit in a QR code with the longest address", () => {
  expect(newTotpSecret()).toMatch(/^[A-Z2-7]{32}$/);
  expect(newTotpSecret()).not.toBe(newTotpSecret());
  const { path, size } = qrCode(secret, `${"a".repeat(242)}@example.com`);
  expect(size).toBeGreaterThan(60);
  expect(path).toMatch(/^(M\d+ \d+h1v1h-1z)+$/);
});
