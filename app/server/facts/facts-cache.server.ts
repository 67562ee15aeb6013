import { LRUCache } from "lru-cache";
import type { Logger } from "pino";
import { compileCatalogue } from "~/core/catalogue/catalogue";
import type { CatalogueFacts, TenantFacts } from "~/core/model";
import { day } from "~/core/time";
import type { Database } from "~db/database";
import { type ChangeKind, changeBatchSize, changesReader, endOfFeed, lastChange } from "~db/store/changes.server";
import { emptyCatalogue, readCatalogueFacts, readTenantFacts } from "~db/store/facts.server";
import { createFeedPosition } from "./change-cursor";
import { createSynchronization, type Elapsed } from "./synchronization.server";

/** Cached facts of a tenant; `facts` null means it does not exist. A new object after every change. */
export type CachedTenant = { readonly facts: TenantFacts | null };

/** The database cannot be read and the tenant is not cached, so there is no answer. */
export class FactsUnavailable extends Error {}
const notInMemory = "The database cannot be read and this tenant is not in memory.";

/**
 * Measured on Node 20 with process.memoryUsage over 20,000 tenants of each shape, rounded up: 430 bytes without grants
 * (200 characters of JSON), 1,000 with two (730), 2,700 with eight (2,200), 10 % more for names outside Latin-1, 160
 * for unknown tenants.
 */
const bytesPerEntry = 240;
const bytesPerCharacter = 1.4;
/** Max duration of a transaction in ms; a number it drew may commit until then. */
const maxTransactionMs = 300_000;
/**
 * In ms. A process that did not read for longer (a machine that slept) may have missed feed rows, which are kept for a
 * week.
 */
const maxAbsenceMs = day;
/** Kinds of changes that other parts keep in memory. */
type FollowedKind = "key" | "setting";
/** Rejects if the database cannot be read. */
type Reload = () => Promise<void>;

export type FactsCache = ReturnType<typeof createFactsCache>;

/**
 * Caches the whole catalogue and the facts of requested tenants, bounded in bytes. Changes of this process are cached
 * before the writer is answered; changes of others are read before the next answer (`synchronization.server.ts`).
 */
