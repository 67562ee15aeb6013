import { Readable } from "node:stream";
import type { LoaderFunctionArgs } from "@remix-run/node";
import { listFileText } from "~/core/list-file";
import { isoDay } from "~/core/time";
import { readTenantListQuery } from "~/forms/tenants/tenant-list-query";
import { readTrialListQuery } from "~/forms/trials/trial-list-query";
import { actorOf, requireAdmin } from "~/server/admins/sessions.server";
import { recordExport } from "~/server/audit/exports.server";
import { featuresFile, keysFile, peopleFile, plansFile } from "~/server/lists/small-files.server";
import { tenantsFile } from "~/server/lists/tenants-file.server";
import { trialsFile } from "~/server/lists/trials-file.server";
import type { Services } from "~/server/services.server";

const lists = {
  tenants: (services: Services, filter: URLSearchParams) => tenantsFile(services, readTenantListQuery(filter).filter),
  trials: (services: Services, filter: URLSearchParams) => trialsFile(services, readTrialListQuery(filter)),
  plans: plansFile,
  features: featuresFile,
  keys: keysFile,
  people: peopleFile,
};
const types = { csv: "text/csv; charset=utf-8", json: "application/json; charset=utf-8" };

/** A list as CSV or JSON. Contains what every signed-in admin can see anyway. */
export async function loader({ request, context, params }: LoaderFunctionArgs) {
  const admin = await requireAdmin(request, context, "data.export");
  const list = params.list ?? "";
  if (!isList(list)) throw new Response("There is no such list.", { status: 404 });
  const filter = new URL(request.url).searchParams;
  const format = filter.get("format") === "json" ? "json" : "csv";
  const file = await lists[list](context, filter);
  // "trials" is the report on them.
  await recordExport(context, actorOf(admin), { list: list === "trials" ? "trial_list" : list, filter });
  return new Response(Readable.toWeb(Readable.from(listFileText(file, format))) as ReadableStream, {
    headers: {
      "Content-Type": types[format],
      "Content-Disposition": `attachment; filename="latchkey-${list}-${isoDay(context.now())}.${format}"`,
    },
  });
}

const isList = (name: string): name is keyof typeof lists => Object.hasOwn(lists, name);
