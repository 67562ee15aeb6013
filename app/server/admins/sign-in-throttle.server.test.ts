import { describe, expect, test } from "vitest";
import { hour, minute } from "~/core/time";
import { networkOf } from "./sign-in-limits";
import { createSignInThrottle, waitInWords } from "./sign-in-throttle.server";

const start = Date.UTC(2026, 10, 20, 10);
let next = 0;
/** An address that was not used before. */
const fresh = () => `10.${(next >> 16) & 255}.${(next >> 8) & 255}.${next++ & 255}`;
const account = "ada@example.com";

describe("one source and one account", () => {
  test.each([{ device: null }, { device: "known" }])(
    "five tries are free, then the wait doubles from a second to a quarter of an hour: %o",
    ({ device }) => {
      const throttle = createSignInThrottle();
      const tried = { account, ip: fresh(), device };
      let now = start;
      for (let i = 0; i < 5; i++) expect(throttle.take(tried, now)).toBe(0);
      for (const wait of [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]) {
        expect(throttle.take(tried, now + wait * 1_000 - 1)).toBe(1);
        now += wait * 1_000;
        expect(throttle.take(tried, now)).toBe(0);
      }
    },
  );

  test("tries at the same moment count one by one", () => {
    const throttle = createSignInThrottle();
    const waits = Array.from({ length: 8 }, () => throttle.take({ account, ip: "192.0.2.1" }, start));
    expect(waits).toEqual([0, 0, 0, 0, 0, 1_000, 1_000, 1_000]);
  });

  test("the right password forgets what this source failed, on this account alone", () => {
    const throttle = createSignInThrottle();
    const [ada, bob] = [
      { account, ip: "192.0.2.1" },
      { account: "bob@example.com", ip: "192.0.2.1" },
    ];
    for (const tried of [ada, bob]) for (let i = 0; i < 5; i++) throttle.take(tried, start);
    throttle.succeeded(ada, start);
    expect([throttle.take(ada, start), throttle.take(bob, start)]).toEqual([0, 1_000]);
  });

  test("a clock that steps back makes nobody wait longer", () => {
    const throttle = createSignInThrottle();
    const tried = { account, ip: "192.0.2.1" };
    for (let i = 0; i < 5; i++) throttle.take(tried, start);
    expect(throttle.take(tried, start - hour)).toBe(1_000);
  });
});

describe("strangers do not shut an account", () => {
  test("one address that polls for an hour makes neither another address nor a known browser wait", () => {
    const throttle = createSignInThrottle();
    const polling = { account, ip: "192.0.2.66" };
    for (let second = 0; second < 3_600; second++) {
      const now = start + second * 1_000;
      throttle.take(polling, now);
      if (second % 60 !== 0) continue;
      const owners = [
        { account, ip: fresh() },
        { account, ip: "192.0.2.66", device: "known" },
      ];
      for (const owner of owners) {
        expect(throttle.take(owner, now)).toBe(0);
        throttle.succeeded(owner, now);
      }
    }
    expect(throttle.take(polling, start + hour - 1)).toBeGreaterThan(0);
  });

  test("while thousands of addresses guess, a new address has one try and a known browser its five", () => {
    const throttle = createSignInThrottle();
    for (let i = 0; i < 5_000; i++) throttle.take({ account, ip: fresh() }, start);
    const owner = { account, ip: fresh() };
    expect(throttle.take(owner, start)).toBe(0);
    expect(throttle.take(owner, start + 15 * minute - 1)).toBe(1);
    const known = { account, ip: fresh(), device: "known" };
    for (let i = 0; i < 5; i++) expect(throttle.take(known, start)).toBe(0);
    expect(throttle.take(known, start)).toBe(1_000);
  });

  test("an attack is over 66 minutes after its last failure, however large it was", () => {
    const throttle = createSignInThrottle();
    for (let i = 0; i < 5_000; i++) throttle.take({ account, ip: fresh() }, start);
    const at = start + 66 * minute;
    const owner = { account, ip: fresh() };
    expect([throttle.take(owner, at), throttle.take(owner, at)]).toEqual([0, 0]);
  });

  test("right passwords during an attack do not count to it", () => {
    const throttle = createSignInThrottle();
    for (let i = 0; i < 100; i++) {
      const owner = { account, ip: fresh() };
      throttle.take(owner, start);
      throttle.succeeded(owner, start);
    }
    const owner = { account, ip: fresh() };
    expect([throttle.take(owner, start), throttle.take(owner, start)]).toEqual([0, 0]);
  });
});

