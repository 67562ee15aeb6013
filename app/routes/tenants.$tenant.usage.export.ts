import type { LoaderFunctionArgs } from "@remix-run/node";
import { isoDay } from "~/core/time";
import { readTenantUsageQuery } from "~/forms/usage/usage-pages";
import { keyOf } from "~/paths";
import { formatOf, sendFile } from "~/server/lists/send-list.server";
import { tenantUsage } from "~/server/tenants/check-history.server";
import { tenantUsageCsv, tenantUsageJson } from "~/server/tenants/tenant-usage-file.server";
import { requireTenant } from "~/server/tenants/tenants.server";

/** A tenant's usage summary as a file. Contains what every signed-in admin can see anyway. */
export async function loader({ request, context, params }: LoaderFunctionArgs) {
  const tenant = await requireTenant(request, context, keyOf(params.tenant), "data.export");
  const { key } = tenant.facts;
  const format = formatOf(request);
  const summary = await tenantUsage(context, tenant, readTenantUsageQuery(new URL(request.url).searchParams));
  const text = format === "json" ? tenantUsageJson(key, summary) : tenantUsageCsv(summary);
  const name = `latchkey-tenant-usage-${isoDay(tenant.now)}`;
  return sendFile(context, request, tenant.admin, text, { list: "usage", tenant: key, name, format });
}
