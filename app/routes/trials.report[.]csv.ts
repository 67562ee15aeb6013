import type { LoaderFunctionArgs } from "@remix-run/node";
import { readTrialReportQuery } from "~/forms/trials/trial-report-query";
import { actorOf, requireAdmin } from "~/server/admins/sessions.server";
import { recordExport } from "~/server/audit/exports.server";
import { trialReportCsv } from "~/server/trials/trial-report.server";

/** One table of the report, for every signed-in admin: the page shows the same. */
export async function loader({ request, context }: LoaderFunctionArgs) {
  const admin = await requireAdmin(request, context, "data.export");
  const filter = new URL(request.url).searchParams;
  const { from, to, by } = readTrialReportQuery(filter, context.now());
  await recordExport(context, actorOf(admin), { list: "trials", filter });
  const name = `trials-by-${by}-${from}-to-${to}.csv`;
  return new Response(await trialReportCsv(context, by, { from, to }), {
    headers: { "Content-Type": "text/csv; charset=utf-8", "Content-Disposition": `attachment; filename="${name}"` },
  });
}
