import type { Logger } from "pino";
import type { Decision } from "~/core/decide";
import type { Instant } from "~/core/model";
import type { Database } from "~db/database";
import { addCheckCounts, type CheckCount } from "~db/store/check-counts.server";

/** How often the counts in memory are written, in milliseconds: what a kill may lose of them. */
const flushEvery = 1_000;
/** Asking for all features at once counts once, under this name. */
export const allFeatures = "*";

export type CheckCounts = ReturnType<typeof createCheckCounts>;

/** Adds up in memory and writes in one transaction about each second, so that a check never waits for a write. */
export function createCheckCounts(db: Database, log: Logger) {
  let counts = new Map<string, CheckCount>();
  let writing: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;

  function bump(tenant: string, feature: string, allowed: boolean, source: string, now: Instant): void {
    const day = dayOf(now);
    const key = `${day}${allowed ? "+" : "-"}${source}/${feature}/${tenant}`;
    const known = counts.get(key);
    if (known) {
      known.count += 1;
      known.lastAt = now;
      return;
    }
    counts.set(key, { tenant, day, feature, allowed, source, count: 1, firstAt: now, lastAt: now });
    timer ??= setTimeout(flush, flushEvery).unref();
  }

  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    if (counts.size === 0) return writing;
    const batch = [...counts.values()];
    counts = new Map();
    writing = writing.then(() => addCheckCounts(db, batch)).catch((error) => log.error({ err: error }, "check counts were not written"));
    return writing;
  }

  return {
    count: (tenant: string, decision: Decision, now: Instant) =>
      bump(tenant, decision.feature, decision.entitled, decision.source ?? "none", now),
    countAll: (tenant: string, now: Instant) => bump(tenant, allFeatures, true, "none", now),
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
