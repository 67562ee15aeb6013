import { Readable } from "node:stream";
import type { LoaderFunctionArgs } from "@remix-run/node";
import { isoDay } from "~/core/time";
import { readAuditQuery } from "~/forms/audit/audit-filter";
import { readTimeZone } from "~/forms/time-zone";
import { actorOf, requireAdmin } from "~/server/admins/sessions.server";
import { activityCsv } from "~/server/audit/activity-csv.server";
import { recordExport } from "~/server/audit/exports.server";

/** The filtered audit log as CSV. Contains what every signed-in admin can see anyway. */
export async function loader({ request, context }: LoaderFunctionArgs) {
  const admin = await requireAdmin(request, context, "data.export");
  const zone = readTimeZone(request.headers.get("Cookie")) ?? "UTC";
  const filter = new URL(request.url).searchParams;
  await recordExport(context, actorOf(admin), { list: "activity", filter });
  const parts = activityCsv(context, readAuditQuery(filter, zone), zone);
  return new Response(Readable.toWeb(Readable.from(parts)) as ReadableStream, {
    headers: {
      "Content-Type": "text/csv; charset=utf-8",
      "Content-Disposition": `attachment; filename="latchkey-activity-${isoDay(context.now())}.csv"`,
    },
  });
}
