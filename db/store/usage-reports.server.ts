import { sql } from "drizzle-orm";
import type { Counter } from "~/core/decision/usage";
import type { Instant, Json } from "~/core/model";
import type { Queries } from "../database";
import { rowsAsOne } from "../json-rows";
import type { Schema } from "../schema";
import { inBatches } from "./changes.server";

export type NewReport = {
  tenant: string;
  idempotencyKey: string;
  feature: string;
  report: Json;
  answer?: Json;
  at: Instant;
  periodKind: Counter["periodKind"];
  periodStart: number;
  /** Null for a `set` and for a refused consumption. */
  added: number | null;
  /** The id of the API key that sent it. */
  apiKey: string | null;
};

const id = (tenant: string, key: string) => `${tenant}\n${key}`;

/** Records events and returns the new ones as `tenant\nkey`. The first node to record an event counts it. */
export async function noteReports(tx: Queries, t: Schema, reports: NewReport[], now: Instant): Promise<Set<string>> {
  const fresh = new Set<string>();
  // One global order prevents deadlocks between nodes that record the same events.
  const inOrder = [...reports].sort((a, b) => (id(a.tenant, a.idempotencyKey) < id(b.tenant, b.idempotencyKey) ? -1 : 1));
  const rows = inOrder.map((r) => ({ ...r, at: new Date(r.at), recordedAt: new Date(now) }));
  await inBatches(rows, async (batch) => {
    const noted = await tx
      .insert(t.usageEvents)
      .select(rowsAsOne(t.usageEvents, batch))
      .onConflictDoNothing()
      .returning({ tenant: t.usageEvents.tenant, key: t.usageEvents.idempotencyKey });
    for (const row of noted) fresh.add(id(row.tenant, row.key));
  });
  return fresh;
}

export type NotedReport = { tenant: string; idempotencyKey: string; report: Json; answer: Json | null; recordedAt: Instant };

/** Returns those that are recorded, as first recorded. */
export async function readReports(q: Queries, t: Schema, wanted: Pick<NotedReport, "tenant" | "idempotencyKey">[]): Promise<NotedReport[]> {
  const { usageEvents: e } = t;
  if (wanted.length === 0) return [];
  const keys = rowsAsOne(e, wanted, ["tenant", "idempotencyKey"]);
  const rows = await q
    .select({ tenant: e.tenant, idempotencyKey: e.idempotencyKey, report: e.report, answer: e.answer, recordedAt: e.recordedAt })
    .from(e)
    .innerJoin(sql`(${keys}) as wanted`, sql`wanted.tenant = ${e.tenant} and wanted.idempotency_key = ${e.idempotencyKey}`);
  return rows.map((row) => ({ ...row, recordedAt: row.recordedAt.getTime() }));
}
