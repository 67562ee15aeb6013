import type { LoaderFunctionArgs } from "@remix-run/node";
import { isoDay } from "~/core/time";
import { readTenantUsageQuery } from "~/forms/usage/usage-pages";
import { keyOf } from "~/paths";
import { actorOf } from "~/server/admins/sessions.server";
import { recordExport } from "~/server/audit/exports.server";
import { tenantUsage } from "~/server/tenants/check-history.server";
import { tenantUsageCsv, tenantUsageJson } from "~/server/tenants/tenant-usage-file.server";
import { requireTenant } from "~/server/tenants/tenants.server";

/** A tenant's usage summary as a file. Contains what every signed-in admin can see anyway. */
export async function loader({ request, context, params }: LoaderFunctionArgs) {
  const tenant = await requireTenant(request, context, keyOf(params.tenant), "data.export");
  const query = new URL(request.url).searchParams;
  await recordExport(context, actorOf(tenant.admin), { list: "usage", tenant: tenant.facts.key, filter: query });
  const summary = await tenantUsage(context, tenant, readTenantUsageQuery(query));
  const isJson = query.get("format") === "json";
  const type = isJson ? "application/json; charset=utf-8" : "text/csv; charset=utf-8";
  const name = `latchkey-tenant-usage-${isoDay(tenant.now)}.${isJson ? "json" : "csv"}`;
  return new Response(isJson ? tenantUsageJson(tenant.facts.key, summary) : tenantUsageCsv(summary), {
    headers: { "Content-Type": type, "Content-Disposition": `attachment; filename="${name}"` },
  });
}
