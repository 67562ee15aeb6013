import { LRUCache } from "lru-cache";
import type { Logger } from "pino";
import { compileCatalogue } from "~/core/catalogue";
import type { CatalogueFacts, TenantFacts } from "~/core/model";
import type { Database } from "~db/database";
import { changesAtOnce, changesReader, lastChange } from "~db/store/changes.server";
import { emptyCatalogue, readCatalogueFacts, readTenantFacts } from "~db/store/facts.server";
import { createFeedPosition } from "./feed-position";

/** What is known of one tenant; `facts: null` remembers that there is none. Another object after every change. */
export type Held = { readonly facts: TenantFacts | null };

/** The database cannot be read and the tenant is not in memory: an answer would be a guess. */
export class FactsUnavailable extends Error {}

/**
 * Measured on Node 20 with process.memoryUsage over 20,000 tenants of each shape, both rounded up: 430 bytes without grants
 * (200 characters of JSON), 1,000 with two (730), 2,700 with eight (2,200), a tenth more where names are not Latin, 160 unknown.
 */
const bytesPerEntry = 240;
const bytesPerCharacter = 1.4;
/** How long a transaction may last, in milliseconds; a number that it drew can be committed until then. */
const longestTransaction = 300_000;
/** Who did not look for longer (a machine that slept) may have missed what is gone from the feed, which is kept for a week. */
const longestAbsence = 24 * 3_600_000;
/** While the database cannot be read it is tried again this often, in milliseconds. */
const retryEvery = 500;

export type FactsCache = ReturnType<typeof createFactsCache>;

/**
 * The catalogue whole and the facts of asked tenants, bounded in bytes. What this process commits is put in before the
 * writer is answered; what others commit is noticed at the next check, asked of the database once per turn of the event loop.
 */
