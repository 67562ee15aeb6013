import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Outlet, useLoaderData } from "@remix-run/react";
import { Hourglass } from "lucide-react";
import { mayAct } from "~/core/permissions";
import { keyOf, paths } from "~/paths";
import { requireTenant, tenantHead } from "~/server/tenants/tenants.server";
import { TrialDrawer, useTrialLink } from "~/ui/grants/trial-drawer";
import { Badge } from "~/ui/kit/badge";
import { LinkButton } from "~/ui/kit/button";
import { Code, CopyButton } from "~/ui/kit/code";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { PageHeader } from "~/ui/kit/page-header";
import { StatusPill } from "~/ui/kit/status";
import { Tabs } from "~/ui/kit/tabs";

export const meta: MetaFunction<typeof loader> = ({ data }) => [{ title: `${data?.name ?? "Tenant"} · Latchkey` }];

export async function loader({ request, context, params }: LoaderFunctionArgs) {
  return { ...tenantHead(await requireTenant(request, context, keyOf(params.tenant), "read")), hasPosthog: context.posthog !== null };
}

export default function Tenant() {
  const tenant = useLoaderData<typeof loader>();
  const { key, name, status, plan, addOns, role } = tenant;
  return (
    <TrialDrawer key={key} tenant={key}>
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
        actions={
          <>
            {mayAct(role, "tenants.change") && (
              <>
                <LinkButton to={paths.tenantEdit(key)}>Edit</LinkButton>
                <LinkButton to={paths.tenantPlan(key)}>Change plan</LinkButton>
                <LinkButton to={paths.tenantStatus(key)} variant={status === "archived" ? "primary" : "secondary"}>
                  {status === "active" ? "Suspend" : "Reinstate"}
                </LinkButton>
              </>
            )}
            {mayAct(role, "trials.grant") && status !== "archived" && <TrialButton tenant={key} />}
          </>
        }
      />
      <Tabs
        label={name}
        tabs={[
          { label: "Overview", to: paths.tenant(key), end: true },
          { label: "Features", to: paths.tenantFeatures(key) },
          { label: "Grants", to: paths.tenantGrants(key), count: tenant.liveGrants },
          { label: "Usage", to: paths.tenantUsage(key) },
          { label: "Audit", to: paths.tenantAudit(key) },
          ...(tenant.hasPosthog ? [{ label: "PostHog", to: paths.tenantPosthog(key) }] : []),
        ]}
      />
      <Outlet />
    </TrialDrawer>
  );
}

function TrialButton({ tenant }: { tenant: string }) {
  return (
    <LinkButton to={paths.trialNew(tenant)} {...useTrialLink()} variant="primary" className="max-sm:order-first">
      <Hourglass aria-hidden="true" />
      Grant trial
    </LinkButton>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
