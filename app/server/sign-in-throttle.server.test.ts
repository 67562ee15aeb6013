import { expect, test } from "vitest";
import { createSignInThrottle, waitInWords } from "./sign-in-throttle.server";

const start = Date.UTC(2026, 10, 20, 10);
let next = 0;
/** An address that nobody came from yet. */
const fresh = () => `10.${(next >> 16) & 255}.${(next >> 8) & 255}.${next++ & 255}`;

test("five tries are free, then the wait doubles from a second to a quarter of an hour, to the millisecond", () => {
  const throttle = createSignInThrottle();
  let now = start;
  for (let i = 0; i < 5; i++) expect(throttle.take("ada@example.com", fresh(), now)).toBe(0);
  for (const wait of [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]) {
    expect(throttle.take("ada@example.com", fresh(), now)).toBe(wait * 1_000);
    expect(throttle.take("ada@example.com", fresh(), now + wait * 1_000 - 1)).toBe(1);
    now += wait * 1_000;
    expect(throttle.take("ada@example.com", fresh(), now)).toBe(0);
  }
});

test("tries while one has to wait do not make the wait longer", () => {
  const throttle = createSignInThrottle();
  for (let i = 0; i < 5; i++) throttle.take("ada@example.com", fresh(), start);
  for (let i = 0; i < 100; i++) expect(throttle.take("ada@example.com", fresh(), start + 500)).toBe(500);
  expect(throttle.take("ada@example.com", fresh(), start + 1_000)).toBe(0);
});

test("the right password begins the count anew, for that account alone", () => {
  const throttle = createSignInThrottle();
  for (const account of ["ada@example.com", "bob@example.com"]) {
    for (let i = 0; i < 5; i++) throttle.take(account, fresh(), start);
  }
  throttle.forget("ada@example.com");
  expect(throttle.take("ada@example.com", fresh(), start)).toBe(0);
  expect(throttle.take("bob@example.com", fresh(), start)).toBe(1_000);
});

test("one address has twenty tries a minute over all accounts, and a network of IPv6 counts as one address", () => {
  for (const from of [
    () => "192.0.2.1",
    () => `2001:db8:0:1::${(next++).toString(16)}`,
    () => `2001:0db8:0:1:0:0:0:${(next++).toString(16)}`,
  ]) {
    const throttle = createSignInThrottle();
    for (let i = 0; i < 20; i++) expect(throttle.take(`${i}@example.com`, from(), start)).toBe(0);
    expect(throttle.take("x@example.com", from(), start)).toBe(60_000);
    expect(throttle.take("x@example.com", "198.51.100.1", start)).toBe(0);
    expect(throttle.take("y@example.com", from(), start + 59_999)).toBe(1);
    expect(throttle.take("y@example.com", from(), start + 60_000)).toBe(0);
  }
});

test("ten failures a minute reach the audit log; how many did not is told with the next one", () => {
  const { mayNoteFailure } = createSignInThrottle();
  for (let i = 0; i < 10; i++) expect(mayNoteFailure(start)).toBe(0);
  for (let i = 0; i < 7; i++) expect(mayNoteFailure(start + 59_999)).toBeNull();
  expect(mayNoteFailure(start + 60_000)).toBe(7);
  expect(mayNoteFailure(start + 60_000)).toBe(0);
});

test("a wait is told in words that are never too short", () => {
  expect([1, 1_000, 1_001, 59_000, 59_001, 60_000, 60_001, 900_000].map(waitInWords)).toEqual([
    "1 second",
    "1 second",
    "2 seconds",
    "59 seconds",
    "1 minute",
    "1 minute",
    "2 minutes",
    "15 minutes",
  ]);
});
