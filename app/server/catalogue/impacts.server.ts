import type { ImpactParams, ImpactSource } from "~/core/impact/impact-result";
import type { Actor, Instant } from "~/core/model";
import { minute } from "~/core/time";
import { createJob, type JobCreated } from "~/server/jobs/jobs.server";
import { shortHash } from "~/server/random.server";
import type { Services } from "~/server/services.server";
import { insertImpact } from "~db/store/impacts.server";

/** For how long looking at the same change again shows the same result, in ms. */
const reusedForMs = 5 * minute;

export type ImpactToCreate = { title: string; source: ImpactSource; hasFlags?: boolean; draft?: ImpactParams["draft"] };

/**
 * Queues the job that finds what a change does to every tenant. Asking for the same change of the same catalogue soon
 * again gives the same job.
 */
export async function createImpact(services: Services, actor: Actor, impact: ImpactToCreate): Promise<JobCreated> {
  const { facts, env, now } = services;
  const { title, source, hasFlags = env.posthog !== null, draft } = impact;
  const { revision } = facts.catalogueFacts();
  const params: ImpactParams = { title, revision, hasFlags, ...(draft ? { draft } : {}) };
  const at: Instant = now();
  const slot = Math.floor(at / reusedForMs);
  const id = `imp_${shortHash(JSON.stringify([actor.id, params, slot, source])).replace(/[-_]/g, "0")}`;
  const job = { id, kind: "impact" as const, params, keys: null, isPreview: true, note: null };
  return createJob(services, actor, job, { onCreated: (tx) => insertImpact(tx, services.db.tables, id, source, at) });
}
