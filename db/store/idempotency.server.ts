import { and, eq, isNull } from "drizzle-orm";
import type { Instant } from "~/core/model";
import { day } from "~/core/time";
import type { Queries } from "../database";
import type { Schema } from "../schema";

/** How long answers are kept, and how long an unanswered write is waited for, in ms. */
export const answersAreKept = day;
export const writesTakeAtMost = 60_000;

/** A caller's name for a write. */
export type WriteName = { principal: string; key: string };
export type KeptAnswer = { status: number; body: string };

/** `mine`: not done before, so do it now; `at` identifies the claim. */
export type Claim = { is: "mine"; at: Instant } | { is: "running" } | { is: "other" } | ({ is: "done" } & KeptAnswer);

export async function claimWrite(tx: Queries, t: Schema, name: WriteName, fingerprint: string, now: Instant): Promise<Claim> {
  const { idempotentAnswers: a } = t;
  const fresh = { fingerprint, status: null, body: null, createdAt: new Date(now) };
  const [made] = await tx
    .insert(a)
    .values({ ...name, ...fresh })
    .onConflictDoNothing()
    .returning({ key: a.key });
  if (made) return { is: "mine", at: now };
  const isIt = and(eq(a.principal, name.principal), eq(a.key, name.key));
  const [before] = await tx.select().from(a).where(isIt);
  if (!before) return { is: "running" };
  const age = now - before.createdAt.getTime();
  const isOver = age >= answersAreKept;
  if (!isOver && before.fingerprint !== fingerprint) return { is: "other" };
  if (!isOver && before.status !== null) return { is: "done", status: before.status, body: before.body ?? "" };
  // The process that began it is gone. Its writes are committed with its answer, so it wrote nothing.
  if (!isOver && age < writesTakeAtMost) return { is: "running" };
  const [taken] = await tx
    .update(a)
    .set(fresh)
    .where(and(isIt, eq(a.createdAt, before.createdAt)))
    .returning({ key: a.key });
  return taken ? { is: "mine", at: now } : { is: "running" };
}

const pendingSince = (t: Schema, { principal, key }: WriteName, at: Instant) => {
  const { idempotentAnswers: a } = t;
  return and(eq(a.principal, principal), eq(a.key, key), eq(a.createdAt, new Date(at)), isNull(a.status));
};

/** False if another request took over; the transaction must then be rolled back. */
export async function keepAnswer(tx: Queries, t: Schema, name: WriteName, at: Instant, answer: KeptAnswer): Promise<boolean> {
  const { idempotentAnswers: a } = t;
  const kept = await tx
    .update(a)
    .set(answer)
    .where(pendingSince(t, name, at))
    .returning({ key: a.key });
  return kept.length === 1;
}

/** It failed and wrote nothing, so the next request may try at once. */
export async function letGoOfWrite(tx: Queries, t: Schema, name: WriteName, at: Instant): Promise<void> {
  await tx.delete(t.idempotentAnswers).where(pendingSince(t, name, at));
}
