import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { Hourglass, ShieldCheck } from "lucide-react";
import { mayAct } from "~/core/permissions";
import { keyOf, paths } from "~/paths";
import { grantOutcomes, tenantGrants } from "~/server/grants/grants.server";
import { requireTenant } from "~/server/tenants/tenants.server";
import { GrantList } from "~/ui/grants/grant-list";
import { GrantResult } from "~/ui/grants/grant-result";
import { LinkButton } from "~/ui/kit/button";
import { Card, Section } from "~/ui/kit/card";
import { curlLine } from "~/ui/kit/curl";
import { EmptyState } from "~/ui/kit/empty-state";
import { RouteErrorPage } from "~/ui/kit/error-page";

export const meta: MetaFunction<typeof loader> = ({ data }) => [{ title: `Grants · ${data?.name ?? "Tenant"} · Latchkey` }];

export async function loader({ request, context, params }: LoaderFunctionArgs) {
  const tenant = await requireTenant(request, context, keyOf(params.tenant), "read");
  const { origin, searchParams } = new URL(request.url);
  const { grants, ...lists } = await tenantGrants(context, tenant);
  const done = grantOutcomes(tenant, grants, (searchParams.get("done") ?? "").split(",").slice(0, 100));
  const { key, name, status } = tenant.facts;
  const curl = curlLine(
    origin,
    key,
    done.map((d) => d.after.key),
  );
  return { ...lists, done, curl, tenant: key, name, status, now: tenant.now, role: tenant.admin.role };
}

export default function TenantGrants() {
  const { live, upcoming, ended, isCut, done, curl, tenant, status, now, role } = useLoaderData<typeof loader>();
  const shared = { tenant, now, role };
  const isEmpty = live.length + upcoming.length + ended.length === 0;
  const buttons = (
    <>
      {mayAct(role, "overrides.change") && (
        <LinkButton to={paths.overrideNew(tenant)}>
          <ShieldCheck aria-hidden="true" />
          Override
        </LinkButton>
      )}
      {isEmpty && mayAct(role, "trials.grant") && (
        <LinkButton to={paths.trialNew(tenant)} variant={status === "archived" ? "secondary" : "primary"}>
          <Hourglass aria-hidden="true" />
          Grant trial
        </LinkButton>
      )}
    </>
  );
  if (isEmpty) {
    return (
      <Card flush>
        <EmptyState icon={Hourglass} title="No grants yet" action={buttons}>
          A trial gives this tenant a feature for some days. An override allows or denies one, whatever the plan says.
        </EmptyState>
      </Card>
    );
  }
  return (
    <div className="grid gap-6">
      {done.length > 0 && <GrantResult done={done} curl={curl} status={status} {...shared} />}
      <Section title="Live" flush actions={buttons}>
        {live.length > 0 ? <GrantList grants={live} state="live" {...shared} /> : <None>Nothing is granted at the moment.</None>}
      </Section>
      {upcoming.length > 0 && (
        <Section title="Upcoming" flush>
          <GrantList grants={upcoming} state="upcoming" {...shared} />
        </Section>
      )}
      {ended.length > 0 && (
        <Section title="Ended" flush description={isCut ? "The latest 500 grants are shown." : undefined}>
          <GrantList grants={ended} state="ended" {...shared} />
        </Section>
      )}
    </div>
  );
}

function None({ children }: { children: string }) {
  return <p className="px-4 py-6 text-center text-ink-muted text-sm">{children}</p>;
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
