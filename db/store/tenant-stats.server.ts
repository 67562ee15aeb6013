import { and, asc, inArray, lte, sql } from "drizzle-orm";
import type { Instant } from "~/core/model";
import type { Queries } from "../database";
import { rowsAsOne } from "../json-rows";
import type { Schema } from "../schema";
import { grantEnd } from "../schema/tenants";
import { noTrialEnd } from "../schema/usage-figures";
import { inBatches } from "./changes.server";
import { dateOrNull } from "./dates";
import { isLiveAt, isNotOverAt } from "./grant-lifetime";

/** Figures of a tenant for which nothing is known yet. Its trials are computed next. */
export const trialsNotComputed = { nextTrialEnd: noTrialEnd, trialsDueAt: new Date(0) };
const empty = { checks30d: 0, refused30d: 0, fullestLimit: -1, lastCheckedAt: null, windowDay: "", computedAt: new Date(0) };

/** Gives new tenants their row. */
export async function addTenantStats(tx: Queries, { tenantStats: s }: Schema, tenants: string[]): Promise<void> {
  const rows = tenants.map((tenant) => ({ tenant, ...empty, ...trialsNotComputed }));
  await inBatches(rows, (batch) => tx.insert(s).select(rowsAsOne(s, batch)).onConflictDoNothing());
}

/** Gives every tenant without a row one. */
export async function addAllTenantStats(tx: Queries, { tenantStats: s, tenants: t }: Schema): Promise<void> {
  const first = sql.param(new Date(0), s.computedAt);
  await tx
    .insert(s)
    .select(sql`select ${t.key}, 0, 0, -1, null, '', ${first}, ${sql.raw(String(noTrialEnd))}, ${first} from ${t} where true`)
    .onConflictDoNothing();
}

/** `nextTrialEnd`: the first end of the live trials. `dueAt`: when time alone changes it, or null. */
export type TrialEnds = { tenant: string; nextTrialEnd: Instant; dueAt: Instant | null };

/** Computed from the grants of these tenants. */
export async function readTrialEnds(q: Queries, { grants: g }: Schema, tenants: string[], now: Instant): Promise<TrialEnds[]> {
  const end = grantEnd(g);
  const nextEnd = sql<unknown>`min(case when ${isLiveAt(g, now)} then ${end} end)`.mapWith(g.endsAt);
  const start = sql<unknown>`min(case when ${g.startsAt} > ${sql.param(new Date(now), g.startsAt)} then ${g.startsAt} end)`.mapWith(
    g.startsAt,
  );
  const rows = await q
    .select({ tenant: g.tenant, nextEnd, start })
    .from(g)
    .where(and(inArray(g.tenant, tenants), sql`coalesce(${g.kind}, '') = 'trial'`, isNotOverAt(g, now)))
    .groupBy(g.tenant);
  const found = new Map(rows.map((row) => [row.tenant, row]));
  return tenants.map((tenant) => {
    const row = found.get(tenant);
    const [at, from] = [instantOf(row?.nextEnd), instantOf(row?.start)];
    return { tenant, nextTrialEnd: at ?? noTrialEnd, dueAt: at === null ? from : from === null ? at : Math.min(at, from) };
  });
}

const instantOf = (at: unknown): Instant | null => (at === null || at === undefined ? null : Number(at));

/** Those of these tenants' rows that are stored, as `readTrialEnds` has them. */
export async function storedTrialEnds(q: Queries, { tenantStats: s }: Schema, tenants: string[]): Promise<TrialEnds[]> {
  const rows = await q
    .select({ tenant: s.tenant, nextTrialEnd: s.nextTrialEnd, dueAt: s.trialsDueAt })
    .from(s)
    .where(inArray(s.tenant, tenants));
  return rows.map((row) => ({ ...row, dueAt: row.dueAt?.getTime() ?? null }));
}

/** Sets the next end of trials, and creates missing rows. */
export async function putTrialEnds(tx: Queries, { tenantStats: s }: Schema, ends: TrialEnds[]): Promise<void> {
  const rows = ends.map(({ tenant, nextTrialEnd, dueAt }) => ({ tenant, ...empty, nextTrialEnd, trialsDueAt: dateOrNull(dueAt) }));
  await inBatches(rows, (batch) =>
    tx
      .insert(s)
      .select(rowsAsOne(s, batch))
      .onConflictDoUpdate({
        target: s.tenant,
        set: { nextTrialEnd: sql`excluded.next_trial_end`, trialsDueAt: sql`excluded.trials_due_at` },
      }),
  );
}

/** Tenants whose trials time has changed, those longest due first. */
export async function tenantsWithDueTrials(q: Queries, { tenantStats: s }: Schema, now: Instant, size: number): Promise<string[]> {
  const rows = await q
    .select({ tenant: s.tenant })
    .from(s)
    .where(lte(s.trialsDueAt, new Date(now)))
    .orderBy(asc(s.trialsDueAt))
    .limit(size);
  return rows.map(({ tenant }) => tenant);
}
