import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Outlet, useLoaderData, useLocation } from "@remix-run/react";
import { Hourglass } from "lucide-react";
import { mayAct } from "~/core/permissions";
import { keyOf, paths } from "~/paths";
import { requireTenantAsOf } from "~/server/tenants/as-of.server";
import { tenantHead } from "~/server/tenants/tenants.server";
import { Badge } from "~/ui/kit/badge";
import { LinkButton } from "~/ui/kit/button";
import { Code, CopyButton } from "~/ui/kit/code";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { Notice } from "~/ui/kit/notice";
import { PageHeader } from "~/ui/kit/page-header";
import { StatusPill } from "~/ui/kit/status";
import { Tabs } from "~/ui/kit/tabs";
import { AsOfBanner, AsOfPicker, useAsOfQuery } from "~/ui/tenants/as-of";

export const meta: MetaFunction<typeof loader> = ({ data }) => [{ title: `${data?.name ?? "Tenant"} · Latchkey` }];

export async function loader({ request, context, params }: LoaderFunctionArgs) {
  const { tenant, now, asOf, begins, problem } = await requireTenantAsOf(request, context, keyOf(params.tenant));
  const { zone } = now;
  return { ...tenantHead(tenant), hasPosthog: context.posthog !== null, asOf, begins, problem, zone, now: now.now };
}

export default function Tenant() {
  const tenant = useLoaderData<typeof loader>();
  const { key, name, status, plan, addOns, role, asOf, begins, problem, zone, now } = tenant;
  const asOfQuery = useAsOfQuery();
  const { pathname } = useLocation();
  const canShowInstant = pathname === paths.tenant(key) || pathname === paths.tenantFeatures(key);
  return (
    <>
      <PageHeader
        title={name}
        badges={<StatusPill status={status} />}
        breadcrumbs={[{ label: "Tenants", to: paths.tenants() }]}
        description={
          <span className="flex flex-wrap items-center gap-x-4 gap-y-1.5">
            <span className="flex min-w-0 max-w-full items-center gap-1.5">
              <Code className="min-w-0">{key}</Code>
              <CopyButton text={key} label="Copy key" />
            </span>
            <span className="flex min-w-0 max-w-full flex-wrap items-center gap-1.5">
              {plan ? `Plan ${plan.name}` : "No plan"}
              {addOns.map((addOn) => (
                <Badge key={addOn.key}>{`+ ${addOn.name}`}</Badge>
              ))}
            </span>
          </span>
        }
        areActionsWide
        actions={
          <>
            <LinkButton to={paths.compare([key])} variant="ghost">
              Compare
            </LinkButton>
            {mayAct(role, "tenants.change") && (
              <>
                <LinkButton to={paths.tenantEdit(key)}>Edit</LinkButton>
                <LinkButton to={paths.tenantPlan(key)}>Change plan</LinkButton>
                <LinkButton to={paths.tenantStatus(key)} variant={status === "archived" ? "primary" : "secondary"}>
                  {status === "active" ? "Suspend" : "Reinstate"}
                </LinkButton>
              </>
            )}
            {mayAct(role, "trials.grant") && status !== "archived" && (
              <LinkButton to={paths.trialNew(key)} variant="primary">
                <Hourglass aria-hidden="true" />
                Grant trial
              </LinkButton>
            )}
            {canShowInstant && <AsOfPicker at={asOf?.at ?? null} zone={zone} now={now} />}
          </>
        }
      />
      <Tabs
        label={name}
        tabs={[
          { label: "Overview", to: paths.tenant(key, asOf ? asOfQuery : {}), end: true },
          { label: "Features", to: paths.tenantFeatures(key, asOf ? asOfQuery : {}) },
          { label: "Grants", to: paths.tenantGrants(key), count: tenant.liveGrants },
          { label: "Usage", to: paths.tenantUsage(key) },
          { label: "Audit", to: paths.tenantAudit(key) },
          ...(tenant.hasPosthog ? [{ label: "PostHog", to: paths.tenantPosthog(key) }] : []),
        ]}
      />
      {problem && (
        <Notice kind="warning" className="mb-4">
          {problem}
        </Notice>
      )}
      {asOf && <AsOfBanner tenant={{ key, name }} {...asOf} begins={begins} zone={zone} />}
      {begins === null && <Outlet />}
    </>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
