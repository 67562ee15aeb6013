import { bulkWork } from "~/server/bulk/bulk-work.server";
import { impactWork } from "~/server/catalogue/impact-work.server";
import type { JobKinds } from "~/server/jobs/job-work";
import { driftWork } from "~/server/posthog/jobs/drift-work.server";
import type { PosthogSettings } from "~/server/posthog/settings.server";
import type { Services } from "~/server/services.server";
import { tenantCsvWork } from "~/server/tenant-csv/csv-work.server";
import { undoWork } from "~/server/undo/undo-work.server";

type Parts = Pick<Services, "db" | "facts" | "now" | "newId" | "posthog" | "tenantCounts">;

/** What each kind of job does. `settings`: of PostHog, if the process has no other use of it. */
export const jobKindsOf = (services: Parts, settings: PosthogSettings | null = services.posthog?.settings ?? null): JobKinds => ({
  bulk: bulkWork(services),
  drift: driftWork({ ...services, settings }),
  impact: impactWork(services),
  tenant_csv: tenantCsvWork(services),
  undo: undoWork(services),
});
