import { and, count, eq, lt } from "drizzle-orm";
import type { Instant } from "~/core/model";
import type { Queries } from "../database";
import type { Schema } from "../schema";

/** `secret` is encrypted. `lastStep` is the newest step whose code was used. */
export type SecondFactor = { admin: string; secret: string; lastStep: number; createdAt: Instant };

export async function findFactor(q: Queries, t: Schema, admin: string): Promise<SecondFactor | null> {
  const [row] = await q.select().from(t.secondFactors).where(eq(t.secondFactors.admin, admin));
  return row ? { ...row, createdAt: row.createdAt.getTime() } : null;
}

/** False if the admin has one already. */
export async function insertFactor(tx: Queries, t: Schema, factor: SecondFactor): Promise<boolean> {
  const row = { ...factor, createdAt: new Date(factor.createdAt) };
  const made = await tx.insert(t.secondFactors).values(row).onConflictDoNothing().returning({ admin: t.secondFactors.admin });
  return made.length === 1;
}

/** Uses up the code of a step. False if the code of this step or a later one was used, or the secret was replaced. */
export async function advanceStep(tx: Queries, t: Schema, admin: string, secret: string, step: number): Promise<boolean> {
  const { secondFactors: f } = t;
  const advanced = await tx
    .update(f)
    .set({ lastStep: step })
    .where(and(eq(f.admin, admin), eq(f.secret, secret), lt(f.lastStep, step)))
    .returning({ admin: f.admin });
  return advanced.length === 1;
}

/** False if the admin has no such unused code. */
export async function takeRecoveryCode(tx: Queries, t: Schema, admin: string, hash: string): Promise<boolean> {
  const { recoveryCodes: c } = t;
  const taken = await tx
    .delete(c)
    .where(and(eq(c.hash, hash), eq(c.admin, admin)))
    .returning({ hash: c.hash });
  return taken.length === 1;
}

export async function countRecoveryCodes(q: Queries, t: Schema, admin: string): Promise<number> {
  const [row] = await q.select({ n: count() }).from(t.recoveryCodes).where(eq(t.recoveryCodes.admin, admin));
  return Number(row?.n ?? 0);
}

export async function replaceRecoveryCodes(tx: Queries, t: Schema, admin: string, hashes: readonly string[]): Promise<void> {
  await tx.delete(t.recoveryCodes).where(eq(t.recoveryCodes.admin, admin));
  await tx.insert(t.recoveryCodes).values(hashes.map((hash) => ({ hash, admin })));
}

/** Deletes the second factor and its recovery codes. False if there is none. */
export async function deleteFactor(tx: Queries, t: Schema, admin: string): Promise<boolean> {
  await tx.delete(t.recoveryCodes).where(eq(t.recoveryCodes.admin, admin));
  const deleted = await tx.delete(t.secondFactors).where(eq(t.secondFactors.admin, admin)).returning({ admin: t.secondFactors.admin });
  return deleted.length === 1;
}
