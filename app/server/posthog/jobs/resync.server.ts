import type { BulkParams } from "~/core/bulk/bulk-act";
import type { Actor, Json } from "~/core/model";
import { refuse } from "~/core/outcome";
import { createJob, type JobCreated, type JobHooks } from "~/server/jobs/jobs.server";
import { writeResyncJob } from "~/server/posthog/groups/resync-progress.server";
import type { Services } from "~/server/services.server";
import { writeAudit } from "~db/store/audit.server";
import { countTenants, revisionsOf } from "~db/store/group-syncs.server";
import { wakeGroupSync } from "~db/store/outbox.server";

/** Tenants that are queued already, or the job that queues them. */
export type ResyncStarted = JobCreated | { ok: true; job: null; tenants: number };

const subject = { subjectKind: "settings" as const, subject: "posthog" };

/** Tenants that are queued at once, in one transaction as short as a batch of a job. */
const maxWithoutJob = 50;

/** Sends all tenants again, whether or not PostHog has them. */
export async function resyncAll(services: Services, actor: Actor): Promise<ResyncStarted> {
  const { db } = services;
  const tenants = await countTenants(db.readAside, db.tables);
  const which: Which = { from: { kind: "filter", filter: {} }, keys: null, total: tenants };
  return startJob(services, actor, which, {
    entry: { action: "posthog.resync_all", ...subject, after: { tenants } },
    onCreated: (tx, _at, { id }) => writeResyncJob(tx, db.tables, id),
  });
}

/** Sends those of these tenants that exist again, also those waiting for a retry. */
export async function resyncTenants(services: Services, actor: Actor, keys: string[]): Promise<ResyncStarted> {
  const { db, now, posthog } = services;
  const t = db.tables;
  if (keys.length > maxWithoutJob) {
    const found = (await revisionsOf(db.readAside, t, keys)).map(({ key }) => key);
    if (found.length > maxWithoutJob) return startJob(services, actor, { from: { kind: "keys" }, keys: found });
  }
  const started = await db.transaction([], async (tx): Promise<ResyncStarted> => {
    const found = await revisionsOf(tx, t, keys);
    if (found.length === 0) return { ok: true, job: null, tenants: 0 };
    const at = now();
    await wakeGroupSync(tx, t, found, at, true);
    const after = { tenants: found.length, keys: found.map(({ key }) => key) };
    await writeAudit(tx, t, { at, actor, action: "posthog.resync", ...subject, after });
    return { ok: true, job: null, tenants: found.length };
  });
  posthog?.wake();
  return started;
}

/** Variant for typed keys. If one is unknown, nothing is sent. */
export async function resyncNamed(services: Services, actor: Actor, keys: string[]): Promise<ResyncStarted> {
  const { readAside: read, tables } = services.db;
  const found = new Set((await revisionsOf(read, tables, keys)).map(({ key }) => key));
  const unknown = keys.find((key) => !found.has(key));
  if (unknown === undefined) return resyncTenants(services, actor, keys);
  return refuse("tenant_not_found", `There is no tenant ${unknown}. Correct it, or take it out; nothing was sent yet.`, "tenants");
}

/** How many tenants are sent again, and the id of the job that queues them; null if they are queued already. */
export function resyncSummary(started: Extract<ResyncStarted, { ok: true }>): { tenants: number; job: string | null } {
  return started.job ? { tenants: started.job.total ?? 0, job: started.job.id } : { tenants: started.tenants, job: null };
}

type Which = { from: BulkParams["from"]; keys: string[] | null; total?: number };

function startJob(services: Services, actor: Actor, { from, ...which }: Which, hooks?: JobHooks): Promise<JobCreated> {
  const params = { act: { act: "resync" }, from } satisfies BulkParams;
  return createJob(services, actor, { kind: "bulk", params: params as Json, ...which, isPreview: false, note: null }, hooks);
}
