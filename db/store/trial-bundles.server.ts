import { eq, inArray, type SQL, type SQLWrapper, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/sqlite-core";
import type { TrialOutcome } from "~/core/trials/trial-chains";
import type { Queries } from "../database";
import type { Schema } from "../schema";
import { grantEnd } from "../schema/tenants";

type Trials = { [column in "bundle" | "startsAt" | "endsAt" | "endedAt" | "createdBy"]: SQLWrapper };

/** Hidden from indexes: many trials of one person may start and end together, and only the bundle finds few. */
const hidden = (value: SQLWrapper): SQL => sql`coalesce(${value}, ${value})`;

/** Trials of a bundle that one line of a list shows: those with the same start and end, from the same person. */
const isSameLine = (a: Trials, b: Trials): SQL =>
  sql`${a.bundle} = ${b.bundle} and ${hidden(grantEnd(a))} = ${grantEnd(b)} and ${hidden(a.startsAt)} = ${b.startsAt} and ${hidden(a.createdBy)} = ${b.createdBy}`;

/**
 * A trial of its own, or the first one of a bundle's line. A list without a filter by feature that keeps one keeps all of
 * the line, so that pages neither split nor double it. Each bundle costs a look at each of its trials. `g`: the table, or
 * an alias of it.
 */
export function isFirstOfBundle({ grants }: Schema, g: Trials & { id: SQLWrapper } = grants): SQL {
  const first = alias(grants, "first_trial");
  const name = sql.identifier("first_trial");
  return sql`(${g.bundle} is null or not exists (select 1 from ${grants} as ${name} where ${isSameLine(first, g)} and ${first.id} < ${g.id}))`;
}

/** `outcome`: null unless it is computed for all of them. `isMixed`: it differs. */
export type BundleLine = { trials: number; outcome: TrialOutcome | null; isMixed: boolean };

/** The lines of trials that are part of a bundle, by the trial's id. */
export async function bundleLines(q: Queries, { grants: g, trialOutcomes: o }: Schema, ids: string[]): Promise<Map<string, BundleLine>> {
  if (ids.length === 0) return new Map();
  const part = alias(g, "part");
  const rows = await q
    .select({
      id: g.id,
      trials: sql<number>`count(*)`,
      computed: sql<number>`count(${o.outcome})`,
      least: sql<TrialOutcome | null>`min(${o.outcome})`,
      greatest: sql<TrialOutcome | null>`max(${o.outcome})`,
    })
    .from(g)
    .innerJoin(part, isSameLine(part, g))
    .leftJoin(o, eq(o.grant, part.id))
    .where(inArray(g.id, ids))
    .groupBy(g.id);
  return new Map(
    rows.map(({ id, least, greatest, ...row }) => {
      const trials = Number(row.trials);
      const isMixed = least !== greatest;
      return [id, { trials, isMixed, outcome: Number(row.computed) < trials || isMixed ? null : least }];
    }),
  );
}
