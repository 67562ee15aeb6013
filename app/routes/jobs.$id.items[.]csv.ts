import type { LoaderFunctionArgs } from "@remix-run/node";
import { readJobPageQuery } from "~/forms/jobs/job-page-query";
import { requireAdmin } from "~/server/admins/sessions.server";
import { jobFile } from "~/server/jobs/job-file.server";
import { findJob } from "~/server/jobs/job-reads.server";
import { sendList } from "~/server/lists/send-list.server";

/** A job's results. Also at /jobs/{id}/items.json. */
export async function loader({ request, context, params }: LoaderFunctionArgs) {
  const admin = await requireAdmin(request, context, "data.export");
  const id = params.id ?? "";
  if (!(await findJob(context, id))) throw new Response("There is no such job.", { status: 404 });
  const file = jobFile(context, id, readJobPageQuery(new URL(request.url).searchParams).state);
  return sendList(context, request, admin, file, { list: "job", name: `latchkey-${id}` });
}
