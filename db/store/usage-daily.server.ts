import { and, eq, gte, inArray, sql } from "drizzle-orm";
import { addedByDay, type Counter, type CounterEvent, maxUsed } from "~/core/decision/usage";
import type { Queries } from "../database";
import { rowsAsOne } from "../json-rows";
import type { Schema } from "../schema";
import { inBatches } from "./changes.server";

const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/**
 * Adds events to their days. Call it with the counters locked: they are locked before days everywhere, and days in one
 * order, which prevents deadlocks.
 */
export async function addToDays(tx: Queries, { usageDaily: d }: Schema, changes: (Counter & { events: CounterEvent[] })[]): Promise<void> {
  const rows = addedByDay(changes).sort((a, b) => byText(a.tenant, b.tenant) || byText(a.feature, b.feature) || byText(a.day, b.day));
  const sum = sql`${d.added} + excluded.added`;
  const bounded = sql`case when ${sum} > ${maxUsed} then ${maxUsed} when ${sum} < ${-maxUsed} then ${-maxUsed} else ${sum} end`;
  await inBatches(rows, (batch) =>
    tx
      .insert(d)
      .select(rowsAsOne(d, batch))
      .onConflictDoUpdate({ target: [d.tenant, d.feature, d.day], set: { added: bounded } }),
  );
}

export type AddedOnDay = { feature: string; day: string; added: number };

/** What a tenant's features were added since a day (YYYY-MM-DD). Days without additions are omitted. */
export async function readAddedByDay(
  q: Queries,
  { usageDaily: d }: Schema,
  tenant: string,
  features: string[],
  since: string,
): Promise<AddedOnDay[]> {
  if (features.length === 0) return [];
  return q
    .select({ feature: d.feature, day: d.day, added: d.added })
    .from(d)
    .where(and(eq(d.tenant, tenant), inArray(d.feature, features), gte(d.day, since)))
    .orderBy(d.feature, d.day);
}
