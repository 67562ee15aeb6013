import { and, asc, eq, gt, gte, inArray, isNull, lte, sql } from "drizzle-orm";
import type { Instant } from "~/core/model";
import { nearLimit } from "~/core/usage/limit-fill";
import type { Queries } from "../database";
import { rowsAsOne } from "../json-rows";
import type { Schema, SignalKind } from "../schema";
import { inBatches } from "./changes.server";
import { dateOrNull } from "./dates";

export type Signal = { kind: SignalKind; subject: string; feature: string; level: number; until: Instant | null };
type SignalName = Pick<Signal, "kind" | "subject" | "feature">;

export async function putSignals(tx: Queries, { signals: s }: Schema, signals: readonly Signal[]): Promise<void> {
  const rows = signals.map((signal) => ({ ...signal, until: dateOrNull(signal.until) }));
  await inBatches(rows, (batch) =>
    tx
      .insert(s)
      .select(rowsAsOne(s, batch))
      .onConflictDoUpdate({ target: [s.kind, s.subject, s.feature], set: { level: sql`excluded.level`, until: sql`excluded.until` } }),
  );
}

export async function deleteSignals(tx: Queries, { signals: s }: Schema, signals: readonly SignalName[]): Promise<void> {
  await inBatches([...signals], (batch) => {
    const wanted = rowsAsOne(s, batch, ["kind", "subject", "feature"]);
    return tx.delete(s).where(sql`(${s.kind}, ${s.subject}, ${s.feature}) in (${wanted})`);
  });
}

/** Signals of these kinds and subjects, at most some hundreds. */
export async function findSignals(q: Queries, { signals: s }: Schema, kind: SignalKind, subjects: readonly string[]): Promise<Signal[]> {
  if (subjects.length === 0) return [];
  const rows = await q
    .select()
    .from(s)
    .where(and(eq(s.kind, kind), inArray(s.subject, [...subjects])));
  return rows.map((row) => ({ ...row, until: row.until?.getTime() ?? null }));
}

/** Signals that are over: they may be raised again. */
export async function endedSignals(q: Queries, { signals: s }: Schema, now: Instant, size: number): Promise<SignalName[]> {
  return q
    .select({ kind: s.kind, subject: s.subject, feature: s.feature })
    .from(s)
    .where(lte(s.until, new Date(now)))
    .orderBy(asc(s.until))
    .limit(size);
}

export type FilledLevel = { fill: number; tenant: string; feature: string };

/** Limits that are used by 80 % or more, least first, after a place. */
export async function levelsNearLimit(
  q: Queries,
  { usageLevels: l }: Schema,
  { after, size }: { after: FilledLevel | null; size: number },
): Promise<FilledLevel[]> {
  const place = after && sql`(${l.fill}, ${l.tenant}, ${l.feature}) > (${after.fill}, ${after.tenant}, ${after.feature})`;
  return q
    .select({ fill: l.fill, tenant: l.tenant, feature: l.feature })
    .from(l)
    .where(place ?? gte(l.fill, nearLimit))
    .orderBy(asc(l.fill), asc(l.tenant), asc(l.feature))
    .limit(size);
}

type LimitPlace = { subject: string; feature: string };

/** Reported limits after a place, each with how full it is now; null if it is not kept any more. */
export async function reportedLimits(
  q: Queries,
  { usageLevels: l, signals: s }: Schema,
  { after, size }: { after: LimitPlace | null; size: number },
): Promise<(LimitPlace & { fill: number | null })[]> {
  return q
    .select({ subject: s.subject, feature: s.feature, fill: l.fill })
    .from(s)
    .leftJoin(l, and(eq(l.tenant, s.subject), eq(l.feature, s.feature)))
    .where(and(eq(s.kind, "limit"), after ? sql`(${s.subject}, ${s.feature}) > (${after.subject}, ${after.feature})` : undefined))
    .orderBy(asc(s.subject), asc(s.feature))
    .limit(size);
}

/** Features refused at least so often on a day, most often first. */
export async function featuresRefusedOften(
  q: Queries,
  { featureDaily: f }: Schema,
  { day, least, size }: { day: string; least: number; size: number },
): Promise<{ feature: string; refusals: number }[]> {
  const refusals = sql<number>`sum(${f.count})`;
  const rows = await q
    .select({ feature: f.feature, refusals })
    .from(f)
    .where(and(eq(f.allowed, false), eq(f.day, day)))
    .groupBy(f.feature)
    .having(gte(refusals, least))
    .orderBy(sql`${refusals} desc`, asc(f.feature))
    .limit(size);
  return rows.map((row) => ({ feature: row.feature, refusals: Number(row.refusals) }));
}

type TrialPlace = { endsAt: Instant; grant: string };

/** Converted trials after a place, in order of their ends. */
export async function convertedTrials(
  q: Queries,
  { trialOutcomes: o }: Schema,
  { after, size }: { after: TrialPlace; size: number },
): Promise<(TrialPlace & { tenant: string })[]> {
  const rows = await q
    .select({ grant: o.grant, tenant: o.tenant, endsAt: o.endsAt })
    .from(o)
    .where(
      and(eq(o.outcome, "converted"), sql`(${o.endsAt}, ${o.grant}) > (${sql.param(new Date(after.endsAt), o.endsAt)}, ${after.grant})`),
    )
    .orderBy(asc(o.endsAt), asc(o.grant))
    .limit(size);
  return rows.map((row) => ({ ...row, endsAt: row.endsAt.getTime() }));
}

/** After all keys that expire at an instant if `id` is null. */
export type KeyPlace = { expiresAt: Instant; id: string | null };

/** Keys that are not revoked and expire after a place, up to and including `to`, in order of their ends. */
export async function keysExpiring(
  q: Queries,
  { apiKeys: k }: Schema,
  { after, to, size }: { after: KeyPlace; to: Instant; size: number },
): Promise<{ id: string; name: string; expiresAt: Instant }[]> {
  const from = new Date(after.expiresAt);
  const isAfter =
    after.id === null ? gt(k.expiresAt, from) : sql`(${k.expiresAt}, ${k.id}) > (${sql.param(from, k.expiresAt)}, ${after.id})`;
  const rows = await q
    .select({ id: k.id, name: k.name, expiresAt: k.expiresAt })
    .from(k)
    .where(and(isNull(k.revokedAt), isAfter, lte(k.expiresAt, new Date(to))))
    .orderBy(asc(k.expiresAt), asc(k.id))
    .limit(size);
  return rows.map((row) => ({ ...row, expiresAt: (row.expiresAt as Date).getTime() }));
}