/** Guesses on one account per hour from this many addresses, each trying once a second, in each hour. */
function guesses(addresses: number, hours: number): number[] {
  const throttle = createSignInThrottle();
  const ips = Array.from({ length: addresses }, fresh);
  return Array.from({ length: hours }, (_, h) => {
    let taken = 0;
    for (let second = 0; second < 3_600; second += 10) {
      for (const ip of ips) if (throttle.take({ account, ip }, start + h * hour + second * 1_000) === 0) taken += 1;
    }
    return taken;
  });
}

test("guesses on one account in an hour stay within 20 from one address, and within 40 and three for each of many addresses", () => {
  const [one = 0] = guesses(1, 1);
  expect(one).toBeLessThanOrEqual(20);
  for (const addresses of [10, 100]) {
    const [first = 0, later = 0] = guesses(addresses, 2);
    expect(first).toBeLessThanOrEqual(40 + 3 * addresses);
    expect(later).toBeLessThanOrEqual(40 + 2 * addresses);
  }
});

describe("one network over all accounts", () => {
  test.each([
    ["an IPv4 address", () => "192.0.2.1"],
    ["an IPv4 address in both spellings", () => (next++ % 2 ? "192.0.2.1" : "::ffff:192.0.2.1")],
    ["a /64 of IPv6", () => `2001:db8:0:1::${(next++).toString(16)}`],
    ["a /64 of IPv6 written out", () => `2001:0db8:0:1:0:0:0:${(next++).toString(16)}`],
  ])("%s has twenty tries a minute, and refused ones count", (_name, from) => {
    const throttle = createSignInThrottle();
    for (let i = 0; i < 20; i++) expect(throttle.take({ account: `${i}@example.com`, ip: from() }, start)).toBe(0);
    expect(throttle.take({ account: "x@example.com", ip: from() }, start)).toBe(60_000);
    expect(throttle.take({ account: "x@example.com", ip: "198.51.100.1" }, start)).toBe(0);
    expect(throttle.take({ account: "y@example.com", ip: from() }, start + 59_999)).toBe(1);
    expect(throttle.take({ account: "y@example.com", ip: from() }, start + minute)).toBe(0);
  });

  test("it has a hundred an hour, and signing in with the right password uses up none", () => {
    const throttle = createSignInThrottle();
    const ip = "192.0.2.1";
    for (let i = 0; i < 1_000; i++) {
      const tried = { account: `office${i}@example.com`, ip };
      expect(throttle.take(tried, start)).toBe(0);
      throttle.succeeded(tried, start);
    }
    for (let i = 0; i < 100; i++) expect(throttle.take({ account: `${i}@example.com`, ip }, start + Math.floor(i / 20) * minute)).toBe(0);
    expect(throttle.take({ account: "x@example.com", ip }, start + 10 * minute)).toBe(50 * minute);
    expect(throttle.take({ account: "x@example.com", ip }, start + hour)).toBe(0);
  });

  test("neighbours in IPv6 are told apart by their /64, whatever the spelling", () => {
    expect(networkOf("2001:DB8::1")).toBe(networkOf("2001:db8:0:0:ffff::2"));
    expect(networkOf("2001:db8:0:1::1")).not.toBe(networkOf("2001:db8:0:2::1"));
  });
});

test("what is remembered of strangers is bounded", () => {
  const throttle = createSignInThrottle();
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < 200_000; i++)
    throttle.take({ account: `${i}${"x".repeat(300)}`, ip: `2001:db8:${(i >> 16).toString(16)}:${(i & 65_535).toString(16)}::1` }, start);
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(200 * 1024 * 1024);
});

test("ten failures a minute reach the audit log; how many did not is told with the next one", () => {
  const { mayNoteFailure } = createSignInThrottle();
  for (let i = 0; i < 10; i++) expect(mayNoteFailure(start)).toBe(0);
  for (let i = 0; i < 7; i++) expect(mayNoteFailure(start + 59_999)).toBeNull();
  expect(mayNoteFailure(start + minute)).toBe(7);
  expect(mayNoteFailure(start + minute)).toBe(0);
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
