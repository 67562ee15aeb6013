import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Form, useLoaderData, useSearchParams } from "@remix-run/react";
import { ChartColumn, SearchX } from "lucide-react";
import { withoutPlan } from "~/forms/tenants/tenant-list-params";
import { readUsageQuery } from "~/forms/usage/usage-pages";
import { paths } from "~/paths";
import { requireAdmin } from "~/server/admins/sessions.server";
import { usageList } from "~/server/usage/usage-list.server";
import { Button, LinkButton, TextLink } from "~/ui/kit/button";
import { Card } from "~/ui/kit/card";
import { DataTable } from "~/ui/kit/data-table";
import { EmptyState } from "~/ui/kit/empty-state";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { FilterBar, FilterChoice, FilterSelect, SearchBox } from "~/ui/kit/filters";
import { count } from "~/ui/kit/pagination";
import { FileLinks } from "~/ui/lists/file-links";
import { StaleFigures } from "~/ui/usage/stale-figures";
import { compareFormId, usageColumns } from "~/ui/usage/usage-table";

export const meta: MetaFunction = () => [{ title: "Usage · Latchkey" }];

const filters = ["q", "feature", "plan", "level"] as const;

export async function loader({ request, context }: LoaderFunctionArgs) {
  await requireAdmin(request, context, "read");
  return usageList(context, readUsageQuery(new URL(request.url).searchParams));
}

export default function LimitsPage() {
  const { rows, next, full, near, features, plans, staleSince, now } = useLoaderData<typeof loader>();
  const [params] = useSearchParams();
  const query = Object.fromEntries(params);
  const isFiltered = filters.some((name) => params.get(name)) || params.has("after");
  const isUnused = rows.length === 0 && !isFiltered;
  return (
    <>
      <StaleFigures since={staleSince} now={now} />
      {!isUnused && (
        <>
          <p className="mb-3 text-ink-muted text-sm">
            <TextLink to={paths.usage({ level: "100" })}>{`${count(full)} ${full === 1 ? "tenant" : "tenants"}`}</TextLink> with a full
            limit. <TextLink to={paths.usage({ level: "80" })}>{`${count(near)} more`}</TextLink> over 80 %.
          </p>
          <FilterBar names={[...filters, "after"]} className="mb-3">
            <SearchBox label="Search name or key" />
            <FilterSelect
              name="level"
              label="Any level"
              options={[
                ["80", "80 % and over"],
                ["100", "Full, 100 % and over"],
              ]}
            />
            <FilterChoice name="feature" label="All features" typed="Feature key" choices={features} />
            <FilterChoice name="plan" label="All plans" typed="Plan key" choices={plans} more={[[withoutPlan, "Without a plan"]]} />
            <FileLinks to={(format) => paths.usageExport({ ...query, of: "limits", format })} />
          </FilterBar>
        </>
      )}
      <Card flush>
        <DataTable
          rows={rows.map((row) => ({ ...row, now }))}
          columns={usageColumns}
          rowKey={(row) => `${row.tenant.key}\n${row.feature.key}`}
          caption="Tenants and metered features, the fullest limit first"
          empty={
            isFiltered ? (
              <EmptyState icon={SearchX} title="Nothing matches" action={<LinkButton to={paths.usage()}>Show all</LinkButton>}>
                No tenant used a metered feature that these filters match, in this period or the one before.
              </EmptyState>
            ) : (
              <EmptyState icon={ChartColumn} title="No usage yet">
                Tenants appear here once your app has reported usage of a metered feature.
              </EmptyState>
            )
          }
        />
      </Card>
      {rows.length > 0 && (
        <Form id={compareFormId} method="get" action={paths.compare([])} className="mt-3 flex flex-wrap items-center gap-2">
          <Button>Compare chosen tenants</Button>
          <span className="text-ink-faint text-xs">Two to four of the ticked ones.</span>
        </Form>
      )}
      <nav aria-label="Pages" className="mt-3 flex justify-between gap-2">
        {params.has("after") ? <LinkButton to={paths.usage({ ...query, after: null })}>First page</LinkButton> : <span />}
        {next !== null && <LinkButton to={paths.usage({ ...query, after: next })}>Next page</LinkButton>}
      </nav>
    </>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
