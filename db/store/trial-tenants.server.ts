import { and, eq, gt, inArray, type SQL, sql } from "drizzle-orm";
import type { Instant } from "~/core/model";
import type { Queries } from "../database";
import type { Schema } from "../schema";
import { type OutcomeFilter, outcomeConditions } from "./trial-outcomes.server";
import { type TrialsFilter, tenantCondition, trialConditions } from "./trials.server";

/** Trials of a list. `outcome`: by what became of them, apart from the text. */
export type TrialChoice = { trials: TrialsFilter; outcome?: OutcomeFilter };

/** Rows with a tenant for each trial of the choice. */
type ChosenRows = {
  from: Schema["grants"] | Schema["trialOutcomes"];
  tenant: Schema["grants"]["tenant"] | Schema["trialOutcomes"]["tenant"];
  conditions: (SQL | undefined)[];
};

/**
 * Null if no tenant has such a trial. `byTenant`: hides other columns from indexes, because tenants are looked up or read
 * in order of key.
 */
async function rowsOfChoice(q: Queries, t: Schema, choice: TrialChoice, now: Instant, byTenant: boolean): Promise<ChosenRows | null> {
  const { trials, outcome } = choice;
  const { grants: g, trialOutcomes: o } = t;
  const { tenant } = outcome ? o : g;
  const found = await tenantCondition(q, t, tenant, outcome ?? trials);
  if (found === "none") return null;
  if (outcome) return { from: o, tenant, conditions: [found?.condition, ...outcomeConditions(t, outcome, byTenant)] };
  const isTrial = byTenant ? sql`coalesce(${g.kind}, '') = 'trial'` : eq(g.kind, "trial");
  return { from: g, tenant, conditions: [found?.condition, isTrial, ...trialConditions(t, trials, now)] };
}

/** Tenants with a trial of the choice, in order of key, after a key. */
export async function trialTenantsAfter(
  q: Queries,
  t: Schema,
  choice: TrialChoice,
  now: Instant,
  { after, size }: { after: string | null; size: number },
): Promise<string[]> {
  const chosen = await rowsOfChoice(q, t, choice, now, true);
  if (!chosen) return [];
  const { from, tenant, conditions } = chosen;
  const rows = await q
    .selectDistinct({ tenant })
    .from(from)
    .where(and(after === null ? undefined : gt(tenant, after), ...conditions))
    .orderBy(tenant)
    .limit(size);
  return rows.map((row) => row.tenant);
}

/** Those of these tenants that have a trial of the choice. */
export async function trialTenantsAmong(q: Queries, t: Schema, choice: TrialChoice, now: Instant, keys: string[]): Promise<Set<string>> {
  const chosen = await rowsOfChoice(q, t, choice, now, true);
  if (!chosen || keys.length === 0) return new Set();
  const { from, tenant, conditions } = chosen;
  const rows = await q
    .selectDistinct({ tenant })
    .from(from)
    .where(and(inArray(tenant, keys), ...conditions));
  return new Set(rows.map((row) => row.tenant));
}

/** Tenants of the first `maxTrials` trials of the choice, and whether those are all. */
export async function countTrialTenants(q: Queries, t: Schema, choice: TrialChoice, now: Instant, maxTrials: number) {
  const chosen = await rowsOfChoice(q, t, choice, now, false);
  if (!chosen) return { tenants: 0, isAll: true };
  const { from, tenant, conditions } = chosen;
  const first = q
    .select({ tenant })
    .from(from)
    .where(and(...conditions))
    .limit(maxTrials)
    .as("first_trials");
  const [row] = await q.select({ tenants: sql<number>`count(distinct ${first.tenant})`, trials: sql<number>`count(*)` }).from(first);
  return { tenants: Number(row?.tenants ?? 0), isAll: Number(row?.trials ?? 0) < maxTrials };
}
