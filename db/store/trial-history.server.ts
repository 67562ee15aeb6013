import { and, eq, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/sqlite-core";
import type { Instant, TenantFacts } from "~/core/model";
import type { Version } from "~/core/trials/trial-chains";
import type { Queries } from "../database";
import { rowsAsOne } from "../json-rows";
import type { Schema } from "../schema";

export type HistoryOfTrial = { grant: string; tenant: string; from: Instant; to: Instant };

/** Facts of each trial's tenant that were in force at some time in `[from, to)`, by grant. */
export async function tenantHistories(
  q: Queries,
  t: Schema,
  trials: readonly HistoryOfTrial[],
): Promise<Map<string, Version<TenantFacts>[]>> {
  const found = new Map<string, Version<TenantFacts>[]>();
  if (trials.length === 0) return found;
  const h = t.factsHistory;
  const earlier = alias(h, "earlier");
  // The columns of a table say which types the values have.
  const times = trials.map(({ grant, tenant, from, to }) => ({ grant, tenant, startedAt: new Date(from), endsAt: new Date(to) }));
  const wanted = sql`(${rowsAsOne(t.trialOutcomes, times, ["grant", "tenant", "startedAt", "endsAt"])}) as wanted`;
  const columns = { grant: sql<string>`wanted.grant_id`, revision: h.revision, recordedAt: h.recordedAt, document: h.document };
  const ofTenant = and(eq(h.kind, "tenant"), sql`${h.subject} = wanted.tenant`);
  const first = await q
    .select(columns)
    .from(wanted)
    .innerJoin(
      h,
      and(
        ofTenant,
        sql`${h.revision} = (select max(${earlier.revision}) from ${h} as ${sql.identifier("earlier")} where ${earlier.kind} = 'tenant' and ${earlier.subject} = wanted.tenant and ${earlier.recordedAt} <= wanted.started_at)`,
      ),
    );
  const later = await q
    .select(columns)
    .from(wanted)
    .innerJoin(h, and(ofTenant, sql`${h.recordedAt} > wanted.started_at`, sql`${h.recordedAt} < wanted.ends_at`));
  for (const { grant, revision, recordedAt, document } of [...first, ...later]) {
    const versions = found.get(grant) ?? [];
    versions.push({ revision, at: recordedAt.getTime(), document: document as TenantFacts });
    found.set(grant, versions);
  }
  return found;
}
