import type { LoaderFunctionArgs } from "@remix-run/node";
import { isoDay } from "~/core/time";
import { readAuditQuery } from "~/forms/audit/audit-filter";
import { readTimeZone } from "~/forms/time-zone";
import { requireAdmin } from "~/server/admins/sessions.server";
import { activityFile } from "~/server/audit/activity-file.server";
import { sendList } from "~/server/lists/send-list.server";

/** The filtered audit log as CSV or JSON. Contains what every signed-in admin can see anyway. */
export async function loader({ request, context }: LoaderFunctionArgs) {
  const admin = await requireAdmin(request, context, "data.export");
  const zone = readTimeZone(request.headers.get("Cookie")) ?? "UTC";
  const file = activityFile(context, readAuditQuery(new URL(request.url).searchParams, zone), zone);
  return sendList(context, request, admin, file, { list: "activity", name: `latchkey-activity-${isoDay(context.now())}` });
}
