import type { Logger } from "pino";
import type { Instant } from "~/core/model";
import { createBreaker } from "~/server/posthog/breaker.server";
import type { PosthogSettings } from "~/server/posthog/settings.server";
import { sha256 } from "~/server/random.server";
import type { Database, Lock, Queries } from "~db/database";
import { giveUpLease, readLease, takeLease } from "~db/store/leases.server";
import { dueGroupSyncs, dueSyncOfAll } from "~db/store/outbox.server";
import { readSetting, writeSetting } from "~db/store/settings.server";
import { createDelivery, LeaseLost } from "./group-delivery.server";
import { startFanOut, walkOn } from "./group-fan-out.server";
import { readMetadataChoice } from "./synced-metadata.server";
import { hasTimePassed, passTime, startClock } from "./trial-schedule.server";

const leaseName = "posthog group sync";
const targetSetting = "posthog_target";
const targetLock: Lock = { key: "posthog target" };
/**
 * Version of the format of group properties. Increment it when the format changes, so that every tenant is compared
 * with what was sent.
 */
const shapeSetting = "posthog_group_shape";
const shape = 2;
/** Tenants per request. */
const batchSize = 50;
/** Interval at which work left by other processes or by the clock is picked up, in ms. */
const pollIntervalMs = 1_000;
/** The lease lasts this many request timeouts. */
const leaseOfRequests = 3;

export type GroupSyncParts = {
  db: Database;
  settings: PosthogSettings;
  /** Identifies this process as a lease holder. */
  holder: string;
  now: () => Instant;
  /** In ms, monotonic. */
  elapsed: () => number;
  newId: (prefix: string) => string;
  log: Logger;
  /** For one request including its response, in ms. */
  requestTimeout?: number;
  random?: () => number;
};

/**
 * Sends every tenant's current group properties to PostHog. One process does it at a time, one request after another,
 * so older properties never arrive after newer ones. The queue is in the database, so nothing is lost.
 */
export function createGroupSync(parts: GroupSyncParts) {
  const { db, settings, holder, now, elapsed, newId, log, requestTimeout = 10_000, random = Math.random } = parts;
  const stopping = new AbortController();
  const breaker = createBreaker(elapsed, random);
  const lease = { name: leaseName, holder, renew };
  const delivery = createDelivery({ db, settings, lease, breaker, requestTimeout, random, now, log, stop: stopping.signal });
  const leaseTtl = requestTimeout * leaseOfRequests;
  /** When the lease, taken for `leaseTtl`, ends; by `elapsed`. */
  let leaseUntil = 0;
  /** Do not send before this time (PostHog's Retry-After); by `elapsed`. */
  let notBefore = 0;
  let timer: NodeJS.Timeout | undefined;
  let wanted = false;
  let running: Promise<void> | undefined;
  let hasComplained = false;

  async function renew(): Promise<boolean> {
    const at = now();
    const began = elapsed();
    if (leaseUntil - began > leaseTtl / 2) return true;
    const other = await readLease(db.readAside, db.tables, leaseName, at);
    const isFree = other === null || other.holder === holder;
    const has = isFree && (await takeLease(db, leaseName, holder, at, leaseTtl));
    leaseUntil = has ? began + leaseTtl : 0;
    return has;
  }

  /** Does one batch. Returns false if there is nothing to do or another process holds the lease. */
  async function step(): Promise<boolean> {
    if (stopping.signal.aborted) return false;
    const at = now();
    const isTime = await hasTimePassed(db, at);
    const due = await dueGroupSyncs(db.readAside, db.tables, at, batchSize);
    const isAll = due.length === 0 && (await dueSyncOfAll(db.readAside, db.tables)) !== null;
    if (!isTime && due.length === 0 && !isAll) return false;
    if (!(await renew())) return false;
    if (isTime) {
      await passTime(db, at);
      return true;
    }
    if (due.length > 0) {
      if (elapsed() < notBefore) return false;
      const { done, after } = await delivery.send(due);
      notBefore = elapsed() + after;
      return done;
    }
    if (breaker.isOpen()) return false;
    const metadata = await readMetadataChoice(db.readAside, db.tables);
    return walkOn(db, { catalogue: await delivery.catalogue(), at: await delivery.instant(), metadata, newId });
  }

  async function run(): Promise<void> {
    while (wanted && !stopping.signal.aborted) {
      wanted = false;
      try {
        while (await step()) await new Promise(setImmediate);
        hasComplained = false;
      } catch (err) {
        leaseUntil = 0;
        // Logs an unavailable database once, not on every poll.
        if (!(err instanceof LeaseLost) && !hasComplained) log.warn({ err }, "group sync will try again");
        hasComplained ||= !(err instanceof LeaseLost);
      }
    }
  }

  /** Sends due tenants after a commit. No effect in a process that was not started. */
  function wake(): void {
    if (!timer || stopping.signal.aborted) return;
    wanted = true;
    running ??= run().finally(() => {
      running = undefined;
      if (wanted) wake();
    });
  }

  /**
   * Runs once, before the first batch. A new project or group type has no data yet, and an earlier version sent other
   * properties.
   */
  async function prepare(): Promise<void> {
    const { host, projectKey, groupType } = settings;
    const target = sha256(JSON.stringify([host, projectKey, groupType])).slice(0, 16);
    const read = async (q: Queries) => ({
      target: await readSetting(q, db.tables, targetSetting),
      shape: await readSetting(q, db.tables, shapeSetting),
    });
    const isCurrent = (before: Awaited<ReturnType<typeof read>>) => before.target === target && before.shape === shape;
    if (isCurrent(await read(db.readAside))) return;
    await db.transaction([targetLock], async (tx) => {
      const before = await read(tx);
      if (isCurrent(before)) return;
      await startClock(tx, db.tables, now());
      await startFanOut(tx, db.tables, { id: newId("walk"), at: now(), forced: before.target !== null && before.target !== target });
      await writeSetting(tx, db.tables, targetSetting, target);
      await writeSetting(tx, db.tables, shapeSetting, shape);
    });
  }

  return {
    async start(): Promise<void> {
      await prepare();
      timer = setInterval(wake, pollIntervalMs).unref();
      wake();
    },
    wake,
    prepare,
    step,
    /** Aborts a request in flight. Its batch is sent again under the same id. */
    async stop(): Promise<void> {
      clearInterval(timer);
      stopping.abort();
      await running;
      if (leaseUntil > elapsed()) await giveUpLease(db, leaseName, holder).catch((err) => log.debug({ err }, "lease not given up"));
    },
  };
}
export type GroupSync = ReturnType<typeof createGroupSync>;
