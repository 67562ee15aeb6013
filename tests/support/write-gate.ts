import type { Database } from "~db/database";

type OpenDatabase = (url: string, ...more: unknown[]) => Promise<Database>;

/** Called once before the next transaction of any process that this test started, with the database as it is without the gate. */
let beforeNextWrite: ((db: Database) => Promise<void>) | null = null;
/** Every transaction waits for it, because a job's write may be the next one instead of the request's. */
let inProgress: Promise<void> | undefined;

/** Something happens between the moment that a request's head was looked at and its first write. */
export function beforeTheNextWrite(work: (db: Database) => Promise<void>): void {
  beforeNextWrite = work;
}

/** Whether something was written since. Nothing happens any more. */
export function wasWriteAsked(): boolean {
  const wasAsked = beforeNextWrite === null;
  beforeNextWrite = null;
  return wasAsked;
}

/** For `vi.mock("~db/open.server", …)`: every database that is opened has the gate in front of its transactions. */
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

/** Every row of every table, but for when keys and sessions were used last and what is only counted or leased. */
export async function allRows({ tables, read }: Database): Promise<string> {
  const rows: Record<string, unknown[]> = {};
  for (const [name, table] of Object.entries(tables)) {
    if (name === "leases" || name === "checkCounts") continue;
    const found = (await read.select().from(table as (typeof tables)["admins"])) as Record<string, unknown>[];
    rows[name] = found.map(({ lastUsedAt, lastSeenAt, ...row }) => JSON.stringify(row)).sort();
  }
  return JSON.stringify(rows);
}
