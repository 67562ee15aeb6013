import { and, eq, lte, or, sql } from "drizzle-orm";
import type { Instant } from "~/core/model";
import type { Database } from "../database";

/**
 * The right to do what only one process may do at a time, until `now + ttl`. The holder may renew it. Choose a `ttl` longer
 * than the longest single step, so that a process which lost it has nothing under way any more.
 */
export async function takeLease(db: Database, name: string, holder: string, now: Instant, ttl: number): Promise<boolean> {
  const { leases } = db.tables;
  const until = new Date(now + ttl);
  const taken = await db.transaction([], async (tx) =>
    tx
      .insert(leases)
      .values({ name, holder, until })
      .onConflictDoUpdate({
        target: leases.name,
        set: { holder: sql`excluded.holder`, until: sql`excluded.until` },
        setWhere: or(eq(leases.holder, holder), lte(leases.until, new Date(now))),
      })
      .returning({ holder: leases.holder }),
  );
  return taken.length > 0;
}

export async function giveUpLease(db: Database, name: string, holder: string): Promise<void> {
  const { leases } = db.tables;
  await db.transaction([], async (tx) => void (await tx.delete(leases).where(and(eq(leases.name, name), eq(leases.holder, holder)))));
}
