import { and, asc, desc, eq, gt, gte, inArray, isNotNull, isNull, lt, lte, not, or, type SQL, sql } from "drizzle-orm";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";
import type { Instant } from "~/core/model";
import type { TrialOutcome } from "~/core/trials/trial-chains";
import { addDaysToUse, type CountedTrial, noTrials, type TrialCounts } from "~/core/trials/trial-counts";
import type { Queries } from "../database";
import { rowsAsOne } from "../json-rows";
import type { Schema } from "../schema";
import { inBatches } from "./changes.server";
import type { GrantRow } from "./grants.server";
import { readSetting, writeSetting } from "./settings.server";
import { extendedAmong, type GrantPlace, tenantCondition } from "./trials.server";

export type TrialOutcomeRow = Schema["trialOutcomes"]["$inferSelect"];
export type TrialToCompute = { row: GrantRow; tenantRevision: number; isExtended: boolean; known: TrialOutcomeRow | null };

/**
 * `catalogueRevision`: the present one. `openUntil`: trials that ended at or before this instant are not open any more.
 * `usesKnownUntil`: uses of trials that ended by then were looked up.
 */
export type SweepBounds = { now: Instant; catalogueRevision: number; openUntil: Instant; usesKnownUntil: Instant };

/**
 * Trials after an id that started or are over and whose outcome may have changed. `last`: where the next batch begins;
 * null after the last one.
 */
export async function unsettledTrials(q: Queries, t: Schema, after: string, size: number, bounds: SweepBounds) {
  const { now } = bounds;
  const { grants: g, tenants, trialOutcomes: o } = t;
  const ids = await q.select({ id: g.id }).from(g).where(gt(g.id, after)).orderBy(g.id).limit(size);
  const last = ids.at(-1)?.id;
  if (last === undefined) return { trials: [], last: null };
  const found = await q
    .select({ row: g, tenantRevision: tenants.revision, known: o })
    .from(g)
    // A left join, or else SQLite begins with all tenants.
    .leftJoin(tenants, eq(tenants.key, g.tenant))
    .leftJoin(o, eq(o.grant, g.id))
    .where(
      and(
        gt(g.id, after),
        lte(g.id, last),
        eq(g.kind, "trial"),
        or(lte(g.startsAt, new Date(now)), lte(g.endedAt, new Date(now))),
        or(isNull(o.grant), and(eq(o.isSettled, false), not(isWaiting(t, bounds)))),
      ),
    );
  const extended = await extendedAmong(
    q,
    t,
    found.map(({ row }) => row.id),
  );
  const trials = found.map(
    ({ row, tenantRevision, known }): TrialToCompute => ({
      row,
      tenantRevision: tenantRevision ?? 0,
      isExtended: extended.has(row.id),
      known: known?.grant ? known : null,
    }),
  );
  return { trials, last: ids.length < size ? null : last };
}

/** It runs and is known to be used, or is open and nothing changed since it was decided. */
function isWaiting(
  { grants: g, tenants, trialOutcomes: o }: Schema,
  { now, catalogueRevision, openUntil, usesKnownUntil }: SweepBounds,
): SQL {
  const runs = and(eq(o.outcome, "running"), isNotNull(o.firstUsedAt), isNull(g.endedAt), gt(g.endsAt, new Date(now)));
  const isOpen = and(
    eq(o.outcome, "open"),
    gte(o.revision, catalogueRevision),
    gte(o.revision, tenants.revision),
    gt(o.endsAt, new Date(openUntil)),
    or(isNotNull(o.firstUsedAt), lte(o.endsAt, new Date(usesKnownUntil))),
  );
  return or(runs, isOpen) as SQL;
}

/** Writes outcomes, and notes that their months must be added up again. */
export async function putTrialOutcomes(tx: Queries, t: Schema, rows: TrialOutcomeRow[], months: Iterable<string>): Promise<void> {
  const { trialOutcomes: o, trialCounts: c } = t;
  const names = Object.keys(rows[0] ?? {}) as (keyof TrialOutcomeRow)[];
  const set = Object.fromEntries(
    names.filter((name) => name !== "grant").map((name) => [name, sql`excluded.${sql.identifier(o[name].name)}`]),
  );
  await inBatches(rows, (batch) => tx.insert(o).select(rowsAsOne(o, batch)).onConflictDoUpdate({ target: o.grant, set }));
  const due = [...new Set(months)].map((month) => ({ month, dimension: "due" as const, value: "", ...noTrials() }));
  if (due.length > 0) await tx.insert(c).values(due).onConflictDoNothing();
}

/** Months that must be added up again, latest first. */
export async function dueTrialMonths(q: Queries, { trialCounts: c }: Schema): Promise<string[]> {
  const rows = await q.select({ month: c.month }).from(c).where(eq(c.dimension, "due")).orderBy(desc(c.month));
  return rows.map(({ month }) => month);
}

/** The chains that started in a month, paged by grant. */
export async function trialsOfMonth(q: Queries, { trialOutcomes: o }: Schema, month: string, after: string, size: number) {
  const rows = await q
    .select({
      grant: o.grant,
      feature: o.feature,
      givenBy: o.givenBy,
      outcome: o.outcome,
      extensions: o.extensions,
      startedAt: o.startedAt,
      firstUsedAt: o.firstUsedAt,
    })
    .from(o)
    .where(and(eq(o.month, month), gt(o.grant, after)))
    .orderBy(o.grant)
    .limit(size);
  return rows.map((row): CountedTrial & { grant: string; feature: string; givenBy: string } => ({
    ...row,
    startedAt: row.startedAt.getTime(),
    firstUsedAt: row.firstUsedAt?.getTime() ?? null,
  }));
}

export type TrialCountsRow = Schema["trialCounts"]["$inferInsert"];

