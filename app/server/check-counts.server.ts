import type { Logger } from "pino";
import type { Decision } from "~/core/decide";
import type { Instant } from "~/core/model";
import type { Database } from "~db/database";
import { addingCheckCounts, type CheckCount, countsAtOnce } from "~db/store/check-counts.server";
import { createCountsInMemory } from "./counts-in-memory";

/** How soon the counts in memory are written, in milliseconds: a kill may lose those of a second, of which writing takes a part. */
const flushEvery = 500;
/** Different counts that may be in memory, a few hundred bytes each: what cannot be written for a long time has to end somewhere. */
const mostAtOnce = 100_000;
/** Counts that stay in memory when they are written, since most are asked for again: making them anew is work for the collector. */
const mostKept = 10_000;
/** Asking for all features at once counts once, under this name. */
export const allFeatures = "*";

/** The rows that one answer adds to, for as long as they stay in memory and the day lasts. */
export type Tally = { batch: object; day: string; rows: CheckCount[] };

export type CheckCounts = ReturnType<typeof createCheckCounts>;

/**
 * Adds up in memory and writes aside, a thousand at a time, within the second, so that a check never waits for a write. What
 * could not be written is written with what comes after it.
 */
export function createCheckCounts(db: Database, log: Logger, most = mostAtOnce) {
  const addCounts = addingCheckCounts(db);
  let counts = createCountsInMemory();
  /** Those with something to write. */
  let due: CheckCount[] = [];
  let writing: Promise<void> = Promise.resolve();
  let dropped = 0;
  let isFailing = false;
  let tell: (written: CheckCount[]) => void | Promise<void> = () => {};
  let timer: NodeJS.Timeout | undefined;

  /** Counts checks of one tenant that come at one instant. */
  function counter(tenant: string, now: Instant) {
    const day = dayOf(now);
    const ofTenant = counts.of(tenant);
    return (feature: string, allowed: boolean, source: string): CheckCount => {
      const known = counts.find(ofTenant, feature, day, allowed, source);
      if (known) return again(known, now);
      const row = { tenant, day, feature, allowed, source, count: 1, firstAt: now, lastAt: now };
      add(row);
      return row;
    };
  }

  function again(row: CheckCount, now: Instant): CheckCount {
    if (row.count === 0) {
      row.firstAt = now;
      isDue(row);
    }
    row.count += 1;
    row.lastAt = now;
    return row;
  }

  function isDue(row: CheckCount): void {
    due.push(row);
    timer ??= setTimeout(flush, flushEvery).unref();
  }

  function add(count: CheckCount): void {
    if (counts.size() >= most) {
      dropped += count.count;
      return;
    }
    counts.add(count);
    isDue(count);
  }

  function putBack(unwritten: CheckCount[]): void {
    for (const old of unwritten) {
      const newer = counts.find(counts.of(old.tenant), old.feature, old.day, old.allowed, old.source);
      if (newer) addBefore(newer, old);
      else add(old);
    }
  }

  function addBefore(newer: CheckCount, old: CheckCount): void {
    if (newer.count === 0) {
      newer.lastAt = old.lastAt;
      isDue(newer);
    }
    newer.count += old.count;
    newer.firstAt = old.firstAt;
  }

  /** What there is to write, as it is now; it is counted on from nothing. */
  function take(): CheckCount[] {
    const taken = due.map((row) => ({ ...row }));
    for (const row of due) row.count = 0;
    due = [];
    if (counts.size() > Math.min(mostKept, most / 2)) counts = createCountsInMemory();
    return taken;
  }

  async function write(): Promise<void> {
    if (due.length === 0) return;
    const batch = take();
    const written: CheckCount[][] = [];
    let done = 0;
    try {
      while (done < batch.length) {
        const rows = batch.slice(done, done + countsAtOnce);
        await addCounts(rows);
        done += rows.length;
        written.push(rows);
      }
      if (dropped > 0) log.warn({ dropped }, "checks were not counted: too many different ones while counts could not be written");
      dropped = 0;
      isFailing = false;
    } catch (err) {
      if (!isFailing) log.error({ err }, "check counts cannot be written; they wait in memory until they can");
      isFailing = true;
      putBack(batch.slice(done));
    }
    try {
      for (const rows of written) await tell(rows);
    } catch (err) {
      log.error({ err }, "somebody who is told of check counts failed");
    }
  }

  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    // One write at a time: what is counted meanwhile goes with the next.
    writing = writing.then(write);
    return writing;
  }

  return {
    /** Told of the counts as they are written, off the path of the checks themselves; the next are written after that. */
    onWritten(listen: (written: CheckCount[]) => void | Promise<void>): void {
      tell = listen;
    },
    /** By name only what exists is counted: there would be no end to the names. */
    count(tenant: string, decisions: readonly Decision[], now: Instant): CheckCount[] {
      const countOne = counter(tenant, now);
      const rows: CheckCount[] = [];
      for (const { feature, type, entitled, source } of decisions)
        if (type !== null) rows.push(countOne(feature, entitled, source ?? "none"));
      return rows;
    },
    countAll: (tenant: string, now: Instant): CheckCount[] => [counter(tenant, now)(allFeatures, true, "none")],
    tallyOf: (rows: CheckCount[], now: Instant): Tally => ({ batch: counts, day: dayOf(now), rows }),
    /** The same once more, without looking for its rows; false: they are no longer in memory, or the day is over. */
    countAgain({ batch, day, rows }: Tally, now: Instant): boolean {
      if (batch !== counts || day !== dayOf(now)) return false;
      for (const row of rows) again(row, now);
      return true;
    },
    flush,
  };
}

let day = { start: 0, end: 0, name: "" };

/** YYYY-MM-DD in UTC; the last one is remembered, since almost every check asks for the same. */
function dayOf(now: Instant): string {
  if (now >= day.start && now < day.end) return day.name;
  const start = now - (now % 86_400_000);
  day = { start, end: start + 86_400_000, name: new Date(now).toISOString().slice(0, 10) };
  return day.name;
}
