import { and, eq, inArray, sql } from "drizzle-orm";
import type { Instant } from "~/core/model";
import type { Queries } from "../database";
import type { Schema } from "../schema";
import { grantEnd } from "../schema/tenants";
import { isLiveTrial } from "./tenant-conditions.server";

export type ListedTrial = { id: string; tenant: string; feature: string; endsAt: Instant /** Of this tenant. */; trials: number };

/** Live trials of these tenants that end first, up to `max` of each. */
export async function firstTrialsOf(q: Queries, t: Schema, keys: string[], now: Instant, max: number): Promise<ListedTrial[]> {
  if (keys.length === 0) return [];
  const { id, tenant, feature, endsAt } = t.grants;
  const end = grantEnd(t.grants);
  const ranked = q
    .select({
      id,
      tenant,
      feature,
      end: sql<unknown>`${end}`.mapWith(endsAt).as("actual_end"),
      place: sql<number>`row_number() over (partition by ${tenant} order by ${end}, ${id})`.as("place"),
      trials: sql<number>`count(*) over (partition by ${tenant})`.as("trials"),
    })
    .from(t.grants)
    .where(and(inArray(tenant, keys), isLiveTrial(t, now)))
    .as("ranked");
  const rows = await q.select().from(ranked).where(sql`${ranked.place} <= ${max}`).orderBy(ranked.tenant, sql`${ranked.place}`);
  return rows.map((row) => ({ ...row, endsAt: Number(row.end), trials: Number(row.trials) }));
}

/** Refused checks of 30 days by tenant. */
export async function refusalsOf(q: Queries, { tenantStats: s }: Schema, keys: string[]): Promise<Map<string, number>> {
  if (keys.length === 0) return new Map();
  const rows = await q.select({ tenant: s.tenant, refused: s.refused30d }).from(s).where(inArray(s.tenant, keys));
  return new Map(rows.map(({ tenant, refused }) => [tenant, refused]));
}

/** When these tenants were last changed. */
export async function changeTimesOf(q: Queries, { tenants: t, factsHistory: h }: Schema, keys: string[]): Promise<Map<string, Instant>> {
  if (keys.length === 0) return new Map();
  const newest = and(eq(h.kind, "tenant"), eq(h.subject, t.key), eq(h.revision, t.revision));
  const rows = await q.select({ key: t.key, at: h.recordedAt }).from(t).innerJoin(h, newest).where(inArray(t.key, keys));
  return new Map(rows.map(({ key, at }) => [key, at.getTime()]));
}
