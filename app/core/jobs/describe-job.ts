import { type BulkAct, type BulkParams, bulkActs, describeBulkAct, rightOfBulk } from "~/core/bulk/bulk-act";
import type { Catalogue } from "~/core/catalogue/catalogue";
import type { ImpactParams } from "~/core/impact/impact-result";
import { type CsvParams, describeCsvImport } from "~/core/import/csv-params";
import type { CatalogueImportParams } from "~/core/import/import-results";
import type { Act } from "~/core/permissions";
import { describeUndo, type UndoParams } from "~/core/undo/undo-params";
import type { Job } from "./job";

type StoredJob = Pick<Job, "kind" | "params">;

/**
 * What a bulk job does to each tenant. Null if the job is of another kind, or a newer version made it and this one does
 * not know its act.
 */
export function actOfJob({ kind, params }: StoredJob): BulkAct | null {
  if (kind !== "bulk") return null;
  const { act } = params as BulkParams;
  return bulkActs.includes(act.act) ? act : null;
}

/** The act that is tried again for some tenants of this job. A comparison's differences are sent to PostHog. */
export const actOfRetry = (job: StoredJob): BulkAct | null => (job.kind === "drift" ? { act: "resync" } : actOfJob(job));

/** What a job undoes, or null if it is of another kind. */
export const undoOfJob = ({ kind, params }: StoredJob): UndoParams | null => (kind === "undo" ? (params as UndoParams) : null);

/** The right to change, cancel or repeat this job. */
export function rightOfJob(job: StoredJob): Act {
  if (job.kind === "tenant_csv" || job.kind === "catalogue_import") return "data.import";
  const undo = undoOfJob(job);
  if (undo) return undo.right;
  if (job.kind === "impact") return "catalogue.change";
  if (job.kind === "drift") return "posthog.change";
  const act = actOfJob(job);
  return act ? rightOfBulk(act.act) : "tenants.change";
}

/** Whether it may meet guard rails and has no reason to pass them yet. */
export function isReasonUseful(job: StoredJob): boolean {
  const act = actOfJob(job);
  const isGranting = act?.act === "grant_trial" || act?.act === "grant_bundle" || act?.act === "extend_trial";
  return isGranting && (job.params as BulkParams).reason === undefined;
}

/** "Grant a trial of SSO for 14 days" */
export function describeJob(job: StoredJob, catalogue: Pick<Catalogue, "plans" | "features">): string {
  if (job.kind === "tenant_csv") return describeCsvImport(job.params as CsvParams);
  const undo = undoOfJob(job);
  if (undo) return describeUndo(undo);
  if (job.kind === "impact") return (job.params as ImpactParams).title;
  if (job.kind === "drift") return "Compare tenants with PostHog";
  if (job.kind === "catalogue_import") return `Import ${(job.params as CatalogueImportParams).name}`;
  const act = actOfJob(job);
  return act ? describeBulkAct(act, catalogue) : "A job that this version of Latchkey does not know";
}
