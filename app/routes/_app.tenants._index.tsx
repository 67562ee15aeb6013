import { type LoaderFunctionArgs, type MetaFunction, redirect } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { Building2, Plus, SearchX } from "lucide-react";
import { mayAct } from "~/core/permissions";
import { readTenantListQuery, withoutPlan } from "~/forms/tenants/tenant-list-query";
import { paths } from "~/paths";
import { requireAdmin } from "~/server/admins/sessions.server";
import { type TenantListRow, tenantList } from "~/server/tenants/tenants.server";
import { Badge } from "~/ui/kit/badge";
import { LinkButton } from "~/ui/kit/button";
import { Card } from "~/ui/kit/card";
import { type Column, DataTable, NameCell } from "~/ui/kit/data-table";
import { EmptyState } from "~/ui/kit/empty-state";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { FilterBar, FilterSelect, SearchBox } from "~/ui/kit/filters";
import { PageHeader } from "~/ui/kit/page-header";
import { Pagination } from "~/ui/kit/pagination";
import { StatusPill } from "~/ui/kit/status";
import { Time } from "~/ui/kit/time";

export const meta: MetaFunction = () => [{ title: "Tenants · Latchkey" }];

const filters = ["q", "plan", "status", "trial"] as const;

export async function loader({ request, context }: LoaderFunctionArgs) {
  const admin = await requireAdmin(request, context, "read");
  const { searchParams } = new URL(request.url);
  const list = await tenantList(context, readTenantListQuery(searchParams));
  // Asked for with Enter in the search box.
  if (searchParams.get("open") === "only") {
    const [only] = list.rows;
    searchParams.delete("open");
    throw redirect(only && list.total === 1 ? paths.tenant(only.key) : `${paths.tenants()}?${searchParams}`);
  }
  const isFiltered = filters.some((name) => searchParams.get(name));
  return { ...list, isFiltered, canChange: mayAct(admin.role, "tenants.change") };
}

const columns: Column<TenantListRow>[] = [
  {
    id: "name",
    header: "Tenant",
    sortable: true,
    primary: true,
    cell: (row) => <NameCell to={paths.tenant(row.key)} name={row.name} detail={row.key} />,
    className: "sm:w-1/3",
  },
  { id: "plan", header: "Plan", sortable: true, cell: (row) => <PlanCell row={row} /> },
  { id: "status", header: "Status", sortable: true, card: "corner", cell: (row) => <StatusPill status={row.status} /> },
  { id: "trials", header: "Live trials", cell: (row) => <TrialsCell row={row} /> },
  {
    id: "created",
    header: "Created",
    sortable: true,
    cell: (row) => <Time at={row.createdAt} now={row.now} show="date" className="text-ink-muted" />,
  },
];

export default function Tenants() {
  const { rows, total, page, pageSize, sort, plans, isFiltered, canChange } = useLoaderData<typeof loader>();
  const isEmpty = total === 0 && !isFiltered;
  const newTenant = canChange && (
    <LinkButton to={paths.tenantNew()} variant="primary">
      <Plus aria-hidden="true" />
      New tenant
    </LinkButton>
  );
  return (
    <>
      <PageHeader title="Tenants" actions={!isEmpty && newTenant} />
      {!isEmpty && (
        <FilterBar names={filters} className="mb-3">
          <SearchBox label="Search name or key" opensOnly />
          <FilterSelect
            name="plan"
            label="Plan"
            options={[
              ...plans.map(({ key, name, kind }) => [key, kind === "add_on" ? `${name} (add-on)` : name] as const),
              [withoutPlan, "Without a plan"],
            ]}
          />
          <FilterSelect
            name="status"
            label="Status"
            options={[
              ["active", "Active"],
              ["suspended", "Suspended"],
              ["archived", "Archived"],
            ]}
          />
          <FilterSelect
            name="trial"
            label="Trials"
            options={[
              ["live", "On trial"],
              ["ending", "Trial ends in 7 days"],
            ]}
          />
        </FilterBar>
      )}
      <Card flush>
        <DataTable
          rows={rows}
          columns={columns}
          rowKey={(row) => row.key}
          caption="Tenants"
          sort={sort}
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
        <Pagination page={page} pageSize={pageSize} total={total} noun="tenants" />
      </Card>
    </>
  );
}

function PlanCell({ row }: { row: TenantListRow }) {
  return (
    <span className="flex min-w-0 items-center gap-1.5">
      {row.plan ? (
        <span className="truncate" title={row.plan.name}>
          {row.plan.name}
        </span>
      ) : (
        <span className="text-ink-faint">No plan</span>
      )}
      {row.addOns.length > 0 && (
        <Badge title={row.addOns.join(", ")} className="shrink-0">
          {`+${row.addOns.length} add-on${row.addOns.length === 1 ? "" : "s"}`}
        </Badge>
      )}
    </span>
  );
}

function TrialsCell({ row }: { row: TenantListRow }) {
  if (row.trials === 0 || row.nextEnd === null) return null;
  return (
    <span className="inline-flex items-center gap-1.5 whitespace-nowrap">
      <Badge tone="trial">{String(row.trials)}</Badge>
      <span className="text-ink-muted text-xs">
        {row.trials > 1 ? "next ends " : "ends "}
        <Time at={row.nextEnd} now={row.now} />
      </span>
    </span>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
