import fc from "fast-check";
import { expect, test } from "vitest";
import { day, hour } from "./time";
import {
  inputValueIn,
  instantIn,
  startOfNextDay,
  timeZoneNamed,
  zonedDate,
  zonedDateTime,
  zonedDay,
  zonedLongDate,
  zoneName,
} from "./zoned-time";

const at = Date.UTC(2026, 11, 14, 2, 12, 30);

test("an instant is written with the date, the clock and the name of the zone", () => {
  expect(zonedDateTime(at, "America/Los_Angeles", at)).toBe("13 Dec, 18:12 PST");
  expect(zonedDateTime(at, "Europe/Paris", at)).toBe("14 Dec, 03:12 CET");
  expect(zonedDateTime(at, "UTC", at)).toBe("14 Dec, 02:12 UTC");
  expect(zonedDateTime(at, "UTC", at + 60 * day)).toBe("14 Dec 2026, 02:12 UTC");
  expect(zonedDate(at, "America/Los_Angeles")).toBe("13 Dec 2026");
  expect(zonedLongDate(at, "Asia/Kolkata")).toBe("14 December 2026");
  expect(zonedDateTime(Date.UTC(2026, 0, 1), "UTC", at)).toBe("1 Jan, 00:00 UTC");
});

test("a zone's name follows summer time", () => {
  expect(zoneName(Date.UTC(2026, 6, 1), "America/Los_Angeles")).toBe("PDT");
  expect(zoneName(Date.UTC(2026, 6, 1), "Europe/Paris")).toBe("CEST");
  expect(zoneName(at, "Australia/Sydney")).toBe("AEDT");
  expect(zoneName(at, "Asia/Kolkata")).toBe("IST");
  expect(zoneName(at, "Asia/Kathmandu")).toBe("GMT+5:45");
});

test("a day in a zone ends where the next begins, also when clocks change", () => {
  const begin = Date.UTC(2026, 2, 28, 23);
  expect(zonedDay(begin, "Europe/Paris")).toBe("2026-03-29");
  expect(zonedDay(begin - 1, "Europe/Paris")).toBe("2026-03-28");
  expect(startOfNextDay(begin, "Europe/Paris")).toBe(begin + 23 * hour);
  expect(startOfNextDay(begin - 1, "Europe/Paris")).toBe(begin);
  expect(startOfNextDay(Date.UTC(9999, 11, 31), "UTC")).toBe(Date.UTC(9999, 11, 31, 23, 59, 59, 999));
});

test("only IANA zones are accepted", () => {
  expect(timeZoneNamed("europe/paris")).toBe("Europe/Paris");
  expect(timeZoneNamed("UTC")).toBe("UTC");
  for (const bad of ["", "+01:00", "Mars/Phobos", "Europe/Paris; x", "a".repeat(65), "__proto__", "<script>"]) {
    expect([bad, timeZoneNamed(bad)]).toEqual([bad, null]);
  }
});

test("a local time that a clock change skips or repeats has one instant", () => {
  // Paris skips 02:00 to 03:00 on 29 March 2026 and repeats it on 25 October.
  expect(instantIn("2026-03-29T01:59", "Europe/Paris")).toBe(Date.UTC(2026, 2, 29, 0, 59));
  expect(instantIn("2026-03-29T02:30", "Europe/Paris")).toBe(Date.UTC(2026, 2, 29, 1, 30));
  expect(instantIn("2026-03-29T03:00", "Europe/Paris")).toBe(Date.UTC(2026, 2, 29, 1, 0));
  expect(instantIn("2026-10-25T02:30", "Europe/Paris")).toBe(Date.UTC(2026, 9, 25, 0, 30));
  expect(instantIn("2026-10-25T03:00", "Europe/Paris")).toBe(Date.UTC(2026, 9, 25, 2, 0));
});

test.each(["2026-02-30T10:00", "2026-13-01T10:00", "2026-01-01", "2026-01-01T24:30", "x", "", "10000-01-01T00:00", "1969-12-31T23:59"])(
  "%j is no local time",
  (text) => expect(instantIn(text, "UTC")).toBeNull(),
);

test("what an input shows of an instant is read as that instant's minute, in every zone", () => {
  const zones = [
    "UTC",
    "America/Los_Angeles",
    "Europe/London",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "America/St_Johns",
  ];
  // Zones had offsets with seconds before 1972.
  const instants = fc.integer({ min: Date.UTC(1972, 1, 1), max: Date.UTC(2100, 0, 1) });
  fc.assert(
    fc.property(instants, fc.constantFrom(...zones), (instant, zone) => {
      const read = instantIn(inputValueIn(instant, zone), zone) as number;
      const minuteOf = instant - (instant % 60_000);
      // In the hour that a clock change repeats, the first of both is read.
      expect([minuteOf, minuteOf - hour, minuteOf - hour / 2]).toContain(read);
      if (read !== minuteOf) expect(inputValueIn(read, zone)).toBe(inputValueIn(instant, zone));
    }),
  );
});
