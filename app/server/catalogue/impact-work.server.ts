import type { ShapeEffects } from "~/core/impact/impact";
import type { Job } from "~/core/jobs/job";
import type { JobFindings, JobWork } from "~/server/jobs/job-work";
import type { Services } from "~/server/services.server";
import { addImpactTenants } from "~db/store/impacts.server";
import { readTenantsByKey } from "~db/store/tenant-documents.server";
import { impactCandidates } from "./impact-candidates.server";
import { type PinnedChange, pinnedChange } from "./impact-change.server";
import { effectRowsOf, findAffected } from "./impact-rows.server";

type Parts = Pick<Services, "db" | "tenantCounts" | "newId">;

/** Finds what a change of the catalogue does to each tenant that it may affect. Changes nothing. */
export const impactWork =
  (parts: Parts) =>
  (job: Job): JobWork => {
    const { readAside: q, tables: t } = parts.db;
    // One instant for all tenants, however long it takes.
    const at = job.createdAt;
    const shapes: ShapeEffects = new Map();
    let loading: Promise<{ change: PinnedChange; candidates: ReturnType<typeof impactCandidates> }> | undefined;

    async function load() {
      const change = await pinnedChange(parts, job);
      const keys = [...change.writes.keys()];
      const written = { keys, has: (key: string) => change.writes.has(key) };
      return { change, candidates: impactCandidates(parts, change.compiled, written, at) };
    }
    const loaded = () => {
      loading ??= load();
      return loading;
    };

    return {
      right: "catalogue.change",
      count: async () => (await loaded()).candidates.count(),
      next: async (cursor, size) => (await loaded()).candidates.next(cursor, size),
      locks: () => [],
      // An impact is always a preview.
      write: async () => ({ items: [] }),
      async preview({ subjects }): Promise<JobFindings> {
        const { change, candidates } = await loaded();
        const stored = await readTenantsByKey(q, t, subjects);
        const tenants = [...stored.values()].flatMap((tenant) => (tenant && candidates.isFirst(tenant) ? [tenant] : []));
        const affected = await findAffected(parts, change, tenants, at, shapes);
        const rows = await effectRowsOf(parts, change.compiled, affected, at);
        return {
          items: [],
          counts: { done: affected.length, skipped: subjects.length - affected.length },
          write: (tx) => addImpactTenants(tx, t, job.id, rows),
        };
      },
    };
  };
