import { asc, inArray } from "drizzle-orm";
import type { Instant, Json } from "~/core/model";
import type { Queries } from "../database";
import type { Schema } from "../schema";

export type WaitingEvent = { seq: number; body: { [name: string]: Json } };

/** Runs in the transaction that the events describe; keeps their order. */
export async function addWaitingEvents(tx: Queries, t: Schema, bodies: WaitingEvent["body"][], at: Instant): Promise<void> {
  for (const body of bodies) await tx.insert(t.waitingEvents).values({ createdAt: new Date(at), body });
}

/** Oldest first. */
export async function readWaitingEvents(q: Queries, { waitingEvents: w }: Schema, most: number): Promise<WaitingEvent[]> {
  return q.select({ seq: w.seq, body: w.body }).from(w).orderBy(asc(w.seq)).limit(most);
}

/** Deletes events that were sent, or cannot be. */
export async function removeWaitingEvents(tx: Queries, { waitingEvents: w }: Schema, seqs: number[]): Promise<void> {
  if (seqs.length > 0) await tx.delete(w).where(inArray(w.seq, seqs));
}
