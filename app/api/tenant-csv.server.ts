import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import { errorCodes, type FastifyInstance, type FastifyRequest } from "fastify";
import { z } from "zod";
import { maxCsvBytes } from "~/core/import/csv-columns";
import { csvImportQuery, csvMappingOf } from "~/forms/import/csv-query";
import type { Services } from "~/server/services.server";
import { createCsvImport } from "~/server/tenant-csv/csv-import.server";
import { type CsvStored, discardCsv, storeCsv } from "~/server/tenant-csv/csv-upload.server";
import { refusalProblem } from "./http/answered.server";
import { addWrite, admittedKey } from "./http/route.server";
import { readText } from "./http/text-body.server";
import { jobOnWire } from "./jobs.server";
import * as answers from "./openapi/job-answers";

/** A body whose rows were stored while it arrived. As JSON it is its hash, which tells requests apart. */
class SentCsv {
  /** A job or a request has it. */
  isUsed = false;
  constructor(
    readonly stored: CsvStored,
    readonly hash: string,
  ) {}
  toJSON() {
    return this.hash;
  }
}

/** Reads on after a refusal, because many clients read the answer only after they have sent everything. */
function discardRest(body: Readable): void {
  let left = maxCsvBytes;
  body.on("data", ({ length }: Buffer) => {
    left -= length;
    if (left < 0) body.destroy();
  });
}

const example = "key,name,plan,add_ons,metadata.region\nacme,Acme,pro,more_calls,eu\n";

export async function tenantCsvApi(app: FastifyInstance, { services }: { services: Services }) {
  app.removeContentTypeParser(["application/json", "text/plain"]);
  app.addContentTypeParser("text/csv", async (request: FastifyRequest, body: Readable) => {
    if (Number(request.headers["content-length"] ?? 0) > maxCsvBytes) throw new errorCodes.FST_ERR_CTP_BODY_TOO_LARGE();
    // Refuses what is not sent as UTF-8.
    readText(request.headers, Buffer.alloc(0));
    const hash = createHash("sha256");
    async function* hashed() {
      // A stream that is destroyed would take the answer with it.
      for await (const chunk of body.iterator({ destroyOnReturn: false })) {
        hash.update(chunk);
        yield chunk;
      }
    }
    const stored = await storeCsv(services, admittedKey(request).id, "API", hashed());
    if (!stored.ok) discardRest(body);
    return new SentCsv(stored, hash.digest("hex"));
  });

  // Also if the right to import ended while the body arrived, or the answer is that of an earlier request.
  app.addHook("onSend", async ({ body }) => {
    if (body instanceof SentCsv && body.stored.ok && !body.isUsed) await discardCsv(services, body.stored.upload.id);
  });

  addWrite(
    app,
    services,
    "POST /api/tenants/import",
    {
      id: "importTenants",
      tag: "Jobs",
      summary: "Create and change tenants as the rows of a CSV file say, in the background",
      detail:
        "The first line names the columns, the separator is a comma, semicolon or tab. A row creates a tenant or changes the one with its key: an empty cell leaves a value as it is, a cell with only `-` takes it away. The answer is the job. GET /api/jobs/{id}/items says of each row what became of it: done, skipped if the tenant is so already, or failed with its line and column. Up to 100,000 rows, 100 columns and 12,000 characters per cell. If a second person has to approve changes of so many tenants, the file is kept with the request for up to 14 days.",
      act: "data.import",
      query: csvImportQuery,
      repeated: ["metadata"],
      headers: ["Idempotency-Key"],
      body: z.instanceof(SentCsv, { error: "Send a CSV file as the body." }),
      bodyShown: z.string().describe("A CSV file."),
      bodyTypes: ["text/csv"],
      bodyLimits: { maxBytes: maxCsvBytes, maxValues: null },
      bodyExample: example,
      answers: { 202: { what: "The job.", schema: answers.jobAnswer, example: answers.csvJob, headers: ["Idempotency-Replayed"] } },
      problems: {
        400: ["invalid_request"],
        409: ["too_many_jobs", "needs_approval", "requests_full", "idempotency_key_in_use"],
        422: ["value_invalid", "idempotency_key_reused"],
      },
      problemExamples: {
        needs_approval: {
          detail: "A change of more than 100 tenants needs a second person. It waits as the request rq_5xQ0sM21RW1pjgTWQWxE.",
        },
        requests_full: { detail: "50 requests for many tenants or API keys wait already. Grant or refuse some of them first." },
        value_invalid: { detail: "The file has no rows below its first line, which names the columns.", field: "body" },
      },
    },
    async ({ services: asked, body, query, actor }) => {
      const { stored } = body;
      if (!stored.ok) return { ...stored, field: "body" };
      const { id, heads } = stored.upload;
      const read = csvMappingOf(query, heads);
      const toImport = { upload: id, note: query.why ?? null, isPreview: query.dryRun ?? false };
      const created = read.ok ? await createCsvImport(asked, actor, { ...toImport, mapping: read.mapping }) : read;
      body.isUsed = created.ok || created.request !== undefined;
      return created;
    },
    (result) => (result.ok ? { status: 202, body: jobOnWire(services, result.job) } : refusalProblem(result)),
  );
}
