import { bulkWork } from "~/server/bulk/bulk-work.server";
import { impactWork } from "~/server/catalogue/impact-work.server";
import type { JobKinds } from "~/server/jobs/job-work";
import type { Services } from "~/server/services.server";
import { tenantCsvWork } from "~/server/tenant-csv/csv-work.server";
import { undoWork } from "~/server/undo/undo-work.server";

/** What each kind of job does. */
export const jobKindsOf = (services: Pick<Services, "db" | "facts" | "now" | "newId" | "posthog" | "tenantCounts">): JobKinds => ({
  bulk: bulkWork(services),
  impact: impactWork(services),
  tenant_csv: tenantCsvWork(services),
  undo: undoWork(services),
});
