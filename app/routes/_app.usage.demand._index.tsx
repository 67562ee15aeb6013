import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { Telescope } from "lucide-react";
import { readDemandQuery } from "~/forms/usage/usage-pages";
import { demandDays } from "~/forms/usage/usage-ranges";
import { paths } from "~/paths";
import { requireAdmin } from "~/server/admins/sessions.server";
import { demandPage } from "~/server/usage/demand.server";
import { StackedBars } from "~/ui/kit/bar-chart";
import { TextLink } from "~/ui/kit/button";
import { Card } from "~/ui/kit/card";
import { type Column, DataTable, NameCell } from "~/ui/kit/data-table";
import { EmptyState } from "~/ui/kit/empty-state";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { count, Pagination } from "~/ui/kit/pagination";
import { FileLinks } from "~/ui/lists/file-links";
import { RangePicker } from "~/ui/usage/range-picker";
import { StaleFigures } from "~/ui/usage/stale-figures";

export const meta: MetaFunction = () => [{ title: "Demand · Latchkey" }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  await requireAdmin(request, context, "read");
  return { ...(await demandPage(context, readDemandQuery(new URL(request.url).searchParams))), now: context.now() };
}

type Row = Awaited<ReturnType<typeof demandPage>>["rows"][number] & { days: number };

const columns: Column<Row>[] = [
  {
    id: "feature",
    header: "Feature",
    primary: true,
    cell: ({ feature: { key, name, isKnown } }) => <NameCell to={isKnown ? paths.feature(key) : undefined} name={name} detail={key} />,
    className: "md:w-1/3 md:max-w-0",
  },
  { id: "refusals", header: "Refusals", align: "right", cell: (row) => count(row.refusals) },
  { id: "previous", header: "Previous", align: "right", cell: (row) => <span className="text-ink-muted">{count(row.previous)}</span> },
  { id: "tenants", header: "Tenants", align: "right", cell: (row) => count(row.tenants) },
  {
    id: "plans",
    header: "Their plans",
    card: "line",
    className: "md:w-1/4",
    cell: ({ plans, morePlans }) => (
      <span className="text-ink-muted wrap-anywhere">
        {plans.map(({ name, tenants }) => `${name} (${count(tenants)})`).join(", ")}
        {morePlans > 0 && ` and ${morePlans} more`}
      </span>
    ),
  },
  {
    id: "next",
    header: "Lowest plan",
    cell: ({ next }) => (next ? <TextLink to={paths.plan(next.key)}>{next.name}</TextLink> : <span className="text-ink-faint">none</span>),
  },
  {
    id: "who",
    header: "",
    card: "line",
    align: "right",
    cell: ({ feature, days }) =>
      feature.isKnown && (
        <TextLink
          to={paths.demandFeature(feature.key, { days })}
          className="whitespace-nowrap"
          aria-label={`See who was refused ${feature.name}`}
        >
          See who
        </TextLink>
      ),
  },
];

export default function Demand() {
  const { rows, total, refusals, bars, drawing, days, page, pageSize, staleSince, now } = useLoaderData<typeof loader>();
  return (
    <>
      <StaleFigures since={staleSince} now={now} />
      <div className="mb-3 flex flex-wrap items-center justify-between gap-2">
        <p className="text-ink-muted text-sm">
          {`${count(refusals)} refused checks of ${count(total)} ${total === 1 ? "feature" : "features"} in the last ${days} days of UTC.`}
        </p>
        <span className="flex items-center gap-2">
          <RangePicker days={days} choices={demandDays} to={(choice) => paths.demand({ days: choice })} />
          <FileLinks to={(format) => paths.usageExport({ of: "demand", days, format })} />
        </span>
      </div>
      {refusals > 0 && (
        <Card className="mb-4">
          <StackedBars
            bars={bars}
            drawing={drawing}
            series={[{ key: "refused", label: "Refused", look: "second" }]}
            caption={`Refused checks in the last ${days} days, by day in UTC`}
          />
        </Card>
      )}
      <Card flush>
        <DataTable
          rows={rows.map((row) => ({ ...row, days }))}
          columns={columns}
          rowKey={(row) => row.feature.key}
          caption="Features by refused checks"
          empty={
            <EmptyState icon={Telescope} title={`Nothing was refused in the last ${days} days`}>
              Features that tenants asked for and do not have appear here.
            </EmptyState>
          }
        />
        <Pagination page={page} pageSize={pageSize} total={total} noun="features" />
      </Card>
    </>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
