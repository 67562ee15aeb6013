import type { IncomingHttpHeaders } from "node:http";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import type { Job } from "~/core/jobs/job";
import type { Refusal } from "~/core/outcome";
import { catalogueQuery, importQuery } from "~/forms/api-queries";
import type { BadFile } from "~/forms/import/catalogue-file-text";
import { maxFileBytes } from "~/forms/import/catalogue-file-text";
import { exportFor } from "~/server/catalogue/export.server";
import { type Applied, applyFile, type Previewed, previewFile } from "~/server/catalogue/import.server";
import { startImport } from "~/server/catalogue/import-job.server";
import type { Services } from "~/server/services.server";
import { type Answered, refusalProblem } from "./http/answered.server";
import { conditionProblem, noConditions, revisionsIn, revisionTag } from "./http/conditions";
import { etagWith } from "./http/etag.server";
import { addRead, addWrite } from "./http/route.server";
import { readText } from "./http/text-body.server";
import { jobOnWire } from "./jobs.server";
import * as answers from "./openapi/answers";
import { exampleFile, exampleFileAsJson } from "./openapi/example-parameters";
import { catalogueImportQueued, jobAnswer } from "./openapi/job-answers";

const types = { yaml: "application/yaml; charset=utf-8", json: "application/json; charset=utf-8" };
const textTypes = ["application/yaml", "text/yaml", "text/plain", "application/json"];
const name = "the catalogue";

type Done = (Applied & { dryRun: boolean }) | { ok: false; stale: true } | { ok: true; queued: Job } | { ok: false; notQueued: Refusal };

