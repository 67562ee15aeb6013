import { type Instant, lastInstant } from "./model";
import { isoTime, minute, monthNames } from "./time";

/** A date and time on the clock of a zone. Months count from 1. */
type ClockTime = { year: number; month: number; day: number; hour: number; minute: number; second: number };

// Formatting is by hand from numbers, because the words of Intl differ between Node and browsers.
const clocks = new Map<string, Intl.DateTimeFormat>();

function clockOf(zone: string): Intl.DateTimeFormat {
  let clock = clocks.get(zone);
  if (!clock) {
    const numbers = { year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric" } as const;
    clock = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      calendar: "gregory",
      numberingSystem: "latn",
      hourCycle: "h23",
      era: "short",
      ...numbers,
    });
    clocks.set(zone, clock);
  }
  return clock;
}

/** The zone's usual spelling, or null if there is no such IANA zone: "Europe/Paris". Fixed offsets are no zones. */
export function timeZoneNamed(name: string): string | null {
  if (!/^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/.test(name)) return null;
  try {
    return new Intl.DateTimeFormat("en-US", { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    return null;
  }
}

function clockTime(at: Instant, zone: string): ClockTime {
  const parts = Object.fromEntries(
    clockOf(zone)
      .formatToParts(at)
      .map(({ type, value }) => [type, Number(value)]),
  );
  return parts as unknown as ClockTime;
}

const two = (n: number) => String(n).padStart(2, "0");

/** "13 Dec 2026" */
export function zonedDate(at: Instant, zone: string): string {
  const { year, month, day } = clockTime(at, zone);
  return `${day} ${monthNames[month - 1]?.slice(0, 3)} ${year}`;
}

/** "13 December 2026" */
export function zonedLongDate(at: Instant, zone: string): string {
  const { year, month, day } = clockTime(at, zone);
  return `${day} ${monthNames[month - 1]} ${year}`;
}

/** "13 Dec, 18:12 PST", with the year unless it is the year of `now`. */
export function zonedDateTime(at: Instant, zone: string, now?: Instant): string {
  const { year, month, day, hour, minute } = clockTime(at, zone);
  const withYear = now !== undefined && year === clockTime(now, zone).year ? "" : ` ${year}`;
  return `${day} ${monthNames[month - 1]?.slice(0, 3)}${withYear}, ${two(hour)}:${two(minute)} ${zoneName(at, zone)}`;
}

const names = new Map<string, Intl.DateTimeFormat[]>();

/** The zone's short name at an instant: "PST", "CET", "GMT+5:30". No locale knows the names of all regions. */
export function zoneName(at: Instant, zone: string): string {
  let formats = names.get(zone);
  if (!formats) {
    formats = ["en-US", "en-GB", "en-AU", "en-IN"].map(
      (locale) => new Intl.DateTimeFormat(locale, { timeZone: zone, timeZoneName: "short" }),
    );
    names.set(zone, formats);
  }
  const found = formats.map((format) => format.formatToParts(at).find(({ type }) => type === "timeZoneName")?.value ?? "");
  return found.find((name) => !/^GMT[+-]/.test(name)) ?? found[0] ?? zone;
}

/** The value of a date and time input that shows an instant in a zone: "2026-12-13T18:12". */
export function inputValueIn(at: Instant, zone: string): string {
  const { year, month, day, hour, minute } = clockTime(at, zone);
  return `${String(year).padStart(4, "0")}-${two(month)}-${two(day)}T${two(hour)}:${two(minute)}`;
}

/** "2026-12-13", the day in the zone. */
export const zonedDay = (at: Instant, zone: string): string => inputValueIn(at, zone).slice(0, 10);

/** The start of the next day in the zone. Days have 23 to 25 hours. */
export function startOfNextDay(at: Instant, zone: string): Instant {
  const { year, month, day } = clockTime(at, zone);
  const next = new Date(Date.UTC(year, month - 1, day + 1)).toISOString().slice(0, 10);
  return instantIn(`${next}T00:00`, zone) ?? lastInstant;
}

/**
 * The instant of "2026-12-13T18:12" or "2026-12-13T18:12:05" in a zone, or null if there is no such date. A time that a
 * clock change skips is taken as if the clock had not changed; one that comes twice is the first.
 */
export function instantIn(text: string, zone: string): Instant | null {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?$/.test(text)) return null;
  const asUtc = Date.parse(`${text}Z`);
  // 30 February parses as 2 March.
  if (!(asUtc >= 0 && asUtc <= lastInstant) || !isoTime(asUtc).startsWith(text)) return null;
  // Clocks differ from UTC by at most 14 hours, and change by at most a few hours within a day.
  const around = [asUtc - 24 * 60 * minute, asUtc + 24 * 60 * minute].map((at) => asUtc - offsetAt(at, zone));
  const exact = around.filter((at) => at + offsetAt(at, zone) === asUtc);
  const at = exact.length > 0 ? Math.min(...exact) : Math.max(...around);
  return at >= 0 && at <= lastInstant ? at : null;
}

/** What the zone's clock shows minus UTC, in ms. */
function offsetAt(at: Instant, zone: string): number {
  const { year, month, day, hour, minute, second } = clockTime(at, zone);
  const wall = new Date(0);
  wall.setUTCFullYear(year, month - 1, day);
  wall.setUTCHours(hour, minute, second);
  return wall.getTime() - Math.floor(at / 1_000) * 1_000;
}
