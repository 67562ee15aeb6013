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

export type Database = {
  engine: Engine;
  tables: Schema;
  /** For reading only: a write through it would miss the queue and the locks. */
  read: Queries;
  /**
   * The only way to write. Everything in `work` happens or nothing does; it must await nothing but the database.
   * A transaction begun inside another one throws, since it would wait for itself for ever.
   */
  transaction<T>(locks: Lock[], work: (tx: Queries) => Promise<T>): Promise<T>;
  /**
   * One statement in a transaction of its own, for what nobody waits for. It takes no locks but its rows'. In a process that
   * serves (`startAside`) SQLite does it in a thread of its own, so that no request waits while it writes.
   */
  aside(build: (q: Queries) => Statement): Promise<void>;
  /**
   * The same for one statement that is put together once, and takes its data in pieces: all of them or none are written. What runs
   * aside rests between two pieces.
   */
  prepareAside(build: (q: Queries, piece: SQL) => Statement): (pieces: string[]) => Promise<void>;
  startAside(): void;
  /**
   * Other writes of this process wait until this is done, for as long as it takes: a process that works for this one is writing, and
   * on SQLite they would give up.
   */
  holdWrites<T>(work: () => Promise<T>): Promise<T>;
  /** Whether another process may have committed since the last call. Throws when the database cannot be read. */
  hasMoved(): boolean;
  /** Throws when the database cannot be read or is not at the program's version. */
  ping(): Promise<void>;
  close(): Promise<void>;
};

/** A sentence that says what to do, for the operator at start; `cause` is for the log. */
export class DatabaseProblem extends Error {}
