import { namesIn } from "~/core/audit/activity";
import { activityPhrase } from "~/core/audit/activity-phrase";
import type { Instant } from "~/core/model";
import type { AuditRow } from "~db/store/audit.server";
import type { TenantRequest } from "./tenants.server";

/** An entry of the audit log as a sentence on its tenant's page. */
export const entrySentence = (row: AuditRow, { facts, catalogue, zone }: Pick<TenantRequest, "facts" | "catalogue" | "zone">) => ({
  seq: row.seq,
  at: row.at.getTime() as Instant,
  actor: row.actorName,
  phrase: activityPhrase(row, namesIn(catalogue, facts.name, zone), { isOwnPage: true }),
});
