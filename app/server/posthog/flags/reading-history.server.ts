import type { Logger } from "pino";
import type { FlagReading, Instant } from "~/core/model";
import type { Database } from "~db/database";
import { type NotedReading, notingFlagReadings, readFlagReadings } from "~db/store/flag-readings.server";

const flushEvery = 500; // ms
/** Rows per transaction. */
const batchSize = 500;
/** Readings queued while the database cannot be written. Further ones are dropped. */
const maxQueued = 100_000;

/** Readings of one tenant already recorded, as JSON. */
export type Noted = Map<string, string>;

/** Records each change of the flag readings that checks use, for point-in-time checks. */
export function createPastReadings(db: Database, log: Logger) {
  const noteInDatabase = notingFlagReadings(db);
  const waiting = new Map<string, NotedReading>();
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();

  async function write(): Promise<void> {
    try {
      for (let some = firstOf(waiting); some.length > 0; some = firstOf(waiting)) {
        await noteInDatabase(some.map(([, row]) => row));
        for (const [key, row] of some) if (waiting.get(key) === row) waiting.delete(key);
      }
    } catch (err) {
      log.warn({ err }, "what is known of flags was not noted; trying again");
      wake();
    }
  }

  function wake(): void {
    timer ??= setTimeout(flush, flushEvery).unref();
  }

  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    writing = writing.then(write);
    return writing;
  }

  return {
    async read(tenant: string): Promise<Noted> {
      const readings = await readFlagReadings(db.readAside, db.tables, tenant);
      return new Map([...readings].map(([flag, reading]) => [flag, JSON.stringify(reading)]));
    },
    /**
     * Records that checks use these readings from `at` on. Returns false if some were dropped because the queue is
     * full.
     */
    note(tenant: string, noted: Noted, readings: ReadonlyMap<string, FlagReading>, at: Instant): boolean {
      let isWhole = true;
      for (const [flag, reading] of readings) {
        const text = JSON.stringify(reading);
        if (noted.get(flag) === text) continue;
        if (waiting.size >= maxQueued) {
          isWhole = false;
          continue;
        }
        noted.set(flag, text);
        waiting.set(`${tenant}\n${flag}\n${at}`, { tenant, flag, at, reading });
      }
      if (waiting.size > 0) wake();
      return isWhole;
    },
    flush,
  };
}
export type PastReadings = ReturnType<typeof createPastReadings>;

function firstOf<Entry>(entries: Iterable<Entry>): Entry[] {
  const some: Entry[] = [];
  for (const entry of entries) {
    some.push(entry);
    if (some.length === batchSize) break;
  }
  return some;
}
