import type { FastifyInstance } from "fastify";
import { withTimes } from "~/core/audit/audit-documents";
import type { Actor } from "~/core/model";
import type { UndoProblem } from "~/core/undo/reverted";
import { undoBody } from "~/forms/api-bodies";
import { auditParams } from "~/forms/api-queries";
import { byRightOf } from "~/server/authority.server";
import type { CachedKey } from "~/server/keys/key-cache.server";
import type { Services } from "~/server/services.server";
import { type FoundAct, findAct, previewUndo, undoAct } from "~/server/undo/undo.server";
import type { UndoItem } from "~/server/undo/undo-items.server";
import { createUndoJob } from "~/server/undo/undo-job.server";
import { type Answered, refusalProblem } from "./http/answered.server";
import { addWrite } from "./http/route.server";
import { jobOnWire } from "./jobs.server";
import * as answers from "./openapi/answers";
import { jobAnswer, undoQueued } from "./openapi/job-answers";

/** Documents of one answer, in characters of JSON. */
const maxDocuments = 512 * 1024;
const maxProblems = 1_000;

type Effect = { dryRun: boolean; seq: number; changeSet: string | null; changed: number; refused: number; items: UndoItem[] };

function effectBody({ dryRun, seq, changeSet, changed, refused, items }: Effect) {
  let left = maxDocuments;
  const changes = items
    .filter((item) => item.changes)
    .map(({ tenant, before, after }) => {
      const documents = left > 0 ? { before: withTimes(before), after: withTimes(after) } : null;
      const size = documents ? JSON.stringify(documents).length : 0;
      left -= size;
      return { ...subjectOf(tenant), ...(documents && left >= 0 ? documents : { before: null, after: null }) };
    });
  const problems = (kind: UndoProblem["kind"]) =>
    items
      .flatMap(({ tenant, problems }) =>
        problems.filter((p) => p.kind === kind).map(({ field, message }) => ({ ...subjectOf(tenant), field, message })),
      )
      .slice(0, maxProblems);
  const body = { dryRun, seq, changeSet, changed, refused, changes, documentsOmitted: left < 0 };
  return { ...body, stays: problems("refused"), settled: problems("settled") };
}

const subjectOf = (tenant: string | null) =>
  tenant === null ? { subjectKind: "catalogue" as const, subject: "" } : { subjectKind: "tenant" as const, subject: tenant };

/** The job checks its right in each batch. */
function startUndo(
  services: Services,
  { id, tenant }: CachedKey,
  actor: Actor,
  found: FoundAct,
  { isPreview, partial, note }: { isPreview: boolean; partial: boolean; note: string | null | undefined },
) {
  const by = byRightOf(services, { kind: "key", id, acts: [found.act], tenant });
  return createUndoJob(by, actor, found, { isPreview, partial, note, zone: "UTC" });
}

const noEntry = { status: 404, code: "audit_entry_not_found", detail: "There is no such entry in the audit log.", field: "seq" } as const;

export async function undoApi(app: FastifyInstance, { services }: { services: Services }) {
  addWrite(
    app,
    services,
    "POST /api/audit/{seq}/undo",
    {
      id: "undo",
      tag: "Audit",
      summary: "Undo the act that an entry is part of",
      detail:
        "All entries with the same `changeSet` are undone together, as a new act, in one transaction. What is still as the act left it goes back to what it was; what something later depends on stays, and is in `stays` with its reason. Then nothing is done unless `partial` is true. With `dryRun` it answers what would be done and changes nothing. Grants that the act made end now; grants that it ended are given again until their former end. Undoing the undo's own entry does the act again.\n\nAn act with more than 500 entries is undone by a job: the answer is 202, and GET /api/jobs/{id}/items has what became of each tenant. Without `partial` it looks at all of them first, and fails without changing anything if a part would stay.",
      act: ["trials.grant", "tenants.change", "catalogue.change"],
      params: auditParams,
      headers: ["Idempotency-Key"],
      body: undoBody,
      bodyIsOptional: true,
      bodyExample: { dryRun: true },
      answers: {
        200: { what: "What goes back and what stays.", schema: answers.undone, headers: ["Idempotency-Replayed"] },
        202: {
          what: "The act is large, and this is the job that undoes it.",
          schema: jobAnswer,
          example: undoQueued,
          headers: ["Idempotency-Replayed"],
        },
      },
      problems: {
        400: ["invalid_request", "invalid_json"],
        404: ["audit_entry_not_found"],
        409: ["undo_refused", "too_many_jobs", "idempotency_key_in_use"],
        422: ["not_undoable", "idempotency_key_reused"],
      },
    },
    async ({ services, key, params: { seq }, body, actor }) => {
      const found = await findAct(services, seq);
      if (!found?.ok) return found;
      const { dryRun = false, partial = false, note } = body;
      if (found.isLarge) return startUndo(services, key, actor, found, { isPreview: dryRun, partial, note });
      if (!dryRun) {
        const done = await undoAct(services, actor, found, { partial, note });
        return done.ok ? { ...done, dryRun, seq } : done;
      }
      const preview = await previewUndo(services, actor, found, "UTC");
      return preview.ok ? { ...preview, dryRun, seq, changeSet: null } : preview;
    },
    (result): Answered => {
      if (result === null) return { problem: noEntry };
      if (!result.ok) return refusalProblem(result);
      return "job" in result ? { status: 202, body: jobOnWire(services, result.job) } : { status: 200, body: effectBody(result) };
    },
    // A repeated undo finds nothing left to undo.
    { isSafeToRepeat: true },
  );
}
