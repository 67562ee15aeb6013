import { type LoaderFunctionArgs, redirect } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { mayAct } from "~/core/permissions";
import { keyOf, paths } from "~/paths";
import { tenantOverview } from "~/server/tenants/tenant-overview.server";
import { requireTenant } from "~/server/tenants/tenants.server";
import { FlagTroubleNotice } from "~/ui/catalogue/flag-trouble";
import { LinkButton } from "~/ui/kit/button";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { Notice } from "~/ui/kit/notice";
import { count } from "~/ui/kit/pagination";
import { OverviewExtras } from "~/ui/tenants/overview-extras";
import { OverviewLimits } from "~/ui/tenants/overview-limits";
import { OverviewRefused } from "~/ui/tenants/overview-refused";
import { OverviewActivity, OverviewGroups, OverviewSync } from "~/ui/tenants/overview-side";

/** Query parameters of the list of features, which had this address. */
const featureParameters = ["q", "show", "page"];

export async function loader({ request, context, params }: LoaderFunctionArgs) {
  const tenant = await requireTenant(request, context, keyOf(params.tenant), "read");
  const { key, status, plan } = tenant.facts;
  const { searchParams } = new URL(request.url);
  if (featureParameters.some((name) => searchParams.has(name))) throw redirect(paths.tenantFeatures(key, Object.fromEntries(searchParams)));
  const flags = (await context.posthog?.flagReport(key))?.status ?? null;
  const overview = await tenantOverview(context, tenant);
  return { overview, flags, tenant: key, status, hasPlan: plan !== null, now: tenant.now, role: tenant.admin.role };
}

export default function TenantOverviewPage() {
  const { overview, flags, tenant, status, hasPlan, now, role } = useLoaderData<typeof loader>();
  const canChange = mayAct(role, "tenants.change");
  const { limits, moreLimits, grants, moreGrants, refused, days, activities, sync } = overview;
  return (
    <>
      <StatusNotice status={status} tenant={tenant} entitled={overview.entitled} canChange={canChange} />
      <FlagTroubleNotice status={flags} now={now} className="mb-4" />
      {!hasPlan && status !== "archived" && (
        <Notice
          className="mb-4"
          title="This tenant has no plan."
          action={canChange && <LinkButton to={paths.tenantPlan(tenant)}>Choose a plan</LinkButton>}
        >
          It has what its add-ons, trials and overrides give, and nothing else.
        </Notice>
      )}
      <div className="grid items-start gap-6 lg:grid-cols-[minmax(0,1fr)_20rem]">
        <div className="grid gap-6">
          {limits.length > 0 && (
            <OverviewLimits limits={limits} more={moreLimits} tenant={tenant} now={now} canRaise={mayAct(role, "overrides.change")} />
          )}
          <OverviewExtras grants={grants} more={moreGrants} tenant={tenant} now={now} role={role} />
          <OverviewRefused refused={refused} days={days} tenant={tenant} role={role} />
        </div>
        <div className="grid gap-6">
          <OverviewGroups overview={overview} tenant={tenant} />
          <OverviewActivity activities={activities} tenant={tenant} now={now} />
          {sync !== null && <OverviewSync sync={sync} tenant={tenant} />}
        </div>
      </div>
    </>
  );
}

type StatusProps = { status: "active" | "suspended" | "archived"; tenant: string; entitled: number; canChange: boolean };

function StatusNotice({ status, tenant, entitled, canChange }: StatusProps) {
  if (status === "active") return null;
  return (
    <Notice
      kind="warning"
      className="mb-4"
      title={`This tenant is ${status}. Every check answers no.`}
      action={canChange && <LinkButton to={paths.tenantStatus(tenant, "active")}>Reinstate</LinkButton>}
    >
      {`This page shows what it would have: ${count(entitled)} ${entitled === 1 ? "feature" : "features"}.`}
    </Notice>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
