import { bulkWork } from "~/server/bulk/bulk-work.server";
import { impactWork } from "~/server/catalogue/impact-work.server";
import { catalogueImportWork } from "~/server/catalogue/import-work.server";
import type { JobKinds } from "~/server/jobs/job-work";
import { driftWork } from "~/server/posthog/jobs/drift-work.server";
import type { PosthogSettings } from "~/server/posthog/settings.server";
import type { Services } from "~/server/services.server";
import { tenantCsvWork } from "~/server/tenant-csv/csv-work.server";
import { undoWork } from "~/server/undo/undo-work.server";

type Parts = Pick<Services, "db" | "facts" | "now" | "newId" | "posthog" | "tenantCounts">;

/**
 * What jobs need of a process. `settings`: of PostHog, if the process has no other use of it. `whileImporting`: lets
 * other processes hold their writes.
 */
export type JobSurroundings = { settings?: PosthogSettings | null; whileImporting?: <T>(work: () => Promise<T>) => Promise<T> };

/** What each kind of job does. */
export const jobKindsOf = (
  services: Parts,
  { settings = services.posthog?.settings ?? null, whileImporting }: JobSurroundings = {},
): JobKinds => ({
  bulk: bulkWork(services),
  catalogue_import: catalogueImportWork({ ...services, whileImporting }),
  drift: driftWork({ ...services, settings }),
  impact: impactWork(services),
  tenant_csv: tenantCsvWork(services),
  undo: undoWork(services),
});
