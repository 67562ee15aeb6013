import type { Database } from "~db/database";

type OpenDatabase = (url: string, ...more: unknown[]) => Promise<Database>;

/** Called once before the next transaction of any process of this test, with the unwrapped database. */
let beforeNextWrite: ((db: Database) => Promise<void>) | null = null;
/** Every transaction waits for it, because a job's write may come first. */
let inProgress: Promise<void> | undefined;

/** Runs between the check of a request's headers and its first write. */
export function beforeTheNextWrite(work: (db: Database) => Promise<void>): void {
  beforeNextWrite = work;
}

/** True if a transaction was requested since; removes the hook. */
export function wasWriteAsked(): boolean {
  const wasAsked = beforeNextWrite === null;
  beforeNextWrite = null;
  return wasAsked;
}

/** For `vi.mock("~db/open.server", …)`: wraps the transactions of every database. */
export function gateWrites<M extends { openDatabase: unknown }>(original: M): M {
  const openDatabase: OpenDatabase = async (url, ...more) => {
    const db = await (original.openDatabase as OpenDatabase)(url, ...more);
    return {
      ...db,
      transaction: async (locks, work, ...options) => {
        const before = beforeNextWrite;
        beforeNextWrite = null;
        if (before) inProgress = before(db);
        await inProgress;
        return db.transaction(locks, work, ...options);
      },
    };
  };
  return { ...original, openDatabase };
}

/** The rows of each table, as JSON. */
export type Rows = { [table: string]: string[] };

/** Every row of every table, except last uses of keys and sessions, counts, leases, and what PostHog answered. */
export async function allRows({ tables, read }: Database): Promise<Rows> {
  const rows: Rows = {};
  for (const [name, table] of Object.entries(tables)) {
    if (name === "leases" || name === "checkCounts") continue;
    const found = (await read.select().from(table as (typeof tables)["admins"])) as Record<string, unknown>[];
    // PostHog's answers are written in the background.
    const written = found.filter(({ key }) => name !== "settings" || !String(key).startsWith("posthog"));
    rows[name] = written.map(({ lastUsedAt, lastSeenAt, ...row }) => JSON.stringify(row)).sort();
  }
  return rows;
}
