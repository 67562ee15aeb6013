import type { Logger } from "pino";
import { type FlagReading, type FlagValue, type Instant, isKnownFlag, type LastFlagValue } from "~/core/model";
import { sameJson } from "~/core/same-json";
import type { Database } from "~db/database";
import { keepingFlagValues, readFlagValues, type TenantFlagValue } from "~db/store/flag-values.server";

const flushEvery = 1_000; // ms
/** An unchanged value is written again only after this: its age matters in hours. */
const writeAgainAfter = 600_000; // ms
/** Values queued while the database cannot be written. Older ones are dropped. */
const maxQueued = 100_000;

/** By flag. */
export type LastValues = Map<string, LastFlagValue>;

/** The last value that PostHog returned, stored so that it survives a restart. */
export function createLastValues(db: Database, log: Logger) {
  const keep = keepingFlagValues(db);
  const waiting = new Map<string, TenantFlagValue>();
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();

  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    if (waiting.size === 0) return writing;
    const batch = [...waiting];
    waiting.clear();
    writing = writing
      .then(() => keep(batch.map(([, value]) => value)))
      .catch((err) => {
        log.warn({ err }, "last flag values were not written; trying again");
        for (const [key, value] of batch) if (!waiting.has(key) && waiting.size < maxQueued) waiting.set(key, value);
        timer ??= setTimeout(flush, flushEvery).unref();
      });
    return writing;
  }

  return {
    async read(tenant: string): Promise<LastValues> {
      const rows = await readFlagValues(db.read, db.tables, tenant);
      return new Map(rows.map(({ tenant: _, flag, ...last }) => [flag, last]));
    },
    /** Merges new results and returns the last known values. */
    note(tenant: string, known: LastValues, said: ReadonlyMap<string, FlagReading>, now: Instant): LastValues {
      let next = known;
      for (const [flag, reading] of said) {
        if (!isKnownFlag(reading)) continue;
        const before = known.get(flag);
        if (before && saysTheSame(before, reading) && now - before.seenAt < writeAgainAfter) continue;
        const value = { ...reading, seenAt: now };
        if (next === known) next = new Map(known);
        next.set(flag, value);
        waiting.set(`${tenant}\n${flag}`, { tenant, flag, ...value });
      }
      if (waiting.size > 0) timer ??= setTimeout(flush, flushEvery).unref();
      return next;
    },
    flush,
  };
}
export type LastValueStore = ReturnType<typeof createLastValues>;

/** Adds values that count from `at`, where nothing newer is known. Kept in memory only. */
export function withOlderValues(known: LastValues, said: ReadonlyMap<string, FlagReading>, at: Instant): LastValues {
  const values = new Map(known);
  for (const [flag, reading] of said) {
    if (isKnownFlag(reading) && (known.get(flag)?.seenAt ?? 0) < at) values.set(flag, { ...reading, seenAt: at });
  }
  return values;
}

const saysTheSame = (a: FlagValue, b: FlagValue) => a.state === b.state && a.variant === b.variant && sameJson(a.payload, b.payload);
