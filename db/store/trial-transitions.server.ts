import { and, asc, eq, gt, lte, type SQL } from "drizzle-orm";
import type { Instant } from "~/core/model";
import type { Queries } from "../database";
import type { Schema } from "../schema";

export type TrialOver = { grant: string; tenant: string; feature: string; startsAt: Instant; endsAt: Instant };

/** Instants per step. */
const most = 500;

function between(column: Schema["grants"]["startsAt"] | Schema["grants"]["endsAt"], from: Instant, to: Instant): SQL[] {
  return [gt(column, new Date(from)), lte(column, new Date(to))];
}

/**
 * The next instant up to which a step meets a bounded number of trials, including all of that instant. Null if no trial
 * starts or ends by `to`.
 */
export async function nextTrialInstant(q: Queries, t: Schema, from: Instant, to: Instant): Promise<Instant | null> {
  const { kind, startsAt, endsAt } = t.grants;
  const isTrial = eq(kind, "trial");
  const columns = [startsAt, endsAt] as const;
  const ends: Instant[] = [];
  for (const column of columns) {
    const rows = await q
      .select({ at: column })
      .from(t.grants)
      .where(and(isTrial, ...between(column, from, to)))
      .orderBy(asc(column))
      .limit(most);
    const last = rows.at(-1)?.at;
    if (last) ends.push(rows.length < most ? to : last.getTime());
  }
  return ends.length === 0 ? null : Math.min(...ends);
}

/**
 * Transitions after `from`, up to and including `to`: tenants whose trials started or ended, and the trials that
 * expired.
 */
export async function trialsBetween(q: Queries, t: Schema, from: Instant, to: Instant) {
  const { id, tenant, feature, kind, startsAt, endsAt, endedAt } = t.grants;
  const isTrial = eq(kind, "trial");
  const began = await q
    .select({ tenant })
    .from(t.grants)
    .where(and(isTrial, ...between(startsAt, from, to)));
  const ended = await q
    .select({ grant: id, tenant, feature, startsAt, endsAt, endedAt })
    .from(t.grants)
    .where(and(isTrial, ...between(endsAt, from, to)))
    .orderBy(asc(endsAt), asc(id));
  const over = ended
    .filter((row) => row.endedAt === null)
    .map(
      (row): TrialOver => ({
        grant: row.grant,
        tenant: row.tenant,
        feature: row.feature,
        startsAt: row.startsAt.getTime(),
        endsAt: (row.endsAt as Date).getTime(),
      }),
    );
  return { tenants: [...new Set([...began, ...ended].map((row) => row.tenant))], over };
}
