import { sql } from "drizzle-orm";
import type { Instant } from "~/core/model";
import { type ChecksOfDay, daysWithin } from "~/core/trials/trial-use";
import type { Queries } from "../database";
import { rowsAsOne } from "../json-rows";
import type { Schema } from "../schema";

export type TimeOfTrial = { tenant: string; feature: string; from: Instant; to: Instant };

/** Days per query. Each is one lookup by the primary key. */
const batchSize = 5_000;
const nameOf = (tenant: string, feature: string) => `${feature}\n${tenant}`;

/** Checks by name on the days of each trial, at the same index. A tenant may have many features, so days are looked up one by one. */
export async function checksOfTrials(q: Queries, { checkCounts: c }: Schema, trials: readonly TimeOfTrial[]): Promise<ChecksOfDay[][]> {
  const wanted = new Map<string, { tenant: string; day: string; feature: string }>();
  for (const { tenant, feature, from, to } of trials)
    for (const day of daysWithin(from, to)) wanted.set(`${day}\n${nameOf(tenant, feature)}`, { tenant, day, feature });
  const found = new Map<string, ChecksOfDay[]>();
  const all = [...wanted.values()];
  for (let at = 0; at < all.length; at += batchSize) {
    const days = rowsAsOne(c, all.slice(at, at + batchSize), ["tenant", "day", "feature"]);
    const rows = await q
      .select({ tenant: c.tenant, feature: c.feature, day: c.day, count: c.count, firstAt: c.firstAt, lastAt: c.lastAt })
      .from(c)
      .innerJoin(sql`(${days}) as wanted`, sql`wanted.tenant = ${c.tenant} and wanted.day = ${c.day} and wanted.feature = ${c.feature}`);
    for (const { tenant, feature, day, count, firstAt, lastAt } of rows) {
      const name = nameOf(tenant, feature);
      found.set(name, [...(found.get(name) ?? []), { day, count, firstAt: firstAt.getTime(), lastAt: lastAt.getTime() }]);
    }
  }
  return trials.map(({ tenant, feature }) => found.get(nameOf(tenant, feature)) ?? []);
}
