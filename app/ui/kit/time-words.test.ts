import { expect, test } from "vitest";
import { day, hour, minute, shortDate } from "~/core/time";
import { exactTime, relativeTime } from "./time-words";

const now = Date.UTC(2026, 10, 20, 10, 0, 0);

test("a 14-day trial has 14 days until a whole day has passed", () => {
  const end = now + 14 * day;
  expect(relativeTime(end, now)).toBe("in 14 days");
  expect(relativeTime(end, now + 1)).toBe("in 14 days");
  expect(relativeTime(end, now + day - 1)).toBe("in 14 days");
  expect(relativeTime(end, now + day)).toBe("in 13 days");
});

test("time left is rounded up and time that passed is rounded down, on both sides of each unit", () => {
  expect(relativeTime(now + 1, now)).toBe("in under a minute");
  expect(relativeTime(now, now)).toBe("just now");
  expect(relativeTime(now + minute - 1, now)).toBe("in under a minute");
  expect(relativeTime(now + minute, now)).toBe("in 1 minute");
  expect(relativeTime(now + minute + 1, now)).toBe("in 2 minutes");
  expect(relativeTime(now - 2 * minute + 1, now)).toBe("1 minute ago");
  expect(relativeTime(now + hour - 1, now)).toBe("in 60 minutes");
  expect(relativeTime(now + hour, now)).toBe("in 1 hour");
  expect(relativeTime(now + 2 * day - 1, now)).toBe("in 48 hours");
  expect(relativeTime(now + 2 * day, now)).toBe("in 2 days");
  expect(relativeTime(now - 60 * day, now)).toBe("1 month ago");
  expect(relativeTime(now - 800 * day, now)).toBe("2 years ago");
});

test("names the exact instant with its zone", () => {
  expect(exactTime(now)).toBe("20 November 2026, 10:00:00 UTC");
  expect(shortDate(now)).toBe("20 Nov 2026");
});
