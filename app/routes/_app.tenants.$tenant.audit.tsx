import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { ScrollText } from "lucide-react";
import { readAuditPlace } from "~/forms/audit/audit-filter";
import { keyOf, paths } from "~/paths";
import { readTenantAudit } from "~/server/audit/audit-pages.server";
import { requireTenant } from "~/server/tenants/tenants.server";
import { AuditList } from "~/ui/audit/audit-list";
import { LinkButton } from "~/ui/kit/button";
import { Card } from "~/ui/kit/card";
import { EmptyState } from "~/ui/kit/empty-state";
import { RouteErrorPage } from "~/ui/kit/error-page";

export const meta: MetaFunction<typeof loader> = ({ data }) => [{ title: `Audit · ${data?.name ?? "Tenant"} · Latchkey` }];

export async function loader({ request, context, params }: LoaderFunctionArgs) {
  const { facts, zone } = await requireTenant(request, context, keyOf(params.tenant), "read");
  const before = readAuditPlace(new URL(request.url).searchParams);
  const { entries, older, now } = await readTenantAudit(context, facts, { before, zone });
  return { entries, older, now, isNewest: before === undefined, tenant: facts.key, name: facts.name };
}

export default function TenantAudit() {
  const { entries, older, now, isNewest, tenant } = useLoaderData<typeof loader>();
  return (
    <>
      <Card flush>
        {entries.length > 0 ? (
          <AuditList entries={entries} now={now} isOwnPage />
        ) : (
          <EmptyState icon={ScrollText} title="No older entries" />
        )}
      </Card>
      <nav aria-label="Pages" className="mt-3 flex justify-between gap-2 empty:hidden">
        {isNewest ? <span /> : <LinkButton to={paths.tenantAudit(tenant)}>Newest</LinkButton>}
        {older !== null && <LinkButton to={paths.tenantAudit(tenant, { before: older })}>Older</LinkButton>}
      </nav>
    </>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