export function createFactsCache(db: Database, log: Logger, bytes: number, elapsed: Elapsed = () => performance.now()) {
  const readChanges = changesReader(db.read, db.tables);
  const tenants = new LRUCache<string, CachedTenant>({ maxSize: bytes, sizeCalculation: sizeOf });
  const loading = new Map<string, Promise<CachedTenant>>();
  /** Newest change seen in the feed for tenants that are being loaded. */
  const touchedMeanwhile = new Map<string, number>();
  /** Increases when all tenants are forgotten: what a load read before that may be old. */
  let generation = 0;
  const onChange: Record<FollowedKind, Reload[]> = { key: [], setting: [] };
  const onMoved: Reload[] = [];
  const sync = createSynchronization(db, log, catchUp, elapsed);
  let catalogue = compileCatalogue(emptyCatalogue);
  let catalogueFacts = emptyCatalogue;
  /** By the wall clock, because the monotonic clock stops while a machine sleeps. */
  let readAt = Date.now();
  let position = createFeedPosition(0, maxTransactionMs);

  function putCatalogue(facts: CatalogueFacts): void {
    if (facts.revision <= catalogueFacts.revision) return;
    catalogueFacts = facts;
    catalogue = compileCatalogue(facts);
  }

  function putTenant(key: string, facts: TenantFacts | null): CachedTenant {
    const now = tenants.get(key);
    // A load may have read the row before a commit that is already cached.
    if (now?.facts && (facts === null || now.facts.revision >= facts.revision)) return now;
    const held: CachedTenant = { facts };
    tenants.set(key, held);
    return held;
  }

  /** After a bulk commit of this process: only tenants already cached are updated, so that others are not evicted. */
  function replaceTenants(list: TenantFacts[]): void {
    for (const facts of list) if (tenants.peek(facts.key) || loading.has(facts.key)) putTenant(facts.key, facts);
  }

  function dropIfOlder(key: string, seq: number): void {
    const held = tenants.peek(key);
    if (held && held.facts !== null && seq <= held.facts.revision) return;
    if (held) tenants.delete(key);
    if (loading.has(key)) touchedMeanwhile.set(key, seq);
  }

  /** Invalidates what changed since the last read. If the read fails, cached data stays in use, marked stale. */
  async function catchUp(): Promise<void> {
    // The time at which the read began: a machine may sleep while it runs.
    const startedAt = Date.now();
    const wasAway = startedAt - readAt > maxAbsenceMs;
    if (wasAway) await reset();
    const start = position.from(elapsed());
    let from = start;
    let read: number[] = [];
    let leap: Awaited<ReturnType<typeof endOfFeed>> = null;
    const moved = new Set<ChangeKind>(wasAway ? ["catalogue", "key", "setting"] : []);
    for (;;) {
      const { seqs, subjects, others } = await readChanges(from);
      const ofOthers = new Set(others.map(({ seq }) => seq));
      for (const [i, seq] of seqs.entries()) if (!ofOthers.has(seq)) dropIfOlder(subjects[i] as string, seq);
      for (const { seq, kind } of others) if (kind !== "catalogue" || seq > catalogueFacts.revision) moved.add(kind);
      read = read.length === 0 ? seqs : [...read, ...seqs];
      if (seqs.length < changeBatchSize) break;
      from = seqs.at(-1) as number;
      // After an import of very many tenants, following each would delay checks for long. Asked once: it counts the rest.
      if (read.length === changeBatchSize) leap = await endOfFeed(db.read, db.tables, start);
      if (leap) break;
    }
    if (leap) {
      forget();
      for (const kind of leap.kinds) moved.add(kind);
    }
    if (moved.has("catalogue")) putCatalogue(await readCatalogueFacts(db.read, db.tables));
    if (moved.has("key")) await reloadAll(onChange.key);
    if (moved.has("setting")) await reloadAll(onChange.setting);
    readAt = startedAt;
    if (leap) position = createFeedPosition(leap.end, maxTransactionMs);
    else position.readTo(read, elapsed());
    await followMoved();
  }

  /** Not awaited if this process wrote as well, because its own writes are already cached. */
  async function followMoved(): Promise<void> {
    const moved = db.othersMoved();
    if (moved === true) await reloadAll(onMoved);
    else if (moved) void moved.then((moved) => (moved ? reloadAll(onMoved) : undefined)).catch(sync.failed);
  }

  async function startPosition(): Promise<void> {
    const by = db.engine === "sqlite" ? undefined : Date.now() - maxTransactionMs;
    position = createFeedPosition(await lastChange(db.read, db.tables, by), maxTransactionMs);
  }

  async function reset(): Promise<void> {
    await startPosition();
    forget();
  }

  /** Tenants are read again when they are asked for. */
  function forget(): void {
    generation++;
    tenants.clear();
  }

  async function load(key: string): Promise<CachedTenant> {
    try {
      let at = generation;
      let facts = await readTenantFacts(db.read, db.tables, key);
      if (facts === null && db.followCommits) {
        // After a failover the address may lead to a standby that lacks the tenant.
        await sync.readNow();
        at = generation;
        facts = await readTenantFacts(db.read, db.tables, key);
      }
      while (at !== generation || (facts?.revision ?? 0) < (touchedMeanwhile.get(key) ?? 0)) {
        at = generation;
        facts = await readTenantFacts(db.read, db.tables, key);
      }
      if (facts === null) refuseStaleAbsence();
      return putTenant(key, facts);
    } catch (error) {
      if (error instanceof FactsUnavailable) throw error;
      sync.failed(error);
      throw new FactsUnavailable(notInMemory, { cause: error });
    } finally {
      loading.delete(key);
      touchedMeanwhile.delete(key);
    }
  }

  /** A tenant missing from a stale cache may exist in the database, so this throws instead of reporting it missing. */
  function refuseStaleAbsence(): void {
    if (sync.isStale()) throw new FactsUnavailable(notInMemory);
  }

  function tenant(key: string): CachedTenant | Promise<CachedTenant> {
    const held = tenants.get(key);
    if (held && (held.facts !== null || !sync.isStale())) return held;
    const started = loading.get(key) ?? load(key);
    loading.set(key, started);
    return started;
  }

  return {
    async start(): Promise<void> {
      await startPosition();
      putCatalogue(await readCatalogueFacts(db.read, db.tables));
      sync.start();
    },
    /** Reads commits of other processes immediately, and looks up missing tenants again. */
    async catchUpNow(absent: readonly string[] = []): Promise<void> {
      await sync.readNow();
      for (const key of absent) if (tenants.peek(key)?.facts === null) tenants.delete(key);
    },
    /** Call before answering. Undefined if memory is up to date or marked stale; otherwise a promise to wait for. */
    look: sync.look,
    /** Call before answering what may depend on a commit of another process that has just been reported here. */
    confirm: sync.confirm,
    tenant,
    /** Reads the cache without affecting eviction. */
    peek: (key: string) => tenants.peek(key),
    catalogue: () => catalogue,
    catalogueFacts: () => catalogueFacts,
    isStale: sync.isStale,
    stop: sync.stop,
    putCatalogue,
    putTenant,
    replaceTenants,
    /** Called when another process may have committed data that the feed does not contain, such as usage. */
    onMoved: (reload: Reload) => void onMoved.push(reload),
    /** Called when any process changed an API key or a setting that processes keep in memory. */
    onChange: (kind: FollowedKind, reload: Reload) => void onChange[kind].push(reload),
    held: () => ({ tenants: tenants.size, bytes: tenants.calculatedSize }),
  };
}

async function reloadAll(all: readonly Reload[]): Promise<void> {
  for (const reload of all) await reload();
}

function sizeOf({ facts }: CachedTenant, key: string): number {
  const characters = facts ? JSON.stringify(facts).length : 0;
  return Math.ceil(characters * bytesPerCharacter) + bytesPerEntry + key.length * 2;
}
