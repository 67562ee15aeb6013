import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { catalogueQuery, importQuery } from "~/forms/api-queries";
import type { BadFile } from "~/forms/catalogue-file";
import { largestFile } from "~/forms/catalogue-file";
import { applyFile, exportCatalogue, type Imported, previewFile } from "~/server/import.server";
import type { Services } from "~/server/services.server";
import * as answers from "./answers";
import type { Conditions } from "./conditions";
import { exampleFile, exampleFileAsJson } from "./example-parameters";
import { type Answered, addRead, addWrite } from "./route.server";

const types = { yaml: "application/yaml; charset=utf-8", json: "application/json; charset=utf-8" };
const textTypes = ["application/yaml", "text/yaml", "text/plain", "application/json"];
const name = "the catalogue";

type Done = (Imported & { dryRun: boolean }) | { ok: false; stale: true };

/** A catalogue file is read as text, JSON too, so that what is wrong is told with its line. */
export async function catalogueApi(app: FastifyInstance, { services }: { services: Services }) {
  app.removeContentTypeParser(["application/json", "text/plain"]);
  app.addContentTypeParser(textTypes, { parseAs: "string" }, (_request, body, done) => done(null, body));

  addRead(
    app,
    services,
    "GET /api/catalogue",
    {
      id: "exportCatalogue",
      tag: "Catalogue",
      summary: "The whole catalogue as a file that can be imported",
      scope: "manage",
      query: catalogueQuery,
      answers: {
        200: {
          what: "A catalogue file, version 1.",
          type: ["application/yaml", "application/json"],
          example: exampleFile,
          exampleAsJson: exampleFileAsJson,
        },
      },
      problems: { 400: ["invalid_request"], 503: ["database_unavailable"] },
    },
    async ({ query: { format, tenants = false } }) => ({
      status: 200,
      body: await exportCatalogue(services, { format, tenants }),
      type: types[format],
    }),
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
        "With `dryRun=1` it answers what would change and changes nothing. What the file does not name is archived, never deleted. `If-Match` takes the catalogue's revision, as a dry run answered it.",
      scope: "manage",
      query: importQuery,
      headers: ["If-Match", "Idempotency-Key"],
      body: z.string("Send a catalogue file as the body.").min(1, "The file is empty.").describe("A catalogue file, as YAML or JSON."),
      bodyTypes: textTypes,
      bodyExample: exampleFile,
      bodyExampleAsJson: exampleFileAsJson,
      answers: { 200: { what: "What changed, or would.", schema: answers.imported, headers: ["ETag", "Idempotency-Replayed"] } },
      problems: {
        400: ["invalid_request"],
        409: ["idempotency_key_in_use"],
        412: ["stale"],
        422: ["invalid_catalogue", "idempotency_key_reused"],
      },
      problemExamples: { stale: { detail: staleDetail, field: "If-Match" } },
    },
    async ({ services, query, body, actor, conditions }): Promise<Done> => {
      const dryRun = query.dryRun ?? false;
      const file = { name, text: body };
      const expectedRevision = expected(conditions);
      if (dryRun) {
        const preview = await previewFile(services, file);
        if (!preview.ok) return { ...preview, dryRun };
        if (expectedRevision !== undefined && expectedRevision !== preview.revision) return { ok: false, stale: true };
        return { ...preview, dryRun, changed: wouldChange(preview.diff) };
      }
      const done = await applyFile(services, file, actor, { expectedRevision });
      const isStale = !done.ok && expectedRevision !== undefined && done.problems[0]?.line === null;
      return isStale ? { ok: false, stale: true } : { ...done, dryRun };
    },
    (done): Answered => {
      if (!done.ok) return "stale" in done ? stale : badFile(done);
      const { dryRun, changed, revision, diff } = done;
      return { status: 200, body: { dryRun, changed, revision, ...diff } };
    },
    { bodyLimit: largestFile, isSafeToRepeat: true },
  );
}

/** -1: a revision that no catalogue has. */
function expected({ tags, mustExist }: Conditions): number | undefined {
  if (!mustExist || tags === null) return undefined;
  const revisions = tags.map((tag) => Number(/^"(\d{1,15})"$/.exec(tag)?.[1] ?? -1));
  return revisions.length === 1 ? revisions[0] : -1;
}

const wouldChange = ({ features, plans, tenants }: (Imported & { ok: true })["diff"]) =>
  [features, plans].some((d) => d.added.length + d.changed.length + d.archived.length + d.restored.length > 0) ||
  tenants.added.length + tenants.changed.length > 0;

const staleDetail = "The catalogue was changed since you saw it. Look at what the import would do now, then send it with the new ETag.";
const stale: Answered = { problem: { status: 412, code: "stale", detail: staleDetail, field: "If-Match" } };

function badFile({ problems, more }: BadFile): Answered {
  const errors = problems.map(({ line, message }) => ({ field: line === null ? "body" : `line ${line}`, message }));
  const [first] = errors;
  const rest = errors.length + more - 1;
  const detail = `${first?.field}: ${first?.message}${rest > 0 ? `; and ${rest} more` : ""}.`;
  return { problem: { status: 422, code: "invalid_catalogue", detail, field: first?.field, errors } };
}
