import { and, eq, lte, or, sql } from "drizzle-orm";
import type { Instant } from "~/core/model";
import type { Database, Queries } from "../database";
import type { Schema } from "../schema";

/**
 * Takes or renews a lease until `now + ttl`. `ttl` must exceed the longest step, so that a process that lost it has
 * nothing in flight.
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

/** The current holder, if any. */
export async function readLease(q: Queries, t: Schema, name: string, now: Instant): Promise<{ holder: string; until: Instant } | null> {
  const [row] = await q.select({ holder: t.leases.holder, until: t.leases.until }).from(t.leases).where(eq(t.leases.name, name));
  return row && row.until.getTime() > now ? { holder: row.holder, until: row.until.getTime() } : null;
}

/** Runs in the transaction that writes the leased work's result: true if the lease was not taken by another process. */
export async function stillHolds(tx: Queries, t: Schema, name: string, holder: string): Promise<boolean> {
  const [row] = await tx.select({ holder: t.leases.holder }).from(t.leases).where(eq(t.leases.name, name));
  return row?.holder === holder;
}
