import type { BulkSelection } from "~/core/bulk/bulk-act";
import type { Json } from "~/core/model";
import type { TenantFilter } from "~/core/tenants/tenant-filter";
import type { JobBatch } from "~/server/jobs/job-work";
import type { Services } from "~/server/services.server";
import { decidedAmong, listedFilter } from "~/server/tenants/tenant-matches.server";
import { listJobItems } from "~db/store/job-items.server";
import { readJob } from "~db/store/jobs.server";
import { countMatchingTenants, tenantKeysAfter } from "~db/store/tenant-list.server";
import { listSource } from "./bulk-lists.server";

type Parts = Pick<Services, "db" | "facts" | "now" | "tenantCounts">;

/** Finds the tenants of a bulk act, some at a time. */
export type BulkSource = { count: () => Promise<number>; next: (cursor: Json, size: number) => Promise<JobBatch> };

/** Candidates read and decided at a time, and max reads for one batch, if the filter names a feature. */
const decidedPerRead = 100;
const maxReads = 5;

export function bulkSource(parts: Parts, selection: BulkSelection): BulkSource {
  if (selection.kind === "keys") return namedTenants(selection.keys);
  if (selection.kind === "trials" || selection.kind === "demand") return tenantsOfList(listSource(parts, selection));
  return selection.kind === "job" ? tenantsOfJob(parts, selection) : matchingTenants(parts, selection.filter);
}

/** The cursor is the number of keys that are done. */
function namedTenants(keys: string[]): BulkSource {
  return {
    count: async () => keys.length,
    next: async (cursor, size) => {
      const from = typeof cursor === "number" ? cursor : 0;
      const to = Math.min(from + size, keys.length);
      return { subjects: keys.slice(from, to), cursor: to, isLast: to === keys.length };
    },
  };
}

/** The cursor is the number of the item. */
function tenantsOfJob({ db }: Parts, { job, state }: Extract<BulkSelection, { kind: "job" }>): BulkSource {
  return {
    count: async () => (await readJob(db.readAside, db.tables, job))?.[state] ?? 0,
    next: async (cursor, size) => {
      const after = typeof cursor === "number" ? cursor : 0;
      const found = await listJobItems(db.readAside, db.tables, job, { state, after, size: size + 1 });
      const page = found.slice(0, size);
      return { subjects: page.map(({ subject }) => subject), cursor: page.at(-1)?.seq ?? after, isLast: found.length <= size };
    },
  };
}

/** The cursor is the key of the last tenant that was read: a change of its trials moves no tenant. */
function tenantsOfList({ count, after }: ReturnType<typeof listSource>): BulkSource {
  return {
    count: async () => (await count(Number.MAX_SAFE_INTEGER)).tenants,
    async next(cursor, size) {
      const last = typeof cursor === "string" ? cursor : null;
      const found = await after({ after: last, size: size + 1 });
      const subjects = found.slice(0, size);
      return { subjects, cursor: subjects.at(-1) ?? last, isLast: found.length <= size };
    },
  };
}

/**
 * The cursor is the key of the last tenant that was read: the job may change what the filter asks for, but never a key.
 * A batch may be empty although more follow, so that the job renews its lease and sees a cancel while few tenants match.
 */
function matchingTenants(parts: Parts, filter: TenantFilter): BulkSource {
  const { readAside: q, tables: t } = parts.db;
  return {
    count: () => countMatchingTenants(q, t, listedFilter(parts, filter)),
    async next(cursor, size) {
      await parts.facts.look();
      const listed = listedFilter(parts, filter);
      // One more than the batch, which shows whether it is the last.
      const readSize = filter.feature ? decidedPerRead : size + 1;
      const subjects: string[] = [];
      let after = typeof cursor === "string" ? cursor : null;
      for (let reads = 0; reads < maxReads; reads++) {
        const found = await tenantKeysAfter(q, t, listed, { after, size: readSize });
        const matching = await decidedAmong(parts, found, filter);
        subjects.push(...found.filter((key) => matching.has(key)));
        after = found.at(-1) ?? after;
        if (subjects.length > size) return { subjects: subjects.slice(0, size), cursor: subjects[size - 1] ?? null, isLast: false };
        if (found.length < readSize) return { subjects, cursor: after, isLast: true };
      }
      return { subjects, cursor: after, isLast: false };
    },
  };
}
