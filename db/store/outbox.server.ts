import { sql } from "drizzle-orm";
import type { Instant } from "~/core/model";
import type { Queries } from "../database";
import type { Schema } from "../schema";
import { inBatches } from "./changes.server";

/** Group properties of one tenant have to be sent; of all, after a change to the catalogue. */
export const outboxTopics = { tenant: "group_sync", all: "group_sync_all" } as const;

type Due = { key: string; revision: number };

/** One row for each tenant: a newer revision replaces an older one that has not been sent yet. */
export async function wakeGroupSync(tx: Queries, t: Schema, due: Due[], at: Instant): Promise<void> {
  await put(
    tx,
    t,
    due.map(({ key, revision }) => row(outboxTopics.tenant, key, revision, at)),
  );
}

export async function wakeGroupSyncOfAll(tx: Queries, t: Schema, revision: number, at: Instant): Promise<void> {
  await put(tx, t, [row(outboxTopics.all, "", revision, at)]);
}

const row = (topic: string, subject: string, revision: number, at: Instant): Schema["outbox"]["$inferInsert"] => ({
  topic,
  subject,
  revision,
  createdAt: new Date(at),
  attempts: 0,
});

async function put(tx: Queries, t: Schema, rows: Schema["outbox"]["$inferInsert"][]): Promise<void> {
  const { outbox } = t;
  await inBatches(rows, (batch) =>
    tx
      .insert(outbox)
      .values(batch)
      .onConflictDoUpdate({
        target: [outbox.topic, outbox.subject],
        set: { revision: sql`excluded.revision`, attempts: 0, nextAttemptAt: null, lastError: null },
      }),
  );
}
