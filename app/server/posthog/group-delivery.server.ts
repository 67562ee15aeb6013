import type { Logger } from "pino";
import { type Catalogue, compileCatalogue } from "~/core/catalogue";
import type { GroupProperties } from "~/core/group-properties";
import type { Instant } from "~/core/model";
import type { Database, Queries } from "~db/database";
import { emptyCatalogue, readCatalogueFacts, readCatalogueRevision } from "~db/store/facts.server";
import { readForSync, recordAccepted } from "~db/store/group-syncs.server";
import { stillHolds } from "~db/store/leases.server";
import { type DueSync, postponeSyncs, releaseSyncs, removeSyncs } from "~db/store/outbox.server";
import { type Breaker, backOff, longestOutagePause } from "./breaker.server";
import { readClock } from "./group-clock.server";
import { groupEvent } from "./group-event.server";
import { isKnown, newsOf } from "./group-fan-out.server";
import { readMetadataChoice } from "./metadata-choice.server";
import { sendBatch } from "./send-batch.server";
import type { PosthogSettings } from "./settings.server";
import { noteFailed, noteSent } from "./sync-health.server";

/** Tenants that PostHog does not take, one by one, before it counts as being away. */
const refusalsThatMeanDown = 3;

/** Another process took over: whatever is under way here counts for nothing. */
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

type Parcel = { due: DueSync; tenant: string; revision: number; properties: GroupProperties; catalogue: number };
type Trouble = { why: string; after: number };

/** Sends what is due as it is now, a batch at a time, and writes down what PostHog took and what it did not. */
export function createDelivery(parts: DeliveryParts) {
  const { db, settings, lease, now } = parts;
  const { tables: t } = db;
  let held: Catalogue = compileCatalogue(emptyCatalogue);
  /** Unknown at first: another process may have left rows waiting for PostHog to come back. */
  let mayWait = true;

  /** The newest, whoever changed it. */
  async function catalogue(): Promise<Catalogue> {
    if (held.revision !== (await readCatalogueRevision(db.readAside, t)))
      held = compileCatalogue(await readCatalogueFacts(db.readAside, t));
    return held;
  }

  /** What time is it for group properties: never earlier than the instant up to which trials were looked at. */
  async function instant(): Promise<Instant> {
    return Math.max(now(), (await readClock(db.readAside, t)) ?? 0);
  }

  function write(work: (tx: Queries) => Promise<void>): Promise<void> {
    return db.transaction([], async (tx) => {
      if (!(await stillHolds(tx, t, lease.name, lease.holder))) throw new LeaseLost();
      await work(tx);
    });
  }

  /** Of the due ones: what has to be sent, and what PostHog has already. */
  async function pack(due: DueSync[]): Promise<{ parcels: Parcel[]; done: DueSync[] }> {
    const c = await catalogue();
    const [metadata, at] = [await readMetadataChoice(db.readAside, t), await instant()];
    const rows = await readForSync(
      db.readAside,
      t,
      due.map((d) => d.key),
    );
    const byKey = new Map(rows.map((row) => [row.facts.key, row]));
    const parcels: Parcel[] = [];
    const done: DueSync[] = [];
    for (const d of due) {
      const row = byKey.get(d.key);
      const properties = row && newsOf(row, c, at, metadata);
      if (!row || !properties || (!d.forced && isKnown(properties, row.sent))) done.push(d);
      else parcels.push({ due: d, tenant: d.key, revision: row.facts.revision, properties, catalogue: c.revision });
    }
    return { parcels, done };
  }

  async function post(parcels: Parcel[]) {
    if (!(await lease.renew())) throw new LeaseLost();
    const at = now();
    const events = parcels.map(({ due, tenant, revision, properties, catalogue }) =>
      groupEvent(settings, { tenant, revision: Math.max(revision, catalogue), since: due.createdAt.getTime(), properties }, at),
    );
    return sendBatch(settings, events, parts.requestTimeout, parts.stop);
  }

  function accepted(parcels: Parcel[]): Promise<void> {
    const at = now();
    return write(async (tx) => {
      await recordAccepted(tx, t, parcels, at);
      await removeSyncs(
        tx,
        t,
        parcels.map((p) => p.due),
      );
      await noteSent(tx, t, at);
      if (mayWait) await releaseSyncs(tx, t);
    }).then(() => {
      mayWait = false;
    });
  }

  function failed(parcels: Parcel[], { why, after }: Trouble, isDown: boolean): Promise<void> {
    const at = now();
    const attempts = Math.max(...parcels.map((p) => p.due.attempts));
    const pause = backOff(attempts, parts.random, isDown ? longestOutagePause : undefined);
    const nextAt = at + Math.max(after, Math.ceil(pause));
    mayWait ||= isDown;
    parts.log.debug({ why, tenants: parcels.length }, "group sync failed");
    return write(async (tx) => {
      await postponeSyncs(
        tx,
        t,
        parcels.map((p) => p.due),
        nextAt,
        why,
      );
      await noteFailed(tx, t, { at, why, isDown, nextTryAt: Math.max(nextAt, at + parts.breaker.pauseLeft()) });
    });
  }

  /** What PostHog finds too large or cannot read is sent in halves, down to the one tenant at fault. */
  async function deliver(all: Parcel[]): Promise<Trouble | null> {
    const open = [all];
    let taken = 0;
    const refused: Parcel[] = [];
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
    /** Whether anything was done; and until when PostHog asks us to wait, in milliseconds. */
    async send(due: DueSync[]): Promise<{ done: boolean; after: number }> {
      // Each change wakes us: what cannot be sent yet is not made ready each time.
      if (parts.breaker.isOpen() && parts.breaker.pauseLeft() > 0) return { done: false, after: 0 };
      const { parcels, done } = await pack(due);
      if (done.length > 0) await write((tx) => removeSyncs(tx, t, done));
      if (parcels.length === 0 || !parts.breaker.mayTry()) return { done: done.length > 0, after: 0 };
      try {
        return { done: true, after: (await deliver(parcels))?.after ?? 0 };
      } catch (error) {
        // A yes of the breaker has to be followed by something, or it waits for ever.
        if (parts.breaker.isOpen()) parts.breaker.failed();
        throw error;
      }
    },
  };
}
