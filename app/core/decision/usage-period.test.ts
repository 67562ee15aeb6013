import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ResetPeriod, resetPeriods } from "~/core/model";
import { usagePeriod } from "./usage-period";

const ms = (iso: string) => Date.parse(iso);
const iso = (at: number | null) => (at === null ? null : new Date(at).toISOString());
/** Converts "2026-11-20T10:17:00Z" to both bounds as text. */
const bounds = (period: ResetPeriod, now: string, anchor?: string) => {
  const { start, end } = usagePeriod(period, ms(now), anchor === undefined ? undefined : ms(anchor));
  return [iso(start), iso(end)];
};

describe("by the calendar, in UTC", () => {
  test.each<[ResetPeriod, string, string, string]>([
    ["hour", "2026-11-20T10:17:03.004Z", "2026-11-20T10:00:00.000Z", "2026-11-20T11:00:00.000Z"],
    ["hour", "2026-12-31T23:59:59.999Z", "2026-12-31T23:00:00.000Z", "2027-01-01T00:00:00.000Z"],
    ["day", "2026-11-20T10:17:03.004Z", "2026-11-20T00:00:00.000Z", "2026-11-21T00:00:00.000Z"],
    ["day", "2028-02-28T12:00:00.000Z", "2028-02-28T00:00:00.000Z", "2028-02-29T00:00:00.000Z"],
    ["week", "2026-11-20T10:17:03.004Z", "2026-11-16T00:00:00.000Z", "2026-11-23T00:00:00.000Z"],
    ["week", "2027-01-01T00:00:00.000Z", "2026-12-28T00:00:00.000Z", "2027-01-04T00:00:00.000Z"],
    ["month", "2026-11-20T10:17:03.004Z", "2026-11-01T00:00:00.000Z", "2026-12-01T00:00:00.000Z"],
    ["month", "2026-12-31T23:59:59.999Z", "2026-12-01T00:00:00.000Z", "2027-01-01T00:00:00.000Z"],
    ["month", "2027-02-28T23:59:59.999Z", "2027-02-01T00:00:00.000Z", "2027-03-01T00:00:00.000Z"],
    ["month", "2028-02-29T23:59:59.999Z", "2028-02-01T00:00:00.000Z", "2028-03-01T00:00:00.000Z"],
    ["year", "2026-11-20T10:17:03.004Z", "2026-01-01T00:00:00.000Z", "2027-01-01T00:00:00.000Z"],
    ["year", "2028-02-29T00:00:00.000Z", "2028-01-01T00:00:00.000Z", "2029-01-01T00:00:00.000Z"],
    ["year", "1970-01-01T00:00:00.000Z", "1970-01-01T00:00:00.000Z", "1971-01-01T00:00:00.000Z"],
  ])("a %s at %s runs from %s to %s", (period, now, start, end) => {
    expect(bounds(period, now)).toEqual([start, end]);
  });

  test("a counter that never resets has no bounds", () => {
    expect(usagePeriod("never", 0)).toEqual({ start: null, end: null });
  });

  test("the last period that there is has no end: years have four digits", () => {
    const last = "9999-12-31T23:59:59.999Z";
    for (const period of resetPeriods) expect(bounds(period, last)[1]).toBe(null);
    expect(bounds("hour", "9999-12-31T22:00:00.000Z")[1]).toBe("9999-12-31T23:00:00.000Z");
  });

  test.each<[ResetPeriod, string]>([
    ["hour", "2026-11-20T11:00:00.000Z"],
    ["day", "2026-11-21T00:00:00.000Z"],
    ["week", "2026-11-23T00:00:00.000Z"],
    ["month", "2026-12-01T00:00:00.000Z"],
    ["month", "2028-03-01T00:00:00.000Z"],
    ["year", "2027-01-01T00:00:00.000Z"],
  ])("the reset of a %s at %s belongs to the new period, 1 ms before to the old", (period, reset) => {
    const at = ms(reset);
    expect(usagePeriod(period, at - 1).end).toBe(at);
    expect(usagePeriod(period, at).start).toBe(at);
    expect(usagePeriod(period, at + 1).start).toBe(at);
  });
});

