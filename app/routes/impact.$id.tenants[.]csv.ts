import { Readable } from "node:stream";
import type { LoaderFunctionArgs } from "@remix-run/node";
import { readImpactQuery } from "~/forms/catalogue/impact";
import { actorOf, requireAdmin } from "~/server/admins/sessions.server";
import { recordExport } from "~/server/audit/exports.server";
import { impactCsv, readImpactView } from "~/server/catalogue/impact-page.server";

/** The tenants of an impact as CSV. */
export async function loader({ request, context, params }: LoaderFunctionArgs) {
  const admin = await requireAdmin(request, context, "data.export");
  const id = params.id ?? "";
  if (!(await readImpactView(context, id, {}))) throw new Response("There is no such impact.", { status: 404 });
  const filter = new URL(request.url).searchParams;
  await recordExport(context, actorOf(admin), { list: "job", filter });
  const parts = impactCsv(context, id, readImpactQuery(filter).effect);
  return new Response(Readable.toWeb(Readable.from(parts)) as ReadableStream, {
    headers: {
      "Content-Type": "text/csv; charset=utf-8",
      "Content-Disposition": `attachment; filename="latchkey-${id}.csv"`,
    },
  });
}
