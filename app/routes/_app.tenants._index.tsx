import { type LoaderFunctionArgs, type MetaFunction, redirect } from "@remix-run/node";
import { useLoaderData, useSearchParams } from "@remix-run/react";
import { Building2, Plus, SearchX } from "lucide-react";
import { mayAct } from "~/core/permissions";
import { tenantFilterNames } from "~/forms/tenants/tenant-list-params";
import { readTenantListQuery } from "~/forms/tenants/tenant-list-query";
import { paths } from "~/paths";
import { tenantLookOf } from "~/server/admins/preferences.server";
import { requireAdmin } from "~/server/admins/sessions.server";
import { parametersOfView, savedViews } from "~/server/tenants/saved-views.server";
import { featureChoices, tenantChoices } from "~/server/tenants/tenant-choices.server";
import { tenantList } from "~/server/tenants/tenant-list.server";
import { staleFiguresSince } from "~/server/usage/home-figures.server";
import { LinkButton } from "~/ui/kit/button";
import { Card } from "~/ui/kit/card";
import { EmptyState } from "~/ui/kit/empty-state";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { PageHeader } from "~/ui/kit/page-header";
import { Pagination } from "~/ui/kit/pagination";
import { ExportLinks } from "~/ui/lists/export-links";
import { BulkBar } from "~/ui/tenants/bulk-bar";
import { ColumnsPanel } from "~/ui/tenants/tenant-columns-panel";
import { TenantFilters } from "~/ui/tenants/tenant-filters";
import { TenantListNotices } from "~/ui/tenants/tenant-list-notices";
import { TenantTable } from "~/ui/tenants/tenant-table";
import { TenantViews } from "~/ui/tenants/tenant-views";
import { useRowKeys } from "~/ui/tenants/use-row-keys";
import { StaleFigures } from "~/ui/usage/stale-figures";

export const meta: MetaFunction = () => [{ title: "Tenants · Latchkey" }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  const admin = await requireAdmin(request, context, "read");
  const { searchParams } = new URL(request.url);
  const view = searchParams.get("view");
  const ofView = view === null ? null : await parametersOfView(context, view, searchParams);
  if (ofView) throw redirect(`${paths.tenants()}?${ofView}`);
  const query = readTenantListQuery(searchParams);
  const kept = await tenantLookOf(context, admin);
  const columns = query.columns ?? kept.columns;
  const list = await tenantList(context, query, columns);
  // Asked for with Enter in the search box.
  if (searchParams.get("open") === "only") {
    const [only] = list.rows;
    searchParams.delete("open");
    throw redirect(only && list.total === 1 ? paths.tenant(only.key) : `${paths.tenants()}?${searchParams}`);
  }
  const [choices, views, staleSince] = await Promise.all([
    tenantChoices(context, query.filter),
    savedViews(context),
    staleFiguresSince(context),
  ]);
  const may = (act: Parameters<typeof mayAct>[1]) => mayAct(admin.role, act);
  return {
    ...list,
    wanted: query.sort,
    columns,
    density: query.density ?? kept.density,
    choices: { ...choices, features: featureChoices(context, query.filter) },
    views,
    staleSince,
    goneView: view,
    isFiltered: tenantFilterNames.some((name) => searchParams.get(name)),
    canChangeViews: may("views.change"),
    rights: { canGrant: may("trials.grant"), canExtend: may("trials.extend"), canChange: may("tenants.change") },
  };
}

export default function Tenants() {
  const data = useLoaderData<typeof loader>();
  const { rows, total, isTotalKnown, page, pageSize, maxPage, sort, columns, density, choices, isFiltered, rights, now } = data;
  useRowKeys();
  const [params] = useSearchParams();
  const isEmpty = total === 0 && !isFiltered;
  const newTenant = rights.canChange && (
    <LinkButton to={paths.tenantNew()} variant="primary">
      <Plus aria-hidden="true" />
      New tenant
    </LinkButton>
  );
  return (
    <>
      <PageHeader title="Tenants" actions={!isEmpty && newTenant} />
      <StaleFigures since={isEmpty ? null : data.staleSince} now={now} />
      <TenantListNotices {...data} />
      {!isEmpty && (
        <>
          <TenantViews views={data.views} canChange={data.canChangeViews} />
          <TenantFilters {...choices} opensOnly className="mb-3" />
        </>
      )}
      <Card flush>
        <TenantTable
          rows={rows}
          columns={columns}
          density={density}
          sort={sort}
          rights={rights}
          canPick={rights.canGrant}
          now={now}
          empty={
            isFiltered ? (
              <EmptyState icon={SearchX} title="No tenant matches">
                Search by part of a name or key, or clear the filters above.
              </EmptyState>
            ) : (
              <EmptyState icon={Building2} title="No tenants yet" action={newTenant}>
                A tenant is a customer of your app. Create the first one here, or let your app do it through the API.
              </EmptyState>
            )
          }
        />
        {rights.canGrant && rows.length > 0 && <BulkBar total={total} isTotalKnown={isTotalKnown} isFiltered={isFiltered} />}
        <Pagination page={page} pageSize={pageSize} total={total} isMore={!isTotalKnown} maxPage={maxPage ?? undefined} noun="tenants" />
      </Card>
      {!isEmpty && (
        <div className="mt-3 flex flex-wrap items-start justify-between gap-2">
          <ColumnsPanel columns={columns} density={density} sort={sort} metadataKeys={choices.metadataKeys} />
          <ExportLinks list="tenants" query={Object.fromEntries(tenantFilterNames.map((name) => [name, params.get(name)]))} />
        </div>
      )}
    </>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
