import { type LoaderFunctionArgs, redirect } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { mayAct } from "~/core/permissions";
import { keyOf, paths } from "~/paths";
import { comingRows } from "~/server/schedules/coming-rows.server";
import { changesSince, requireTenantAsOf } from "~/server/tenants/as-of.server";
import { tenantOverview } from "~/server/tenants/tenant-overview.server";
import { LatestChanges } from "~/ui/audit/latest-changes";
import { FlagTroubleNotice } from "~/ui/catalogue/flag-trouble";
import { LinkButton } from "~/ui/kit/button";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { Notice } from "~/ui/kit/notice";
import { count } from "~/ui/kit/pagination";
import { ComingChanges } from "~/ui/schedules/coming-changes";
import { ChangesSinceSection } from "~/ui/tenants/changes-since";
import { OverviewExtras } from "~/ui/tenants/overview-extras";
import { OverviewLimits } from "~/ui/tenants/overview-limits";
import { OverviewRefused } from "~/ui/tenants/overview-refused";
import { OverviewGroups, OverviewSync } from "~/ui/tenants/overview-side";

/** Query parameters of the list of features, which had this address. */
const featureParameters = ["q", "show", "page"];

export async function loader({ request, context, params }: LoaderFunctionArgs) {
  const read = await requireTenantAsOf(request, context, keyOf(params.tenant));
  const { tenant, asOf } = read;
  const { key, status, plan } = tenant.facts;
  const { searchParams } = new URL(request.url);
  if (featureParameters.some((name) => searchParams.has(name))) throw redirect(paths.tenantFeatures(key, Object.fromEntries(searchParams)));
  const flags = asOf ? null : ((await context.posthog?.flagReport(key))?.status ?? null);
  const overview = await tenantOverview(context, tenant, asOf !== null);
  const changes = await changesSince(context, read);
  const coming = comingRows(tenant.facts, tenant.catalogue, tenant.now);
  const shown = { tenant: key, name: tenant.facts.name, coming, status, hasPlan: plan !== null, now: tenant.now, role: tenant.admin.role };
  return { overview, flags, ...shown, asOf, changes, today: read.now.now, zone: tenant.zone };
}

export default function TenantOverviewPage() {
  const { overview, flags, tenant, name, coming, status, hasPlan, now, role, asOf, changes, today, zone } = useLoaderData<typeof loader>();
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
          {asOf && changes && (
            <ChangesSinceSection changes={changes} at={asOf.at} isPast={asOf.isPast} tenant={tenant} zone={zone} now={today} />
          )}
          <ComingChanges rows={coming} tenant={{ key: tenant, name }} now={now} canChange={canChange} />
          {limits.length > 0 && (
            <OverviewLimits limits={limits} more={moreLimits} tenant={tenant} now={now} canRaise={mayAct(role, "overrides.change")} />
          )}
          <OverviewExtras grants={grants} more={moreGrants} tenant={tenant} now={now} role={role} />
          {!asOf && <OverviewRefused refused={refused} days={days} tenant={tenant} role={role} />}
        </div>
        <div className="grid gap-6">
          <OverviewGroups overview={overview} tenant={tenant} />
          {!asOf && <LatestChanges activities={activities} allTo={paths.tenantAudit(tenant)} now={now} />}
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