/** A catalogue file is read as text, even if it is JSON, so that problems have lines. */
export async function catalogueApi(app: FastifyInstance, { services }: { services: Services }) {
  app.removeContentTypeParser(["application/json", "text/plain"]);
  app.addContentTypeParser(textTypes, { parseAs: "buffer" }, async ({ headers }: FastifyRequest, body: Buffer) => readText(headers, body));

  addRead(
    app,
    services,
    "GET /api/catalogue",
    {
      id: "exportCatalogue",
      tag: "Catalogue",
      summary: "The whole catalogue as a file that can be imported",
      detail:
        "Send its ETag along with an import, as `If-Match`: then nobody's change in between is undone. An export with tenants is in the audit log.",
      act: "data.export",
      query: catalogueQuery,
      headers: ["If-None-Match"],
      answers: {
        200: {
          what: "A catalogue file, version 1.",
          type: ["application/yaml", "application/json"],
          headers: ["ETag"],
          example: exampleFile,
          exampleAsJson: exampleFileAsJson,
        },
        304: { what: "Not modified." },
      },
      problems: { 400: ["invalid_request"], 503: ["database_unavailable"] },
    },
    async ({ services, actor, query: { format, tenants = false }, signal }) => {
      const { parts, mark, revision } = await exportFor(services, actor, { format, tenants }, signal());
      return { status: 200, parts, type: types[format], tag: etagWith(revision, mark) };
    },
  );

  addWrite(
    app,
    services,
    "POST /api/catalogue/import",
    {
      id: "importCatalogue",
      tag: "Catalogue",
      summary: "Make the catalogue as a file says, all of it or nothing",
      detail:
        "With `dryRun=1` it answers what would change and changes nothing. What the file does not name is archived, never deleted. `If-Match` takes the ETag of a dry run or of an export, which stands for the catalogue's revision. With `Prefer: respond-async` it is queued as a job, whose results say what changed, or why nothing did.",
      act: "data.import",
      query: importQuery,
      headers: ["If-Match", "Idempotency-Key", "Prefer"],
      body: z.string("Send a catalogue file as the body.").min(1, "The file is empty.").describe("A catalogue file, as YAML or JSON."),
      bodyTypes: textTypes,
      bodyLimits: { maxBytes: maxFileBytes, maxValues: null },
      bodyExample: exampleFile,
      bodyExampleAsJson: exampleFileAsJson,
      answers: {
        200: { what: "What changed, or would.", schema: answers.imported, headers: ["ETag", "Idempotency-Replayed"] },
        202: {
          what: "The job that imports it, with `Prefer: respond-async`.",
          schema: jobAnswer,
          example: catalogueImportQueued,
          headers: ["Idempotency-Replayed"],
        },
      },
      problems: {
        400: ["invalid_request"],
        409: ["needs_approval", "too_many_jobs", "idempotency_key_in_use"],
        412: ["stale"],
        422: ["invalid_catalogue", "idempotency_key_reused"],
      },
      problemExamples: { stale: { detail: staleDetail, field: "If-Match" }, needs_approval: { detail: importWaits } },
    },
    async ({ services, query, body, actor, conditions, headers }): Promise<Done> => {
      const dryRun = query.dryRun ?? false;
      const file = { name, text: body };
      const expectedRevision = revisionsIn(conditions);
      if (dryRun) {
        const preview = await previewFile(services, file);
        if (!preview.ok) return { ...preview, dryRun };
        if (conditionProblem(name, preview.revision, conditions)) return { ok: false, stale: true };
        const { revision, diff } = preview;
        return { ok: true, dryRun, changed: wouldChange(diff), revision, diffText: JSON.stringify(diff) };
      }
      if (prefersAsync(headers)) {
        const queued = await startImport(services, file, actor, expectedRevision);
        return queued.ok ? { ok: true, queued: queued.job } : { ok: false, notQueued: queued };
      }
      const done = await applyFile(services, file, actor, { expectedRevision });
      const isStale = !done.ok && !done.needsApproval && expectedRevision !== undefined && done.problems[0]?.line === null;
      return isStale ? { ok: false, stale: true } : { ...done, dryRun };
    },
    (done): Answered => {
      if ("queued" in done) return { status: 202, body: jobOnWire(services, done.queued) };
      if ("notQueued" in done) return refusalProblem(done.notQueued);
      if (!done.ok) return "stale" in done ? stale : badFile(done);
      const { dryRun, changed, revision, diffText } = done;
      const json = `${JSON.stringify({ dryRun, changed, revision }).slice(0, -1)},${diffText.slice(1)}`;
      return { status: 200, json, tag: revisionTag(revision) };
    },
    {
      isSafeToRepeat: true,
      // A catalogue always exists, at some revision.
      whyNot: async ({ conditions: { mustBeNew } }) => {
        const refusal = conditionProblem(name, 0, { ...noConditions, mustBeNew });
        return refusal && refusalProblem(refusal).problem;
      },
    },
  );
}

/** RFC 7240. Other preferences have no effect. */
const prefersAsync = ({ prefer }: IncomingHttpHeaders) =>
  [prefer ?? []].flat().some((line) => line.split(",").some((one) => one.split(";")[0]?.trim().toLowerCase() === "respond-async"));

const wouldChange = ({ features, plans, tenants }: (Previewed & { ok: true })["diff"]) =>
  [features, plans].some((d) => d.added.length + d.changed.length + d.archived.length + d.restored.length > 0) ||
  tenants.added.length + tenants.changed.length > 0;

const importWaits = "A change of more than 100 tenants needs a second person. An import cannot wait for one. Leave it out of the file.";
const staleDetail = "The catalogue was changed since you saw it. Look at what the import would do now, then send it with the new ETag.";
const stale: Answered = { problem: { status: 412, code: "stale", detail: staleDetail, field: "If-Match" } };

function badFile({ problems, more, needsApproval }: BadFile): Answered {
  if (needsApproval) return { problem: { status: 409, code: "needs_approval", detail: problems[0]?.message ?? "" } };
  const errors = problems.map(({ line, message }) => ({ field: line === null ? "body" : `line ${line}`, message }));
  const [first] = errors;
  const rest = errors.length + more - 1;
  const detail = `${first?.field}: ${first?.message}${rest > 0 ? `; and ${rest} more` : ""}.`;
  return { problem: { status: 422, code: "invalid_catalogue", detail, field: first?.field, errors } };
}
