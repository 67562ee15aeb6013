import type { SQL } from "drizzle-orm";
import type { BaseSQLiteDatabase } from "drizzle-orm/sqlite-core";
import type { Engine } from "./dialect";
import type { ConnectionRole } from "./postgres-connections";
import type { Schema } from "./schema";

/**
 * Queries are written once with SQLite's types and always awaited: `.get()`, `.all()` and `.run()` do not exist on
 * PostgreSQL.
 */
export type Queries = BaseSQLiteDatabase<"async", unknown, Record<string, never>>;

/** Protects what a transaction reads and decides on. Shared holders do not block each other. */
export type Lock = { key: string; shared?: true };
export const catalogueLock: Lock = { key: "catalogue" };
export const catalogueSharedLock: Lock = { key: "catalogue", shared: true };
export const tenantLock = (key: string): Lock => ({ key: `tenant:${key}` });

/** Drizzle builders before they are awaited. */
export type Statement = PromiseLike<unknown> & { toSQL(): { sql: string; params: unknown[] } };

/**
 * `askedAt`: when the write was requested, from `performance.now()`; defaults to now. `maxLockWaitMs`: on PostgreSQL,
 * how long to wait for locks once connected.
 */
export type TransactionOptions = { askedAt?: number; maxLockWaitMs?: number };
/** How long a transaction waits for the file, a connection or its locks, from the request on, in ms. */
export const lockTimeoutMs = 5_000;
/** Max transactions waiting for their turn or locks; further ones are refused. */
export const maxWaitingWrites = 2_000;

/** "commit": another process committed. "poll": time to look for commits without a notification. */
export type CommitListener = (signal: "commit" | "poll") => void;

export type Database = {
  engine: Engine;
  tables: Schema;
  /**
   * For reads of the check path: facts and usage of a tenant, keys, single rows. On SQLite it runs on the thread that
   * answers checks, so use index lookups only.
   */
  read: Queries;
  /** For pages, lists, exports, previews and counts. Slow reads here block neither checks nor the event loop. */
  readAside: Queries;
  /**
   * The only way to write. `work` is committed or rolled back as a whole and must await nothing but the database.
   * Rejects with DatabaseBusy if locks are not available within five seconds, and with DatabaseUnavailable if the queue
   * is full. Throws if nested, because it would wait for itself.
   */
  transaction<T>(locks: Lock[], work: (tx: Queries) => Promise<T>, options?: TransactionOptions): Promise<T>;
  /** Runs one statement in its own transaction, for writes nobody waits for. It takes only row locks. */
  aside(build: (q: Queries) => Statement): Promise<void>;
  /** A statement prepared once that takes its data in chunks: all are written, or none. */
  prepareAside(build: (q: Queries, piece: SQL) => Statement): (pieces: string[]) => Promise<void>;
  /** Moves SQLite's writes, and reads through `readAside`, to threads. For processes that serve. */
  startThreads(): void;
  /**
   * Delays other writes of this process until `work` is done, however long it takes: the worker process is writing, and
   * they would time out. Their timeout starts afterwards.
   */
  holdWrites<T>(work: () => Promise<T>): Promise<T>;
  /** Calls back on commits of other processes. Null on SQLite, where `hasMoved` is immediate. */
  followCommits: ((listener: CommitListener) => void) | null;
  /** SQLite only. Whether any process, this one included, may have committed since the last call. Throws when the file cannot be read. */
  hasMoved(): boolean;
  /** True if another process may have committed since the last call. A promise if this process wrote meanwhile. */
  othersMoved(): boolean | Promise<boolean>;
  /**
   * Replaces every connection once it is free. For a server that became read-only: after a failover the address may
   * lead to another server. No effect on SQLite.
   */
  reconnect(): void;
  /** Throws when the database cannot be read, takes no writes or is not at the program's version. */
  ping(): Promise<void>;
  close(): Promise<void>;
};

/** Its message tells the operator what to do; `cause` is for the log. */
export class DatabaseProblem extends Error {}

/**
 * `mayCreate` (default true): a missing database is created and `onCreate` is called with its place; otherwise it is a
 * DatabaseProblem.
 */
export type OpenOptions = {
  mayCreate?: boolean;
  onCreate?: (where: string) => void;
  /** On PostgreSQL: how many one node opens at most, and which of its processes this is. */
  connections?: number;
  role?: ConnectionRole;
};

export const noDatabase = (where: string) =>
  new DatabaseProblem(`There is no Latchkey database at ${where}. Correct DATABASE_URL, or make one with: latchkey migrate`);
