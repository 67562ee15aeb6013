import type { LoaderFunctionArgs } from "@remix-run/node";
import { readTrialReportQuery } from "~/forms/trials/trial-report-query";
import { requireAdmin } from "~/server/admins/sessions.server";
import { sendList } from "~/server/lists/send-list.server";
import { trialReportFile } from "~/server/trials/trial-report.server";

/** One table of the report, for every signed-in admin: the page shows the same. Also at /trials/report.json. */
export async function loader({ request, context }: LoaderFunctionArgs) {
  const admin = await requireAdmin(request, context, "data.export");
  const { from, to, by } = readTrialReportQuery(new URL(request.url).searchParams, context.now());
  const file = trialReportFile(context, by, { from, to });
  return sendList(context, request, admin, file, { list: "trials", name: `trials-by-${by}-${from}-to-${to}` });
}
