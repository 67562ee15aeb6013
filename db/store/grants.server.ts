import { and, asc, desc, eq, gt, isNotNull, or, type SQL, sql } from "drizzle-orm";
import type { GrantState } from "~/core/grants/grant-lifetime";
import type { GrantedValue } from "~/core/grants/invalidated-grants";
import type { Grant, GrantKind, Instant, Value } from "~/core/model";
import type { Queries } from "../database";
import type { Schema } from "../schema";
import { isInStateAt, isNotOverAt } from "./grant-lifetime";

export type GrantRow = Schema["grants"]["$inferSelect"];

/** Null if there is no such grant. */
export async function tenantOfGrant(q: Queries, t: Schema, id: string): Promise<string | null> {
  const [row] = await q.select({ tenant: t.grants.tenant }).from(t.grants).where(eq(t.grants.id, id)).limit(1);
  return row?.tenant ?? null;
}

/** Live, upcoming and ended, latest start first, at most `most`. */
export async function grantsOfTenant(q: Queries, t: Schema, tenant: string, most = 500): Promise<GrantRow[]> {
  return q.select().from(t.grants).where(eq(t.grants.tenant, tenant)).orderBy(desc(t.grants.startsAt), desc(t.grants.id)).limit(most);
}

export type GrantFilter = { state?: GrantState; kind?: GrantKind; feature?: string };

/** Paged variant: `after` is the last grant of the previous page. */
export async function pageOfGrants(
  q: Queries,
  t: Schema,
  tenant: string,
  { state, kind, feature }: GrantFilter,
  now: Instant,
  { after, size }: { after?: { startsAt: Instant; id: string }; size: number },
): Promise<GrantRow[]> {
  const g = t.grants;
  const conditions: (SQL | undefined)[] = [eq(g.tenant, tenant)];
  if (kind) conditions.push(eq(g.kind, kind));
  if (feature) conditions.push(eq(g.feature, feature));
  if (state) conditions.push(isInStateAt(g, state, now));
  if (after) {
    const at = new Date(after.startsAt);
    conditions.push(or(sql`${g.startsAt} < ${sql.param(at, g.startsAt)}`, and(eq(g.startsAt, at), sql`${g.id} < ${after.id}`)));
  }
  return q
    .select()
    .from(g)
    .where(and(...conditions))
    .orderBy(desc(g.startsAt), desc(g.id))
    .limit(size);
}

/** Values of live and upcoming grants of a feature, paged by id. */
export async function grantedValues(
  q: Queries,
  { grants: g }: Schema,
  feature: string,
  now: Instant,
  { after, size }: { after: string; size: number },
): Promise<GrantedValue[]> {
  const rows = await q
    .select({ grant: g.id, tenant: g.tenant, kind: g.kind, value: g.value })
    .from(g)
    .where(and(eq(g.feature, feature), gt(g.id, after), isNotNull(g.value), isNotOverAt(g, now)))
    .orderBy(asc(g.id))
    .limit(size);
  return rows.map((row) => ({ ...row, value: row.value as Value }));
}

/** With its tenant's revision. Null if there is no such grant. */
export async function findGrant(q: Queries, t: Schema, id: string): Promise<{ row: GrantRow; revision: number } | null> {
  const { grants, tenants } = t;
  const [found] = await q
    .select({ row: grants, revision: tenants.revision })
    .from(grants)
    .innerJoin(tenants, eq(tenants.key, grants.tenant))
    .where(eq(grants.id, id))
    .limit(1);
  return found ?? null;
}

/** Converts a row to the facts' shape. */
export function grantOf(row: GrantRow): Grant {
  const { tenant: _, effect, value, endedBy: __, kind, restores, bundle, bundlePlan, ...rest } = row;
  const instants = {
    startsAt: row.startsAt.getTime(),
    endedAt: row.endedAt?.getTime() ?? null,
    createdAt: row.createdAt.getTime(),
  };
  const common = { ...rest, ...instants, ...(restores === null ? {} : { restores }) };
  if (kind === "trial") {
    const part = bundle === null || bundlePlan === null ? {} : { bundle: { id: bundle, plan: bundlePlan } };
    return { ...common, ...part, kind, value: value as Value, endsAt: (row.endsAt as Date).getTime() };
  }
  const endsAt = row.endsAt?.getTime() ?? null;
  return effect === "deny" ? { ...common, kind, effect, endsAt } : { ...common, kind, effect: "allow", value: value as Value, endsAt };
}
