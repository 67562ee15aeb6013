import { needsApproval, whyManyTenants } from "~/core/approvals/approvals";
import type { CsvParams } from "~/core/import/csv-params";
import { maxWaitingImports } from "~/core/import/csv-request";
import type { Actor, Instant } from "~/core/model";
import { type Refusal, refuse } from "~/core/outcome";
import { isSameAct, type RequestedAct } from "~/core/requests/request";
import { readApprovals } from "~/server/approvals/approval-rules.server";
import { holdForApproval } from "~/server/approvals/keep-request.server";
import { withRequest } from "~/server/changes/change.server";
import type { Services } from "~/server/services.server";
import type { Queries } from "~db/database";
import { type CsvUpload, waitingImports } from "~db/store/csv-uploads.server";

type CsvToApprove = { upload: CsvUpload; mapping: CsvParams["mapping"]; note: string | null };

/** Refuses an import that needs a second person, and keeps it as a request. In the transaction that would create its job. */
export async function csvApprovalProblem(
  { db, newId, posthog }: Services,
  by: Actor,
  { upload, mapping, note }: CsvToApprove,
  tx: Queries,
  at: Instant,
): Promise<Refusal | null> {
  const t = db.tables;
  const { id, name, rows } = upload;
  const why = whyManyTenants(rows, await readApprovals(tx, t));
  if (why === null) return null;
  const act: RequestedAct = { act: "import_tenants", upload: id, name, mapping, rows };
  const waiting = await waitingImports(tx, t, at);
  if (waiting.length >= maxWaitingImports && !waiting.some((request) => isSameAct(request.act, act)))
    return refuse("requests_full", `${maxWaitingImports} imports wait for a second person already. Grant or refuse some of them first.`);
  const actor = withRequest({ posthog }, by);
  return holdForApproval({ tx, t, at, newId, actor }, "", needsApproval(why, { act, note, reason: null }));
}