export function createFactsCache(db: Database, log: Logger, bytes: number) {
  const readChanges = changesReader(db.read, db.tables);
  const tenants = new LRUCache<string, Held>({ maxSize: bytes, sizeCalculation: sizeOf });
  const loading = new Map<string, Promise<Held>>();
  /** Of tenants that are being read: the newest change that the feed told of meanwhile. */
  const touchedMeanwhile = new Map<string, number>();
  const onKeyChange = new Set<() => void>();
  const onMoved = new Set<() => Promise<void>>();
  let catalogue = compileCatalogue(emptyCatalogue);
  let catalogueFacts = emptyCatalogue;
  let staleSince: number | null = null;
  let asked = false;
  let triedAt = 0;
  let lookedAt = Date.now();
  let catchingUp: Promise<void> | undefined;
  let position = createFeedPosition(0, longestTransaction);

  function putCatalogue(facts: CatalogueFacts): void {
    if (facts.revision <= catalogueFacts.revision) return;
    catalogueFacts = facts;
    catalogue = compileCatalogue(facts);
  }

  function putTenant(key: string, facts: TenantFacts | null): Held {
    const now = tenants.get(key);
    // A cold load may have read before a commit that is already in here.
    if (now?.facts && (facts === null || now.facts.revision >= facts.revision)) return now;
    const held: Held = { facts };
    tenants.set(key, held);
    return held;
  }

  /** After a commit of this process that touched many: what nobody asked for does not push out what is asked for. */
  function replaceTenants(list: TenantFacts[]): void {
    for (const facts of list) if (tenants.peek(facts.key) || loading.has(facts.key)) putTenant(facts.key, facts);
  }

  function dropIfOlder(key: string, seq: number): void {
    const held = tenants.peek(key);
    if (held && held.facts !== null && seq <= held.facts.revision) return;
    if (held) tenants.delete(key);
    if (loading.has(key)) touchedMeanwhile.set(key, seq);
  }

  /** Drops what was touched since the last look; on failure what is known stays in service, marked stale. */
  async function catchUp(): Promise<void> {
    const wasAway = Date.now() - lookedAt > longestAbsence;
    if (wasAway) await startAnew();
    let from = position.from(Date.now());
    let read: number[] = [];
    let catalogueMoved = wasAway;
    for (;;) {
      const { seqs, subjects, others } = await readChanges(from);
      const ofOthers = new Set(others.map(({ seq }) => seq));
      for (const [i, seq] of seqs.entries()) if (!ofOthers.has(seq)) dropIfOlder(subjects[i] as string, seq);
      for (const { seq, kind } of others) {
        if (kind === "key") for (const tell of onKeyChange) tell();
        else catalogueMoved ||= seq > catalogueFacts.revision;
      }
      read = read.length === 0 ? seqs : [...read, ...seqs];
      if (seqs.length < changesAtOnce) break;
      from = seqs.at(-1) as number;
    }
    if (catalogueMoved) putCatalogue(await readCatalogueFacts(db.read, db.tables));
    lookedAt = Date.now();
    position.readTo(read, lookedAt);
    await tellMoved();
  }

  /** Not awaited if this process wrote as well, because its own writes are already in memory. */
  async function tellMoved(): Promise<void> {
    const moved = db.othersMoved();
    const tell = async (moved: boolean) => {
      if (moved) for (const follow of onMoved) await follow();
    };
    if (typeof moved === "boolean") await tell(moved);
    else void moved.then(tell);
  }

  async function startPosition(): Promise<void> {
    const by = db.engine === "sqlite" ? undefined : Date.now() - longestTransaction;
    position = createFeedPosition(await lastChange(db.read, db.tables, by), longestTransaction);
  }

  async function startAnew(): Promise<void> {
    await startPosition();
    tenants.clear();
    for (const tell of onKeyChange) tell();
  }

  function failed(error: unknown): void {
    if (staleSince === null) log.error({ err: error }, "the database cannot be read; answering from memory");
    staleSince ??= Date.now();
  }

  const waitFor = () => (db.engine === "sqlite" ? catchingUp : undefined);

  /**
   * Asks the database, once per turn of the event loop, whether somebody else committed. SQLite knows at once, so the asker
   * waits for what there is to read; on PostgreSQL word comes over a network anyway, and nobody waits for a query.
   */
  function look(): Promise<void> | undefined {
    if (asked) return waitFor();
    asked = true;
    setImmediate(() => {
      asked = false;
    });
    // What moves while changes are being read is still there to be asked for afterwards.
    if (catchingUp) return waitFor();
    const retry = staleSince !== null;
    if (retry && Date.now() < triedAt + retryEvery) return undefined;
    triedAt = Date.now();
    try {
      if (!db.hasMoved() && !retry) return waitFor();
    } catch (error) {
      failed(error);
      return undefined;
    }
    catchingUp = catchUp()
      .then(() => {
        staleSince = null;
      }, failed)
      .finally(() => {
        catchingUp = undefined;
      });
    return waitFor();
  }

  async function load(key: string): Promise<Held> {
    try {
      let facts = await readTenantFacts(db.read, db.tables, key);
      while ((facts?.revision ?? 0) < (touchedMeanwhile.get(key) ?? 0)) facts = await readTenantFacts(db.read, db.tables, key);
      return putTenant(key, facts);
    } catch (error) {
      failed(error);
      throw new FactsUnavailable("The database cannot be read and this tenant is not in memory.", { cause: error });
    } finally {
      loading.delete(key);
      touchedMeanwhile.delete(key);
    }
  }

  function tenant(key: string): Held | Promise<Held> {
    const held = tenants.get(key);
    if (held) return held;
    const started = loading.get(key) ?? load(key);
    loading.set(key, started);
    return started;
  }

  return {
    async start(): Promise<void> {
      await startPosition();
      putCatalogue(await readCatalogueFacts(db.read, db.tables));
    },
    /** For who cannot wait until word comes: a commit of what works beside this process, which is somebody else's here, or one elsewhere. */
    async catchUpNow(): Promise<void> {
      await catchingUp;
      await catchUp().catch(failed);
    },
    /** Call before reading: undefined means that all is up to date; a promise, that something is being read. */
    look,
    tenant,
    /** What is in memory now, without making it younger. */
    peek: (key: string) => tenants.peek(key),
    catalogue: () => catalogue,
    catalogueFacts: () => catalogueFacts,
    isStale: () => staleSince !== null,
    putCatalogue,
    putTenant,
    replaceTenants,
    /** Called when another process may have committed what the feed does not tell of, such as usage. */
    onMoved: (follow: () => Promise<void>) => onMoved.add(follow),
    /** Called when any process changed an API key. */
    onKeyChange: (tell: () => void) => onKeyChange.add(tell),
    held: () => ({ tenants: tenants.size, bytes: tenants.calculatedSize }),
  };
}

function sizeOf({ facts }: Held, key: string): number {
  const characters = facts ? JSON.stringify(facts).length : 0;
  return Math.ceil(characters * bytesPerCharacter) + bytesPerEntry + key.length * 2;
}
