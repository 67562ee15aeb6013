import { desc, eq } from "drizzle-orm";
import type { Grant, Value } from "~/core/model";
import type { Queries } from "../database";
import type { Schema } from "../schema";

export type GrantRow = Schema["grants"]["$inferSelect"];

/** Null: there is no such grant. */
export async function tenantOfGrant(q: Queries, t: Schema, id: string): Promise<string | null> {
  const [row] = await q.select({ tenant: t.grants.tenant }).from(t.grants).where(eq(t.grants.id, id)).limit(1);
  return row?.tenant ?? null;
}

/** Live, upcoming and ended, latest start first, at most `most`. */
export async function grantsOfTenant(q: Queries, t: Schema, tenant: string, most = 500): Promise<GrantRow[]> {
  return q.select().from(t.grants).where(eq(t.grants.tenant, tenant)).orderBy(desc(t.grants.startsAt), desc(t.grants.id)).limit(most);
}

/** A row as the facts hold it. */
export function grantOf(row: GrantRow): Grant {
  const { tenant: _, effect, value, endedBy: __, kind, ...rest } = row;
  const instants = {
    startsAt: row.startsAt.getTime(),
    endedAt: row.endedAt?.getTime() ?? null,
    createdAt: row.createdAt.getTime(),
  };
  const common = { ...rest, ...instants };
  if (kind === "trial") return { ...common, kind, value: value as Value, endsAt: (row.endsAt as Date).getTime() };
  const endsAt = row.endsAt?.getTime() ?? null;
  return effect === "deny" ? { ...common, kind, effect, endsAt } : { ...common, kind, effect: "allow", value: value as Value, endsAt };
}
