import type { LoaderFunctionArgs } from "@remix-run/node";
import { isoDay } from "~/core/time";
import { readDemandQuery, readUsageQuery } from "~/forms/usage/usage-pages";
import { requireAdmin } from "~/server/admins/sessions.server";
import { sendList } from "~/server/lists/send-list.server";
import { demandFile, limitsFile } from "~/server/usage/usage-file.server";

/** The lists of usage as CSV or JSON. Contains what every signed-in admin can see anyway. */
export async function loader({ request, context }: LoaderFunctionArgs) {
  const admin = await requireAdmin(request, context, "data.export");
  const params = new URL(request.url).searchParams;
  const list = params.get("of") === "demand" ? "demand" : "usage";
  const file = list === "demand" ? demandFile(context, readDemandQuery(params).days) : limitsFile(context, readUsageQuery(params));
  return sendList(context, request, admin, file, { list, name: `latchkey-${list}-${isoDay(context.now())}` });
}
