import type { LoaderFunctionArgs } from "@remix-run/node";
import { readImpactQuery } from "~/forms/catalogue/impact";
import { requireAdmin } from "~/server/admins/sessions.server";
import { impactFile, readImpactView } from "~/server/catalogue/impact-page.server";
import { sendList } from "~/server/lists/send-list.server";

/** The tenants of an impact. Also at /impact/{id}/tenants.json. */
export async function loader({ request, context, params }: LoaderFunctionArgs) {
  const admin = await requireAdmin(request, context, "data.export");
  const id = params.id ?? "";
  if (!(await readImpactView(context, id, {}))) throw new Response("There is no such impact.", { status: 404 });
  const file = impactFile(context, id, readImpactQuery(new URL(request.url).searchParams).effect);
  return sendList(context, request, admin, file, { list: "job", name: `latchkey-${id}` });
}
