import type { SQL } from "drizzle-orm";
import type { BaseSQLiteDatabase } from "drizzle-orm/sqlite-core";
import type { Engine } from "./dialect";
import type { Schema } from "./schema";

/** Queries are written once, in SQLite's types, and only ever awaited: `.get()`, `.all()` and `.run()` do not exist on PostgreSQL. */
export type Queries = BaseSQLiteDatabase<"async", unknown, Record<string, never>>;

/** What must not change while a transaction reads, decides and writes. Shared holders do not wait for each other. */
export type Lock = { key: string; shared?: true };
export const catalogueLock: Lock = { key: "catalogue" };
export const catalogueSharedLock: Lock = { key: "catalogue", shared: true };
export const tenantLock = (key: string): Lock => ({ key: `tenant:${key}` });

/** What Drizzle's builders are before they are awaited. */
export type Statement = PromiseLike<unknown> & { toSQL(): { sql: string; params: unknown[] } };

/**
 * `askedAt`: when the write was asked for, by `performance.now()`, if that was before now. `maxLockWaitMs`: on PostgreSQL, how long
 * it waits for its locks once it has a connection.
 */
export type TransactionOptions = { askedAt?: number; maxLockWaitMs?: number };
/** How long a transaction waits for the file, a connection or its locks, from the moment it was asked for, in ms. */
export const lockTimeoutMs = 5_000;
/** Transactions that may wait for their turn or their locks; more are refused. */
export const maxWaitingWrites = 2_000;

/** "commit": another process has committed. "poll": time to look for commits that no notification told of. */
export type CommitListener = (signal: "commit" | "poll") => void;

export type Database = {
  engine: Engine;
  tables: Schema;
  /**
   * For reading what a check needs: the facts and the usage of one tenant, keys, single rows. On SQLite it runs on the thread that
   * answers checks, so only statements that look into an index belong here.
   */
  read: Queries;
  /** For pages, lists, exports, previews and counts: however long one takes, it holds up neither checks nor the event loop. */
  readAside: Queries;
  /**
   * The only way to write. Everything in `work` happens or nothing does; it must await nothing but the database. Where others hold
   * the file or a lock it is refused with DatabaseBusy after five seconds, and with DatabaseUnavailable when the queue is full.
   * A transaction begun inside another one throws, since it would wait for itself for ever.
   */
  transaction<T>(locks: Lock[], work: (tx: Queries) => Promise<T>, options?: TransactionOptions): Promise<T>;
  /** One statement in a transaction of its own, for what nobody waits for. It takes no locks but its rows'. */
  aside(build: (q: Queries) => Statement): Promise<void>;
  /** One statement that is put together once and takes its data in pieces: all of them are written or none. */
  prepareAside(build: (q: Queries, piece: SQL) => Statement): (pieces: string[]) => Promise<void>;
  /** A process that serves works with SQLite in threads of their own: all writes, and what is read through `readAside`. */
  startThreads(): void;
  /**
   * Other writes of this process wait until this is done, for as long as it takes: a process that works for this one is writing, and
   * they would give up. Their time limit begins when it is done.
   */
  holdWrites<T>(work: () => Promise<T>): Promise<T>;
  /** Calls back for commits of other processes. Null on SQLite, where `hasMoved` knows at once. */
  followCommits: ((listener: CommitListener) => void) | null;
  /** SQLite only. Whether any process, this one included, may have committed since the last call. Throws when the file cannot be read. */
  hasMoved(): boolean;
  /** Whether another process may have committed since the last call. A promise where this process wrote meanwhile. */
  othersMoved(): boolean | Promise<boolean>;
  /**
   * Replaces every connection as soon as it is free. For a server that takes no writes: the address may lead to another one by now.
   * SQLite has nothing to replace.
   */
  reconnect(): void;
  /** Throws when the database cannot be read, takes no writes or is not at the program's version. */
  ping(): Promise<void>;
  close(): Promise<void>;
};

/** A sentence that says what to do, for the operator at start; `cause` is for the log. */
export class DatabaseProblem extends Error {}

/** `mayCreate`: a missing database is made, and `onCreate` is called with where; otherwise it is a DatabaseProblem. The default is true. */
export type OpenOptions = {
  mayCreate?: boolean;
  onCreate?: (where: string) => void;
  /** On PostgreSQL: how many one node opens at most, and whether this is the process beside its server. */
  connections?: number;
  isBackground?: boolean;
};

export const noDatabase = (where: string) =>
  new DatabaseProblem(`There is no Latchkey database at ${where}. Correct DATABASE_URL, or make one with: latchkey migrate`);
