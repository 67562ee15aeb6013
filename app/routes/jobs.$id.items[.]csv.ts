import { Readable } from "node:stream";
import type { LoaderFunctionArgs } from "@remix-run/node";
import { readJobPageQuery } from "~/forms/jobs/job-page-query";
import { actorOf, requireAdmin } from "~/server/admins/sessions.server";
import { recordExport } from "~/server/audit/exports.server";
import { jobCsv } from "~/server/jobs/job-csv.server";
import { findJob } from "~/server/jobs/job-reads.server";

/** A job's results as CSV. */
export async function loader({ request, context, params }: LoaderFunctionArgs) {
  const admin = await requireAdmin(request, context, "data.export");
  const id = params.id ?? "";
  if (!(await findJob(context, id))) throw new Response("There is no such job.", { status: 404 });
  const filter = new URL(request.url).searchParams;
  await recordExport(context, actorOf(admin), { list: "job", filter });
  const parts = jobCsv(context, id, readJobPageQuery(filter).state);
  return new Response(Readable.toWeb(Readable.from(parts)) as ReadableStream, {
    headers: {
      "Content-Type": "text/csv; charset=utf-8",
      "Content-Disposition": `attachment; filename="latchkey-${id}.csv"`,
    },
  });
}
