import { expect, test } from "vitest";
import { exactTime, relativeTime, shortDate } from "./time-words";

const now = Date.UTC(2026, 10, 20, 10, 0, 0);
const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

test("never says that more time is left than there is, on both sides of each unit", () => {
  expect(relativeTime(now + 1, now)).toBe("in under a minute");
  expect(relativeTime(now, now)).toBe("just now");
  expect(relativeTime(now + minute - 1, now)).toBe("in under a minute");
  expect(relativeTime(now + minute, now)).toBe("in 1 minute");
  expect(relativeTime(now + hour - 1, now)).toBe("in 59 minutes");
  expect(relativeTime(now + hour, now)).toBe("in 1 hour");
  expect(relativeTime(now + 2 * day - 1, now)).toBe("in 47 hours");
  expect(relativeTime(now + 2 * day, now)).toBe("in 2 days");
  expect(relativeTime(now - 60 * day, now)).toBe("1 month ago");
  expect(relativeTime(now - 800 * day, now)).toBe("2 years ago");
});

test("names the exact instant with its zone", () => {
  expect(exactTime(now)).toBe("20 November 2026, 10:00:00 UTC");
  expect(shortDate(now)).toBe("20 Nov 2026");
});
