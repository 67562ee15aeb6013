import type { LoaderFunctionArgs } from "@remix-run/node";
import { isoDay } from "~/core/time";
import { readTenantListQuery } from "~/forms/tenants/tenant-list-query";
import { readTrialListQuery } from "~/forms/trials/trial-list-query";
import { requireAdmin } from "~/server/admins/sessions.server";
import { sendList } from "~/server/lists/send-list.server";
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

/** A list as CSV or JSON. Contains what every signed-in admin can see anyway. */
export async function loader({ request, context, params }: LoaderFunctionArgs) {
  const admin = await requireAdmin(request, context, "data.export");
  const list = params.list ?? "";
  if (!isList(list)) throw new Response("There is no such list.", { status: 404 });
  const file = await lists[list](context, new URL(request.url).searchParams);
  const name = `latchkey-${list}-${isoDay(context.now())}`;
  // "trials" is the report on them.
  return sendList(context, request, admin, file, { list: list === "trials" ? "trial_list" : list, name });
}

const isList = (name: string): name is keyof typeof lists => Object.hasOwn(lists, name);
