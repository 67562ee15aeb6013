import { once } from "node:events";
import { drizzle } from "drizzle-orm/node-postgres";
import pg from "pg";
import { catalogueLock, type Database, lockTimeoutMs, maxWaitingWrites, type OpenOptions, type Queries } from "./database";
import { dialects } from "./dialect";
import { insideTransaction } from "./inside-transaction.server";
import { defaultConnections, shareConnections } from "./postgres-connections";
import { ended } from "./postgres-end.server";
import { followNotifications } from "./postgres-listen.server";
import { takeLocks } from "./postgres-locks.server";
import { migratePostgres } from "./postgres-migrate.server";
import { connectionName } from "./postgres-node.server";
import { defineSchema } from "./schema";
import { statementText } from "./statement-text";
import { DatabaseBusy, DatabaseReadOnly, DatabaseUnavailable, isReadOnly, mapUnavailable, TooManyWrites } from "./unavailable";

/** Timeouts of reads for a connection and for an answer, in ms. */
const readTimeoutMs = 5_000;
/** For pages, lists and exports. */
const slowReadTimeoutMs = 30_000;
const statementTimeoutMs = 60_000;
/** The server ends transactions idle for this long. */
const maxPauseMs = 15_000;

export async function openPostgres(url: string, options: OpenOptions = {}): Promise<Database> {
  await migratePostgres(url, options);
  const pools = shareConnections(options.connections ?? defaultConnections, options.role ?? "server");
  const name = connectionName(options.role ?? "server");
  // Separate from writers, which hold their connections while they wait for locks.
  const readers = new pg.Pool({
    connectionString: url,
    application_name: name,
    max: pools.reads,
    connectionTimeoutMillis: readTimeoutMs,
    statement_timeout: readTimeoutMs,
    // For a server that does not respond at all, such as behind a cut cable.
    query_timeout: readTimeoutMs + 500,
  });
  // Separate from reads of the check path, which never wait for an export.
  const slowReaders = new pg.Pool({
    connectionString: url,
    application_name: name,
    max: pools.slowReads,
    connectionTimeoutMillis: readTimeoutMs,
    statement_timeout: slowReadTimeoutMs,
    query_timeout: slowReadTimeoutMs + 500,
  });
  const writers = new pg.Pool({
    connectionString: url,
    application_name: name,
    max: pools.writes,
    connectionTimeoutMillis: lockTimeoutMs,
    statement_timeout: statementTimeoutMs,
    idle_in_transaction_session_timeout: maxPauseMs,
  });
  /** Process ids of this process's connections, as PostgreSQL numbers them. */
  const backends = new Set<number>();
  const everyPool = [readers, slowReaders, writers];
  /** Connections of an older generation are dropped when they are released. */
  let generation = 0;
  const generations = new WeakMap<pg.PoolClient, number>();
  for (const pool of everyPool) {
    // The pool replaces a connection that breaks while idle; the next query reports the error.
    pool.on("error", () => {});
    // An error event between two statements of a transaction would end the process; the next statement fails anyway.
    pool.on("connect", (client) => {
      client.on("error", () => {});
      backends.add(backendOf(client));
      generations.set(client, generation);
    });
    pool.on("release", (_error, client) => {
      // The pool drops a connection that is ending.
      if (generations.get(client) !== generation) void (client as unknown as pg.Client).end();
    });
    pool.on("remove", (client) => backends.delete(backendOf(client)));
  }
  const write = drizzle(writers);
  const inside = insideTransaction();
  let unsettled = 0;
  let held: Promise<unknown> = Promise.resolve();
  let delayedUntil = 0;
  function reconnect(): void {
    generation += 1;
    for (const pool of everyPool) dropIdle(pool);
    following.reconnect();
  }
  const following = followNotifications(url, (backend) => backends.has(backend));
  return {
    engine: "postgres",
    tables: defineSchema(dialects.postgres),
    read: drizzle(readers) as unknown as Queries,
    readAside: drizzle(slowReaders) as unknown as Queries,
    async transaction(locks, work, { askedAt = performance.now(), maxLockWaitMs = lockTimeoutMs } = {}) {
      inside.refuse();
      if (unsettled >= maxWaitingWrites) throw new TooManyWrites();
      unsettled += 1;
      try {
        const needsCatalogue = locks.some(({ key }) => key === catalogueLock.key);
        if (needsCatalogue) await held;
        const since = needsCatalogue ? Math.max(askedAt, delayedUntil) : askedAt;
        const run = () =>
          write.transaction(async (tx) => {
            // READ COMMITTED alone does not protect read-decide-write.
            await takeLocks(tx, locks, Math.min(maxLockWaitMs, since + lockTimeoutMs - performance.now()));
            return work(tx as unknown as Queries);
          });
        return await mapUnavailable(inside.run(run));
      } catch (error) {
        // A connection that was lost at the commit leaves open whether it happened.
        if (error instanceof DatabaseUnavailable && !(error instanceof DatabaseBusy)) following.noteUnknown();
        if (isReadOnly(error)) reconnect();
        throw error;
      } finally {
        unsettled -= 1;
      }
    },
    async aside(build) {
      inside.refuse();
      await mapUnavailable(Promise.resolve(build(write as unknown as Queries)));
    },
    prepareAside(build) {
      const statement = statementText(build, write as unknown as Queries);
      return async (pieces) => {
        inside.refuse();
        await mapUnavailable(inOneTransaction(writers, (client) => eachInTurn(client, statement, pieces)));
      };
    },
    // PostgreSQL needs no threads.
    startThreads: () => {},
    /** Only writes that need the catalogue's lock wait: its long-term holder is the worker process. */
    holdWrites(work) {
      inside.refuse();
      const result = held.then(work);
      held = result
        .catch(() => {})
        .then(() => {
          delayedUntil = performance.now();
        });
      return result;
    },
    followCommits: options.role === "pages" ? () => {} : following.follow,
    reconnect,
    hasMoved: () => false,
    othersMoved: () => true,
    async ping() {
      const { rows } = await readers.query(
        "select current_setting('transaction_read_only') as read_only, (select 1 from settings limit 1) as found",
      );
      if (rows[0]?.read_only !== "on") return;
      reconnect();
      throw new DatabaseReadOnly();
    },
    async close() {
      await following.stop();
      await ended(Promise.all(everyPool.map(endOnceServed)));
    },
  };
}

/** Missing in the driver's types. */
const backendOf = (client: pg.PoolClient) => (client as unknown as { processID: number }).processID;

/** The pool itself gives no connection to those who wait for one once it is ending. */
async function endOnceServed(pool: pg.Pool): Promise<void> {
  while (pool.waitingCount > 0) await once(pool, "release");
  await pool.end();
}

/** A connection that is in use is dropped when it is released. */
function dropIdle(pool: pg.Pool): void {
  for (let left = pool.idleCount; left > 0; left--) {
    pool.connect().then(
      (client) => client.release(true),
      () => {},
    );
  }
}

async function inOneTransaction(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<void>): Promise<void> {
  const client = await pool.connect();
  let failed: Error | undefined;
  try {
    await client.query("begin");
    await work(client);
    await client.query("commit");
  } catch (error) {
    // Discards a connection that cannot roll back.
    await client.query("rollback").catch((error) => {
      failed = error;
    });
    throw error;
  } finally {
    client.release(failed);
  }
}

async function eachInTurn(client: pg.PoolClient, statement: string, pieces: string[]): Promise<void> {
  for (const piece of pieces) await client.query(statement, [piece]);
}
