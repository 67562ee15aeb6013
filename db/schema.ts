import type { Dialect } from "./dialect";
import { adminsTables } from "./schema/admins";
import { catalogueTables } from "./schema/catalogue";
import { changesTables } from "./schema/changes";
import { csvUploadTables } from "./schema/csv-uploads";
import { draftsTables } from "./schema/drafts";
import { impactTables } from "./schema/impact";
import { jobsTables } from "./schema/jobs";
import { keysTables } from "./schema/keys";
import { posthogTables } from "./schema/posthog";
import { requestsTables } from "./schema/requests";
import { schedulesTables } from "./schema/schedules";
import { systemTables } from "./schema/system";
import { tenantsTables } from "./schema/tenants";
import { trialsTables } from "./schema/trials";
import { usageTables } from "./schema/usage";
import { usageFigureTables } from "./schema/usage-figures";
import { webhookTables } from "./schema/webhooks";

/**
 * All tables, defined once for both engines. Timestamps are instants in ms. Revisions and `seq` come from one sequence
 * (`changes.seq`), so a larger number is a later change. Comments say what null means.
 */

export function defineSchema(d: Dialect) {
  const system = systemTables(d);
  const posthog = posthogTables(d);
  const usage = { ...usageTables(d), ...usageFigureTables(d) };
  const admins = adminsTables(d);
  const keys = keysTables(d);
  const changes = changesTables(d);
  const catalogue = catalogueTables(d);
  const tenants = tenantsTables(d, catalogue);
  const schedules = schedulesTables(d, tenants);
  const trials = trialsTables(d);
  const jobs = { ...jobsTables(d), ...csvUploadTables(d), ...impactTables(d) };
  const drafts = draftsTables(d);
  const requests = requestsTables(d);
  const webhooks = webhookTables(d, admins);
  const subjects = { ...catalogue, ...tenants, ...schedules, ...trials };
  return { ...system, ...posthog, ...usage, ...admins, ...keys, ...changes, ...subjects, ...jobs, ...drafts, ...requests, ...webhooks };
}

export type Schema = ReturnType<typeof defineSchema>;
export type { AuditSubject, KeyKind, SignalKind, SubjectKind } from "./schema/types";
export { keyKinds } from "./schema/types";
