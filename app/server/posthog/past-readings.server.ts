import type { Logger } from "pino";
import type { FlagReading, Instant } from "~/core/model";
import type { Database } from "~db/database";
import { type NotedReading, notingFlagReadings, readFlagReadings } from "~db/store/flag-readings.server";

const flushEvery = 500; // ms
/** Rows of one transaction. */
const atOnce = 500;
/** Readings that wait while the database cannot be written; more are not noted. */
const mostWaiting = 100_000;

/** What is noted already of one tenant's flags, as JSON. */
export type Noted = Map<string, string>;

/** Keeps what checks know of flags, each time that it is something else, so that the past can be answered. */
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
    /** From `at` on checks know this. False: not all of it is noted, since too much waits. */
    note(tenant: string, noted: Noted, readings: ReadonlyMap<string, FlagReading>, at: Instant): boolean {
      let isWhole = true;
      for (const [flag, reading] of readings) {
        const text = JSON.stringify(reading);
        if (noted.get(flag) === text) continue;
        if (waiting.size >= mostWaiting) {
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
    if (some.length === atOnce) break;
  }
  return some;
}
