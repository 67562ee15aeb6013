import { eq } from "drizzle-orm";
import type { Json } from "~/core/model";
import type { Queries } from "../database";
import type { Schema } from "../schema";

/** Null if never set. */
export async function readSetting(q: Queries, t: Schema, key: string): Promise<Json> {
  const [row] = await q.select({ value: t.settings.value }).from(t.settings).where(eq(t.settings.key, key));
  return row?.value ?? null;
}

export async function writeSetting(tx: Queries, t: Schema, key: string, value: Json): Promise<void> {
  await tx.insert(t.settings).values({ key, value }).onConflictDoUpdate({ target: t.settings.key, set: { value } });
}

export async function deleteSetting(tx: Queries, t: Schema, key: string): Promise<void> {
  await tx.delete(t.settings).where(eq(t.settings.key, key));
}
