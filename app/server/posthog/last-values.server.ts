import type { Logger } from "pino";
import type { FlagReading, Instant } from "~/core/model";
import { sameJson } from "~/core/same-json";
import type { Database } from "~db/database";
import { type FlagValue, keepingFlagValues, readFlagValues } from "~db/store/flag-values.server";
import type { Verdict } from "./remote-flags.server";

const flushEvery = 1_000; // ms
/** A value that stays the same is written again only after so long: what counts of its age is hours (a grant's day). */
const writeAgainAfter = 600_000; // ms
/** Values that wait while the database cannot be written; older ones give way. */
const mostWaiting = 100_000;

type Last = NonNullable<FlagReading["last"]>;
/** By flag. */
export type LastValues = Map<string, Last>;

/** The newest value that PostHog ever gave, kept in the database so that it outlives a restart. */
export function createLastValues(db: Database, log: Logger) {
  const keep = keepingFlagValues(db);
  const waiting = new Map<string, FlagValue>();
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
        for (const [key, value] of batch) if (!waiting.has(key) && waiting.size < mostWaiting) waiting.set(key, value);
        timer ??= setTimeout(flush, flushEvery).unref();
      });
    return writing;
  }

  return {
    async read(tenant: string): Promise<LastValues> {
      const rows = await readFlagValues(db.read, db.tables, tenant);
      return new Map(rows.map(({ tenant: _, flag, ...last }) => [flag, last]));
    },
    /** Takes in what was just said; returns what is last known from now on. */
    note(tenant: string, known: LastValues, said: Map<string, Verdict>, now: Instant): LastValues {
      let next = known;
      for (const [flag, verdict] of said) {
        if (typeof verdict === "string") continue;
        const before = known.get(flag);
        if (before && saysTheSame(before, verdict) && now - before.seenAt < writeAgainAfter) continue;
        const value = { ...verdict, seenAt: now };
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
export function withOlderValues(known: LastValues, said: Map<string, Verdict>, at: Instant): LastValues {
  const values = new Map(known);
  for (const [flag, verdict] of said) {
    if (typeof verdict === "object" && (known.get(flag)?.seenAt ?? 0) < at) values.set(flag, { ...verdict, seenAt: at });
  }
  return values;
}

const saysTheSame = (a: Omit<Last, "seenAt">, b: Omit<Last, "seenAt">) =>
  a.state === b.state && a.variant === b.variant && sameJson(a.payload, b.payload);
