import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { Instant } from "~/core/model";
import type { Checks } from "~/server/checks/check.server";
import type { FactsCache } from "~/server/facts/facts-cache.server";
import type { LogOutput } from "~/server/logging/log-output.server";
import type { Posthog } from "~/server/posthog/posthog.server";
import type { Database } from "~db/database";
import { outboxDepth } from "~db/store/outbox-depth.server";
import { type Load, loadKinds } from "./load.server";

export type Metrics = ReturnType<typeof createMetrics>;

export type MetricParts = {
  db: Database;
  checks: Checks;
  facts: FactsCache;
  load: Load;
  posthog: Posthog | null;
  logOutput: Pick<LogOutput, "droppedLines">;
  now: () => Instant;
};

/** One in this many checks is timed, because reading the clock twice is a noticeable part of a check. */
const timedChecks = 32;

/** Prometheus metrics. Checks increment plain numbers that are read on scrape. No label contains a tenant. */
export function createMetrics({ db, checks, facts, load, posthog, logOutput, now }: MetricParts) {
  const register = new Registry();
  const registers = [register];
  // Process, memory, garbage collection and event-loop delay.
  collectDefaultMetrics({ register });

  new Counter({
    name: "latchkey_checks_total",
    help: "Decisions asked for, by outcome; all features at once count as one, as all.",
    labelNames: ["outcome"],
    registers,
    collect() {
      const { allowed, refused, all } = checks.stats();
      this.reset();
      this.inc({ outcome: "allowed" }, allowed);
      this.inc({ outcome: "refused" }, refused);
      this.inc({ outcome: "all" }, all);
    },
  });
  new Counter({
    name: "latchkey_answers_total",
    help: "Answers from the cache (hit) or computed (miss).",
    labelNames: ["cache"],
    registers,
    collect() {
      const { hits, misses } = checks.stats();
      this.reset();
      this.inc({ cache: "hit" }, hits);
      this.inc({ cache: "miss" }, misses);
    },
  });
  new Counter({
    name: "latchkey_log_lines_dropped_total",
    help: "Lines of the log that were dropped because they could not be written, as on a full disk.",
    registers,
    collect() {
      this.reset();
      this.inc(logOutput.droppedLines());
    },
  });
  new Counter({
    name: "latchkey_refused_requests_total",
    help: "Requests refused with 503 because there were more than can be answered in time, by kind.",
    labelNames: ["kind"],
    registers,
    collect() {
      this.reset();
      for (const kind of loadKinds) this.inc({ kind }, load.refused()[kind]);
    },
  });
  const gauge = (name: string, help: string, read: () => number | Promise<number>) =>
    new Gauge({
      name,
      help,
      registers,
      async collect() {
        // The other metrics remain available while the database is down.
        this.set(await Promise.resolve(read()).catch(() => Number.NaN));
      },
    });
  gauge("latchkey_facts_tenants", "Tenants whose facts are in memory.", () => facts.held().tenants);
  gauge("latchkey_facts_bytes", "Estimated size of those facts in bytes.", () => facts.held().bytes);
  gauge("latchkey_facts_stale", "1 while the database cannot be read and answers come from the cache.", () => Number(facts.isStale()));
  // Without PostHog rows wait until it is configured.
  const readOutbox = async () => (posthog ? await outboxDepth(db.readAside, db.tables) : { rows: 0, oldest: null });
  let reading: ReturnType<typeof readOutbox> | undefined;
  /** Both gauges of one scrape share a query. */
  function outbox() {
    reading ??= readOutbox().finally(() => {
      reading = undefined;
    });
    return reading;
  }
  gauge("latchkey_outbox_rows", "Tenants whose properties have still to reach PostHog; 0 without one.", async () => (await outbox()).rows);
  gauge("latchkey_outbox_age_seconds", "How long the oldest of them has waited.", async () => {
    const { oldest } = await outbox();
    return oldest === null ? 0 : Math.max(0, (now() - oldest) / 1000);
  });
  gauge("latchkey_flags_down", "1 while PostHog is not asked about flags because it failed several times.", () =>
    Number(posthog?.flags.isDown() ?? 0),
  );
  gauge("latchkey_flags_age_seconds", "Since PostHog last answered a question about flags; NaN before the first.", () => {
    const at = posthog?.flags.answeredAt() ?? null;
    return at === null ? Number.NaN : (now() - at) / 1000;
  });

  const latency = new Histogram({
    name: "latchkey_check_seconds",
    help: `Time from the question to the answer, of one check in ${timedChecks}.`,
    buckets: [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25],
    registers,
  });
  const transactions = new Histogram({
    name: "latchkey_transaction_seconds",
    help: "Time of a transaction, waiting for its turn and its locks included.",
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5, 10],
    registers,
  });
  let count = 0;

  return {
    register,
    /** True if this check is timed. */
    isTimed: () => ++count % timedChecks === 0,
    timedChecks,
    /** Records a check's duration in ms. */
    checkedIn: (ms: number) => latency.observe(ms / 1000),
    transacted: (since: number) => transactions.observe((performance.now() - since) / 1000),
  };
}

/** Wraps the database to report the duration of transactions. */
export function timed(db: Database, tell: (since: number) => void): Database {
  return {
    ...db,
    async transaction(locks, work, options) {
      const since = performance.now();
      try {
        return await db.transaction(locks, work, options);
      } finally {
        tell(since);
      }
    },
  };
}