/** Replaces the sums of a month. */
export async function putTrialCounts(tx: Queries, { trialCounts: c }: Schema, month: string, rows: TrialCountsRow[]): Promise<void> {
  await tx.delete(c).where(and(inArray(c.dimension, ["all", "feature", "person", "due"]), eq(c.month, month)));
  await inBatches(rows, (batch) => tx.insert(c).select(rowsAsOne(c, batch)));
}

export type TrialDimension = "all" | "feature" | "person";
export type TrialCountsOf = TrialCounts & { value: string };
type Months = { from: string; to: string };

const summed = (c: Schema["trialCounts"]) => {
  const sum = (column: SQLiteColumn) => sql<number>`sum(${column})`.mapWith(Number);
  return {
    granted: sum(c.granted),
    used: sum(c.used),
    converted: sum(c.converted),
    extended: sum(c.extended),
    lapsed: sum(c.lapsed),
    open: sum(c.open),
    running: sum(c.running),
  };
};

/**
 * Sums over months, inclusive: per month, or per feature or person. The most granted first, or in order of names after
 * one of them.
 */
export async function sumTrialCounts(
  q: Queries,
  { trialCounts: c }: Schema,
  dimension: TrialDimension,
  { from, to }: Months,
  { after, size, byGranted }: { after?: string; size: number; byGranted?: boolean },
): Promise<TrialCountsOf[]> {
  const value = dimension === "all" ? c.month : c.value;
  const within = and(eq(c.dimension, dimension), gte(c.month, from), lte(c.month, to));
  const sums = await q
    .select({ value, ...summed(c) })
    .from(c)
    .where(and(within, after === undefined ? undefined : gt(value, after)))
    .groupBy(value)
    .orderBy(...(byGranted ? [desc(sql`sum(${c.granted})`)] : []), asc(value))
    .limit(size);
  if (sums.length === 0) return [];
  const names = sums.map((row) => row.value);
  const days = await q
    .select({ value, daysToUse: c.daysToUse })
    .from(c)
    .where(and(within, inArray(value, names)));
  const byValue = new Map(sums.map((row): [string, TrialCountsOf] => [row.value, { ...row, daysToUse: {} }]));
  for (const { value, daysToUse } of days) addDaysToUse((byValue.get(value) as TrialCountsOf).daysToUse, daysToUse);
  return [...byValue.values()];
}

/** Features or people that have trials, by name. */
export async function trialDimensionValues(q: Queries, { trialCounts: c }: Schema, dimension: "feature" | "person", most: number) {
  const rows = await q.selectDistinct({ value: c.value }).from(c).where(eq(c.dimension, dimension)).orderBy(c.value).limit(most);
  return rows.map(({ value }) => value);
}

export async function trialOutcomesOf(q: Queries, { trialOutcomes: o }: Schema, ids: string[]): Promise<Map<string, TrialOutcomeRow>> {
  if (ids.length === 0) return new Map();
  const rows = await q.select().from(o).where(inArray(o.grant, ids));
  return new Map(rows.map((row) => [row.grant, row]));
}

/** `startedFrom` is inclusive, `startedBefore` exclusive: about the chain's start. */
export type OutcomeFilter = {
  /** Or "early": ended before the planned end, and not extended. */
  outcome: TrialOutcome | "early";
  feature?: string;
  givenBy?: string;
  tenantText?: string;
  startedFrom?: Instant;
  startedBefore?: Instant;
};

/** Outcomes of one kind, or of trials that were ended early, latest end first unless `descending` is false. */
export async function trialsByOutcome(
  q: Queries,
  t: Schema,
  filter: OutcomeFilter,
  { after, descending = true, size }: { after?: GrantPlace; descending?: boolean; size: number },
): Promise<TrialOutcomeRow[]> {
  const o = t.trialOutcomes;
  const found = await tenantCondition(q, t, o.tenant, filter);
  if (found === "none") return [];
  const direction = sql.raw(descending ? "desc" : "asc");
  const compare = sql.raw(descending ? "<" : ">");
  const conditions: (SQL | undefined)[] = [
    ...outcomeConditions(t, filter, found?.areFew),
    found?.condition,
    after && sql`(${o.endsAt}, ${o.grant}) ${compare} (${sql.param(new Date(after.at), o.endsAt)}, ${after.id})`,
  ];
  return q
    .select()
    .from(o)
    .where(and(...conditions))
    .orderBy(sql`${o.endsAt} ${direction}`, sql`${o.grant} ${direction}`)
    .limit(size);
}

/** Without the text. `areFew`: hides the outcome from indexes that begin with it, because the tenants are few. */
export function outcomeConditions(
  { trialOutcomes: o }: Schema,
  { outcome, feature, givenBy, startedFrom, startedBefore }: OutcomeFilter,
  areFew = false,
): (SQL | undefined)[] {
  return [
    outcome === "early" ? sql`${o.endedEarly}` : areFew ? sql`coalesce(${o.outcome}, '') = ${outcome}` : eq(o.outcome, outcome),
    feature === undefined ? undefined : eq(o.feature, feature),
    givenBy === undefined ? undefined : eq(o.givenBy, givenBy),
    startedFrom === undefined ? undefined : gte(o.startedAt, new Date(startedFrom)),
    startedBefore === undefined ? undefined : lt(o.startedAt, new Date(startedBefore)),
  ];
}

const setting = "trial_outcomes";

/** The start of the last complete computation, or null. */
export async function readTrialsComputedAt(q: Queries, t: Schema): Promise<Instant | null> {
  return (await readSetting(q, t, setting)) as Instant | null;
}

export const writeTrialsComputedAt = (tx: Queries, t: Schema, at: Instant): Promise<void> => writeSetting(tx, t, setting, at);
