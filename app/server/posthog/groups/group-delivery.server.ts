import type { Logger } from "pino";
import { type Catalogue, compileCatalogue } from "~/core/catalogue/catalogue";
import type { Instant } from "~/core/model";
import type { GroupProperties } from "~/core/posthog/group-properties";
import { type Breaker, backOff, maxOutagePauseMs } from "~/server/posthog/breaker.server";
import { sendBatch } from "~/server/posthog/events/send-batch.server";
import type { PosthogSettings } from "~/server/posthog/settings.server";
import type { Database, Queries } from "~db/database";
import { emptyCatalogue, readCatalogueFacts, readCatalogueRevision } from "~db/store/facts.server";
import { readForSync, recordAccepted } from "~db/store/group-syncs.server";
import { stillHolds } from "~db/store/leases.server";
import { type DueSync, postponeSyncs, releaseSyncs, removeSyncs } from "~db/store/outbox.server";
import { groupEvent } from "./group-event.server";
import { groupPropertiesOf, isKnown } from "./group-fan-out.server";
import { noteFailed, noteSent } from "./sync-health.server";
import { readMetadataChoice } from "./synced-metadata.server";
import { readClock } from "./trial-schedule.server";

/** Tenants that PostHog refuses one by one before it counts as down. */
const refusalsThatMeanDown = 3;

/** Another process took the lease: results of requests in flight are discarded. */
export class LeaseLost extends Error {}

export type DeliveryParts = {
  db: Database;
  settings: PosthogSettings;
  lease: { name: string; holder: string; renew: () => Promise<boolean> };
  breaker: Breaker;
  requestTimeout: number;
  random: () => number;
  now: () => Instant;
  log: Logger;
  stop: AbortSignal;
};

type Batch = { due: DueSync; tenant: string; revision: number; properties: GroupProperties; catalogue: number };
type Trouble = { why: string; after: number };

/** Sends due tenants in batches and records which ones PostHog accepted. */
export function createDelivery(parts: DeliveryParts) {
  const { db, settings, lease, now } = parts;
  const { tables: t } = db;
  let held: Catalogue = compileCatalogue(emptyCatalogue);
  /** Initially unknown: another process may have left rows that wait for PostHog. */
  let mayWait = true;

  /** The newest catalogue of any process. */
  async function catalogue(): Promise<Catalogue> {
    if (held.revision !== (await readCatalogueRevision(db.readAside, t)))
      held = compileCatalogue(await readCatalogueFacts(db.readAside, t));
    return held;
  }

  /** The time for group properties: never earlier than the instant up to which trials were processed. */
  async function instant(): Promise<Instant> {
    return Math.max(now(), (await readClock(db.readAside, t)) ?? 0);
  }

  function write(work: (tx: Queries) => Promise<void>): Promise<void> {
    return db.transaction([], async (tx) => {
      if (!(await stillHolds(tx, t, lease.name, lease.holder))) throw new LeaseLost();
      await work(tx);
    });
  }

  /** Splits due tenants into those to send and those PostHog already has. */
  async function pack(due: DueSync[]): Promise<{ parcels: Batch[]; done: DueSync[] }> {
    const c = await catalogue();
    const [metadata, at] = [await readMetadataChoice(db.readAside, t), await instant()];
    const rows = await readForSync(
      db.readAside,
      t,
      due.map((d) => d.key),
    );
    const byKey = new Map(rows.map((row) => [row.facts.key, row]));
    const batches: Batch[] = [];
    const done: DueSync[] = [];
    for (const d of due) {
      const row = byKey.get(d.key);
      const properties = row && groupPropertiesOf(row, c, at, metadata);
      if (!row || !properties || (!d.forced && isKnown(properties, row.sent))) done.push(d);
      else batches.push({ due: d, tenant: d.key, revision: row.facts.revision, properties, catalogue: c.revision });
    }
    return { parcels: batches, done };
  }

  async function post(batches: Batch[]) {
    if (!(await lease.renew())) throw new LeaseLost();
    const at = now();
    const events = batches.map(({ due, tenant, revision, properties, catalogue }) =>
      groupEvent(settings, { tenant, revision: Math.max(revision, catalogue), since: due.createdAt.getTime(), properties }, at),
    );
    return sendBatch(settings, events, parts.requestTimeout, parts.stop);
  }

  function accepted(batches: Batch[]): Promise<void> {
    const at = now();
    return write(async (tx) => {
      await recordAccepted(tx, t, batches, at);
      await removeSyncs(
        tx,
        t,
        batches.map((p) => p.due),
      );
      await noteSent(tx, t, at);
      if (mayWait) await releaseSyncs(tx, t);
    }).then(() => {
      mayWait = false;
    });
  }

  function failed(batches: Batch[], { why, after }: Trouble, isDown: boolean): Promise<void> {
    const at = now();
    const attempts = Math.max(...batches.map((p) => p.due.attempts));
    const pause = backOff(attempts, parts.random, isDown ? maxOutagePauseMs : undefined);
    const nextAt = at + Math.max(after, Math.ceil(pause));
    mayWait ||= isDown;
    parts.log.debug({ why, tenants: batches.length }, "group sync failed");
    return write(async (tx) => {
      await postponeSyncs(
        tx,
        t,
        batches.map((p) => p.due),
        nextAt,
        why,
      );
      await noteFailed(tx, t, { at, why, isDown, nextTryAt: Math.max(nextAt, at + parts.breaker.pauseLeft()) });
    });
  }

  /** Batches that PostHog finds too large or unreadable are split in halves, down to the tenant at fault. */
  async function deliver(all: Batch[]): Promise<Trouble | null> {
    const open = [all];
    let taken = 0;
    const refused: Batch[] = [];
    for (let next = open.pop(); next; next = open.pop()) {
      const answer = await post(next);
      if (parts.stop.aborted) return null;
      if (answer.ok) {
        taken += next.length;
        await accepted(next);
      } else if (answer.kind !== "down" && next.length > 1) {
        const half = Math.ceil(next.length / 2);
        open.push(next.slice(half), next.slice(0, half));
      } else {
        if (answer.kind !== "down") refused.push(...next);
        const isDown = answer.kind === "down" || (taken === 0 && refused.length >= refusalsThatMeanDown);
        const stranded = isDown ? [...(answer.kind === "down" ? next : []), ...open.flat()] : [];
        if (isDown) parts.breaker.failed();
        if (answer.kind !== "down") await failed(next, answer, isDown);
        if (stranded.length > 0) await failed(stranded, answer, true);
        if (isDown) return answer;
      }
    }
    parts.breaker.succeeded();
    return null;
  }

  return {
    catalogue,
    instant,
    /** Returns whether anything was done, and PostHog's Retry-After in ms. */
    async send(due: DueSync[]): Promise<{ done: boolean; after: number }> {
      // Every change wakes this process; batches are not rebuilt while they cannot be sent.
      if (parts.breaker.isOpen() && parts.breaker.pauseLeft() > 0) return { done: false, after: 0 };
      const { parcels: batches, done } = await pack(due);
      if (done.length > 0) await write((tx) => removeSyncs(tx, t, done));
      if (batches.length === 0 || !parts.breaker.mayTry()) return { done: done.length > 0, after: 0 };
      try {
        return { done: true, after: (await deliver(batches))?.after ?? 0 };
      } catch (error) {
        // An attempt that the breaker allowed must be reported, or it stays half-open.
        if (parts.breaker.isOpen()) parts.breaker.failed();
        throw error;
      }
    },
  };
}