describe("from an anchor", () => {
  test("31 January, the last of February, 31 March: short months do not wear the day down", () => {
    const anchor = "2027-01-31T09:30:00.000Z";
    const starts = ["2027-02-01", "2027-03-01", "2027-04-01", "2027-05-01", "2027-06-01"].map(
      (day) => bounds("month", `${day}T00:00:00Z`, anchor)[0],
    );
    expect(starts).toEqual([
      "2027-01-31T09:30:00.000Z",
      "2027-02-28T09:30:00.000Z",
      "2027-03-31T09:30:00.000Z",
      "2027-04-30T09:30:00.000Z",
      "2027-05-31T09:30:00.000Z",
    ]);
  });

  test.each<[ResetPeriod, string, string, string, string]>([
    ["month", "2027-01-31T00:00:00Z", "2028-02-29T00:00:00Z", "2028-02-29T00:00:00.000Z", "2028-03-31T00:00:00.000Z"],
    ["month", "2027-01-15T12:00:00Z", "2027-03-15T11:59:59.999Z", "2027-02-15T12:00:00.000Z", "2027-03-15T12:00:00.000Z"],
    ["month", "2027-01-15T12:00:00Z", "2027-03-15T12:00:00Z", "2027-03-15T12:00:00.000Z", "2027-04-15T12:00:00.000Z"],
    ["year", "2028-02-29T06:00:00Z", "2029-06-01T00:00:00Z", "2029-02-28T06:00:00.000Z", "2030-02-28T06:00:00.000Z"],
    ["year", "2028-02-29T06:00:00Z", "2032-03-01T00:00:00Z", "2032-02-29T06:00:00.000Z", "2033-02-28T06:00:00.000Z"],
    ["year", "2028-06-15T00:00:00Z", "2026-01-01T00:00:00Z", "2025-06-15T00:00:00.000Z", "2026-06-15T00:00:00.000Z"],
    ["week", "2026-11-19T08:00:00Z", "2026-11-26T07:59:59.999Z", "2026-11-19T08:00:00.000Z", "2026-11-26T08:00:00.000Z"],
    ["day", "2026-11-19T08:00:00Z", "2026-11-18T07:00:00Z", "2026-11-17T08:00:00.000Z", "2026-11-18T08:00:00.000Z"],
    ["hour", "2026-11-19T08:20:00Z", "2026-11-20T10:10:00Z", "2026-11-20T09:20:00.000Z", "2026-11-20T10:20:00.000Z"],
  ])("a %s anchored at %s, at %s, runs from %s to %s", (period, anchor, now, start, end) => {
    expect(bounds(period, now, anchor)).toEqual([start, end]);
  });
});

describe("at any instant from 1970 to 2100, anchored or not", () => {
  const [first, last] = [0, ms("2100-12-31T23:59:59.999Z")];
  const instant = fc.oneof(
    fc.integer({ min: first, max: last }),
    // First and last milliseconds of months, including short ones.
    fc
      .tuple(fc.integer({ min: 1970, max: 2100 }), fc.integer({ min: 1, max: 11 }), fc.constantFrom(-86_400_000, -1, 0, 1))
      .map(([year, month, off]) => Date.UTC(year, month, 1) + off),
  );
  const period = fc.constantFrom(...resetPeriods.filter((p) => p !== "never"));
  const anchor = fc.option(instant, { nil: undefined });

  test("a period holds its instant, the next begins where it ends, and each instant in it has the same", () => {
    fc.assert(
      fc.property(period, instant, anchor, fc.double({ min: 0, max: 1, noNaN: true }), (p, now, a, fraction) => {
        const found = usagePeriod(p, now, a);
        const [start, end] = [found.start as number, found.end as number];
        expect(start).toBeLessThanOrEqual(now);
        expect(end).toBeGreaterThan(now);
        expect(usagePeriod(p, end, a).start).toBe(end);
        expect(usagePeriod(p, start - 1, a).end).toBe(start);
        expect(usagePeriod(p, Math.min(end - 1, Math.floor(start + (end - start) * fraction)), a)).toEqual(found);
      }),
      { numRuns: 5_000 },
    );
  });

  test("without an anchor every period begins at a round time, weeks on a Monday", () => {
    fc.assert(
      fc.property(period, instant, (p, now) => {
        const start = usagePeriod(p, now).start as number;
        const round = {
          hour: /:00:00\.000Z$/,
          day: /T00:00:00\.000Z$/,
          week: /T00:00:00\.000Z$/,
          month: /-01T00:00:00\.000Z$/,
          year: /-01-01T00:00:00\.000Z$/,
        };
        expect(iso(start)).toMatch(round[p as keyof typeof round]);
        if (p === "week") expect(new Date(start).getUTCDay()).toBe(1);
      }),
      { numRuns: 5_000 },
    );
  });
});
