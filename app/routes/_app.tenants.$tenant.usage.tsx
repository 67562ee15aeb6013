import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { ChartColumn } from "lucide-react";
import { readTenantUsageQuery } from "~/forms/usage/usage-pages";
import { demandDays } from "~/forms/usage/usage-ranges";
import { keyOf, paths } from "~/paths";
import { drawBars, drawColumns } from "~/server/charts/bar-drawing.server";
import { type FeatureUsage, tenantUsage } from "~/server/tenants/check-history.server";
import { requireTenant } from "~/server/tenants/tenants.server";
import { BarChart } from "~/ui/kit/bar-chart";
import { LinkButton } from "~/ui/kit/button";
import { Card, Section } from "~/ui/kit/card";
import { CodeBlock } from "~/ui/kit/code";
import { curlLine } from "~/ui/kit/curl";
import { type Column, DataTable, NameCell } from "~/ui/kit/data-table";
import { EmptyState } from "~/ui/kit/empty-state";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { count } from "~/ui/kit/pagination";
import { Time } from "~/ui/kit/time";
import { FileLinks } from "~/ui/lists/file-links";
import { ConsumptionTable } from "~/ui/tenants/consumption";
import { TenantEventCounts } from "~/ui/tenants/event-counts";
import { LimitList } from "~/ui/tenants/limit-list";
import { FeaturesNotAsked, UsageDetails } from "~/ui/tenants/usage-details";
import { RangePicker } from "~/ui/usage/range-picker";

export const meta: MetaFunction<typeof loader> = ({ data }) => [{ title: `Usage · ${data?.name ?? "Tenant"} · Latchkey` }];

export async function loader({ request, context, params }: LoaderFunctionArgs) {
  const tenant = await requireTenant(request, context, keyOf(params.tenant), "read");
  const { key, name } = tenant.facts;
  const { searchParams, origin } = new URL(request.url);
  const query = readTenantUsageQuery(searchParams);
  const usage = await tenantUsage(context, tenant, query);
  const consumption = usage.consumption.map((row) => ({
    ...row,
    drawing: drawColumns(
      row.history.map(({ used }) => used),
      [120, 28],
    ),
  }));
  const drawing = drawBars(usage.bars.map(({ allowed, refused }) => [allowed, refused]));
  const events = await context.posthog?.eventCounts.of(key, query.days);
  const posthogEvents = events ? { events, group: `${context.posthog?.settings.groupType}: ${key}` } : null;
  const { feature } = query;
  return { ...usage, consumption, drawing, key, name, feature, posthogEvents, now: tenant.now, curl: curlLine(origin, key) };
}

const columns: Column<FeatureUsage>[] = [
  {
    id: "feature",
    header: "Feature",
    primary: true,
    cell: (row) => (
      <NameCell to={row.isKnown ? paths.feature(row.key) : undefined} name={row.name} detail={row.isAll ? undefined : row.key} />
    ),
    className: "sm:w-2/5",
  },
  { id: "allowed", header: "Allowed", align: "right", cell: (row) => count(row.allowed) },
  {
    id: "refused",
    header: "Refused",
    align: "right",
    cell: (row) => <span className={row.refused > 0 ? "text-no" : "text-ink-faint"}>{count(row.refused)}</span>,
  },
  { id: "first", header: "First asked", cell: (row) => <Time at={row.firstAt} now={row.now} className="text-ink-muted" /> },
  { id: "last", header: "Last asked", cell: (row) => <Time at={row.lastAt} now={row.now} className="text-ink-muted" /> },
];

export default function TenantUsage() {
  const { days, bars, drawing, features, allowed, refused, previous, curl, key, consumption, events, feature, now, ...rest } =
    useLoaderData<typeof loader>();
  const range = <RangePicker days={days} choices={demandDays} to={(choice) => paths.tenantUsage(key, { days: choice, feature })} />;
  const inPosthog = rest.posthogEvents && <TenantEventCounts {...rest.posthogEvents} days={days} now={now} />;
  if (features.length === 0 && consumption.length === 0) {
    return (
      <>
        <div className="mb-3 flex justify-end">{range}</div>
        <Card flush>
          <EmptyState
            icon={ChartColumn}
            title={`No checks in the last ${days} days`}
            action={<LinkButton to={paths.keyNew()}>New API key</LinkButton>}
          >
            Your app sends checks with an API key that has the scope check. Put it into LATCHKEY_KEY and try this:
          </EmptyState>
          <div className="mx-auto max-w-3xl px-4 pb-8">
            <CodeBlock text={curl} label="The first check" />
          </div>
        </Card>
        {inPosthog && <div className="mt-6">{inPosthog}</div>}
      </>
    );
  }
  const total = `${count(allowed + refused)} checks in the last ${days} days, ${count(previous)} in the ${days} before, by day in UTC`;
  return (
    <div className="grid gap-6">
      <div className="flex flex-wrap items-center justify-end gap-2 print:hidden">
        {range}
        <FileLinks to={(format) => paths.tenantUsageExport(key, { days, format })} />
      </div>
      <LimitList rows={consumption} now={now} />
      <Card>
        <BarChart bars={bars} drawing={drawing} caption={total} unit="" />
      </Card>
      <Section
        title="By feature"
        flush
        description="A check of one feature counts for it. Asking for all features at once counts once, as allowed, under its own name."
      >
        <DataTable
          rows={features}
          columns={columns}
          rowKey={(row) => row.key}
          caption="Checks by feature"
          empty={<p className="p-4 text-ink-muted text-sm">{`No checks in the last ${days} days.`}</p>}
        />
      </Section>
      <UsageDetails sources={rest.sources} trials={rest.trials} />
      <FeaturesNotAsked features={rest.notAsked} more={rest.moreNotAsked} days={days} />
      <ConsumptionTable tenant={key} consumption={consumption} events={events} feature={feature} now={now} />
      {inPosthog}
    </div>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
