import { and, eq } from "drizzle-orm";
import type { Json } from "~/core/model";
import type { Queries } from "../database";
import type { Schema } from "../schema";

/** Null if the person has not set up this page. */
export async function readPreference(q: Queries, { adminPreferences: p }: Schema, admin: string, name: string): Promise<Json> {
  const [row] = await q
    .select({ value: p.value })
    .from(p)
    .where(and(eq(p.admin, admin), eq(p.name, name)));
  return row?.value ?? null;
}

/** Null resets it. */
export async function writePreference(
  tx: Queries,
  { adminPreferences: p }: Schema,
  admin: string,
  name: string,
  value: Json,
): Promise<void> {
  if (value === null) await tx.delete(p).where(and(eq(p.admin, admin), eq(p.name, name)));
  else
    await tx
      .insert(p)
      .values({ admin, name, value })
      .onConflictDoUpdate({ target: [p.admin, p.name], set: { value } });
}
