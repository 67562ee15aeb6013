import { count, min } from "drizzle-orm";
import type { Instant } from "~/core/model";
import type { Queries } from "../database";
import type { Schema } from "../schema";

/** Pending deliveries and the age of the oldest. */
export async function outboxDepth(q: Queries, { outbox }: Schema): Promise<{ rows: number; oldest: Instant | null }> {
  const [row] = await q.select({ rows: count(), oldest: min(outbox.createdAt) }).from(outbox);
  return { rows: Number(row?.rows ?? 0), oldest: row?.oldest ? Number(row.oldest) : null };
}
