import { Readable } from "node:stream";
import type { LoaderFunctionArgs } from "@remix-run/node";
import { isoDay } from "~/core/time";
import { readDemandQuery, readUsageQuery } from "~/forms/usage/usage-pages";
import { actorOf, requireAdmin } from "~/server/admins/sessions.server";
import { recordExport } from "~/server/audit/exports.server";
import { demandCsv, limitsCsv } from "~/server/usage/usage-csv.server";

/** The lists of usage as CSV. Contains what every signed-in admin can see anyway. */
export async function loader({ request, context }: LoaderFunctionArgs) {
  const admin = await requireAdmin(request, context, "data.export");
  const params = new URL(request.url).searchParams;
  const isDemand = params.get("of") === "demand";
  await recordExport(context, actorOf(admin), { list: isDemand ? "demand" : "usage", filter: params });
  const parts = isDemand ? demandCsv(context, readDemandQuery(params).days) : limitsCsv(context, readUsageQuery(params));
  const name = `latchkey-${isDemand ? "demand" : "usage"}-${isoDay(context.now())}.csv`;
  return new Response(Readable.toWeb(Readable.from(parts)) as ReadableStream, {
    headers: { "Content-Type": "text/csv; charset=utf-8", "Content-Disposition": `attachment; filename="${name}"` },
  });
}
