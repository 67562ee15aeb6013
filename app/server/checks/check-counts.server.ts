import type { Logger } from "pino";
import type { Decision } from "~/core/decision/decide";
import type { Instant } from "~/core/model";
import { day, isoDay, startOfDay } from "~/core/time";
import type { Database } from "~db/database";
import { addingCheckCounts, type CheckCount, countBatchSize } from "~db/store/check-counts.server";

/** Counts of one tenant, keyed by feature. */
type OfTenant = Map<string, CheckCount[]>;

/** Keyed by tenant, then by feature: two lookups of existing strings cost less than building one combined key. */
export function createCountsInMemory() {
  const byTenant = new Map<string, OfTenant>();
  let size = 0;

  function of(tenant: string): OfTenant {
    const known = byTenant.get(tenant);
    if (known) return known;
    const fresh: OfTenant = new Map();
    byTenant.set(tenant, fresh);
    return fresh;
  }

  return {
    size: () => size,
    of,
    find(ofTenant: OfTenant, feature: string, day: string, allowed: boolean, source: string): CheckCount | undefined {
      const found = ofTenant.get(feature);
      if (!found) return undefined;
      for (const c of found) if (c.allowed === allowed && c.source === source && c.day === day) return c;
      return undefined;
    },
    add(count: CheckCount): void {
      const ofTenant = of(count.tenant);
      const ofFeature = ofTenant.get(count.feature);
      if (ofFeature) ofFeature.push(count);
      else ofTenant.set(count.feature, [count]);
      size += 1;
    },
  };
}

/** Flush interval in ms. A kill loses the counts of up to a second, part of which is the write itself. */
const flushEvery = 500;
/** Max distinct counts in memory, a few hundred bytes each, for when they cannot be written for a long time. */
const maxBatchSize = 100_000;
/** Counts kept in memory after a flush, because most are used again and recreating them costs garbage collection. */
const maxKeptBatches = 10_000;
/** The name under which a check of all features is counted. */
export const allFeatures = "*";

/** The rows one answer adds to, valid while they are in memory and the day lasts. */
export type CountBuffer = { batch: object; day: string; rows: CheckCount[] };

export type CheckCounts = ReturnType<typeof createCheckCounts>;

/**
 * Buffers counts in memory and writes them in the background in batches of a thousand, so that a check never waits for
 * a write. Counts that could not be written are written with the next batch.
 */
export function createCheckCounts(db: Database, log: Logger, most = maxBatchSize) {
  const addCounts = addingCheckCounts(db);
  let counts = createCountsInMemory();
  /** Rows with unwritten counts. */
  let due: CheckCount[] = [];
  let writing: Promise<void> = Promise.resolve();
  let dropped = 0;
  let isFailing = false;
  let tell: (written: CheckCount[]) => void | Promise<void> = () => {};
  let timer: NodeJS.Timeout | undefined;

  /** Counts checks of one tenant at one instant. */
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

  /** Takes the counts to write and resets them. */
  function take(): CheckCount[] {
    const taken = due.map((row) => ({ ...row }));
    for (const row of due) row.count = 0;
    due = [];
    if (counts.size() > Math.min(maxKeptBatches, most / 2)) counts = createCountsInMemory();
    return taken;
  }

  async function write(): Promise<void> {
    if (due.length === 0) return;
    const batch = take();
    const written: CheckCount[][] = [];
    let done = 0;
    try {
      while (done < batch.length) {
        const rows = batch.slice(done, done + countBatchSize);
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
    // One write at a time. Counts added meanwhile go with the next.
    writing = writing.then(write);
    return writing;
  }

  return {
    /** Called with written counts, off the check path. The next write waits for it. */
    onWritten(listen: (written: CheckCount[]) => void | Promise<void>): void {
      tell = listen;
    },
    /** Counts only existing names; unknown names are unbounded. */
    count(tenant: string, decisions: readonly Decision[], now: Instant): CheckCount[] {
      const countOne = counter(tenant, now);
      const rows: CheckCount[] = [];
      for (const { feature, type, entitled, source } of decisions)
        if (type !== null) rows.push(countOne(feature, entitled, source ?? "none"));
      return rows;
    },
    countAll: (tenant: string, now: Instant): CheckCount[] => [counter(tenant, now)(allFeatures, true, "none")],
    countBufferOf: (rows: CheckCount[], now: Instant): CountBuffer => ({ batch: counts, day: dayOf(now), rows }),
    /** Repeats a count without looking up its rows. Returns false if they are no longer in memory or the day changed. */
    countAgain({ batch, day, rows }: CountBuffer, now: Instant): boolean {
      if (batch !== counts || day !== dayOf(now)) return false;
      for (const row of rows) again(row, now);
      return true;
    },
    flush,
  };
}

let lastDay = { start: 0, end: 0, name: "" };

/** YYYY-MM-DD in UTC. Caches the last result, because almost every check has the same day. */
function dayOf(now: Instant): string {
  if (now >= lastDay.start && now < lastDay.end) return lastDay.name;
  const start = startOfDay(now);
  lastDay = { start, end: start + day, name: isoDay(now) };
  return lastDay.name;
}
