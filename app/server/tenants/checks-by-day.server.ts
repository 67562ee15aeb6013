import { day, isoDay } from "~/core/time";
import type { Services } from "~/server/services.server";
import { countsByDay } from "~db/store/check-counts.server";

export type DayChecks = { day: string; allowed: number; refused: number };

/** A tenant's checks on each of the last `days` UTC days, today included, and the sum of as many days before. */
export async function readChecksByDay(
  { db, now }: Pick<Services, "db" | "now">,
  tenant: string,
  days: number,
): Promise<{ days: DayChecks[]; previous: number }> {
  const first = now() - (days - 1) * day;
  const byDay = new Map(Array.from({ length: days }, (_, i) => [isoDay(first + i * day), { allowed: 0, refused: 0 }]));
  let previous = 0;
  for (const row of await countsByDay(db.readAside, db.tables, tenant, isoDay(first - days * day))) {
    const one = byDay.get(row.day);
    if (one) one[row.allowed ? "allowed" : "refused"] += row.count;
    else if (row.day < isoDay(first)) previous += row.count;
  }
  return { days: [...byDay].map(([day, counts]) => ({ day, ...counts })), previous };
}
