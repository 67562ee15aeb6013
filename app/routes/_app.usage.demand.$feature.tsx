import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { Users } from "lucide-react";
import { mayAct } from "~/core/permissions";
import { shorten } from "~/core/text";
import { utcDate } from "~/core/time";
import { readRefusedQuery } from "~/forms/usage/usage-pages";
import { demandDays } from "~/forms/usage/usage-ranges";
import { keyOf, paths } from "~/paths";
import { requireAdmin } from "~/server/admins/sessions.server";
import { refusedTenantsPage } from "~/server/usage/demand.server";
import { PickForm, withPickBox } from "~/ui/bulk/pick";
import { LinkButton, TextLink } from "~/ui/kit/button";
import { Section } from "~/ui/kit/card";
import { type Column, DataTable, NameCell } from "~/ui/kit/data-table";
import { EmptyState } from "~/ui/kit/empty-state";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { count } from "~/ui/kit/pagination";
import { RangePicker } from "~/ui/usage/range-picker";
import { StaleFigures } from "~/ui/usage/stale-figures";

export const meta: MetaFunction<typeof loader> = ({ data }) => [{ title: `${data?.feature.name ?? "Demand"} · Demand · Latchkey` }];

export async function loader({ request, context, params }: LoaderFunctionArgs) {
  const admin = await requireAdmin(request, context, "read");
  const key = keyOf(params.feature);
  const found = await refusedTenantsPage(context, key, readRefusedQuery(new URL(request.url).searchParams));
  if (!found) throw new Response(`There is no feature ${shorten(key, 60)}. Look it up in the list of features.`, { status: 404 });
  return { ...found, now: context.now(), canGrant: mayAct(admin.role, "trials.grant") && !found.feature.isArchived };
}

type Row = NonNullable<Awaited<ReturnType<typeof refusedTenantsPage>>>["rows"][number] & { feature: string; canGrant: boolean };

const columns: Column<Row>[] = [
  {
    id: "tenant",
    header: "Tenant",
    primary: true,
    cell: (row) => withPickBox(<NameCell to={paths.tenant(row.key)} name={row.name} detail={row.key} />, row, row.canGrant),
    className: "sm:w-1/4",
  },
  { id: "refusals", header: "Refusals", align: "right", cell: (row) => count(row.refusals) },
  { id: "last", header: "Last refused", cell: (row) => <span className="whitespace-nowrap text-ink-muted">{utcDate(row.lastDay)}</span> },
  { id: "plan", header: "Plan", cell: (row) => (row.plan ? row.plan.name : <span className="text-ink-faint">No plan</span>) },
  { id: "next", header: "Plan that allows it", cell: (row) => row.next },
  { id: "now", header: "Now", card: "line", cell: (row) => <span className="text-ink-muted">{row.message}</span> },
  {
    id: "act",
    header: "",
    card: "line",
    align: "right",
    cell: (row) =>
      row.canGrant &&
      !row.isAllowedNow && (
        <LinkButton to={paths.trialNew(row.key, row.feature)} size="sm" aria-label={`Grant ${row.name} a trial`}>
          Grant trial
        </LinkButton>
      ),
  },
];

export default function RefusedTenants() {
  const { feature, rows, days, next, staleSince, canGrant, now } = useLoaderData<typeof loader>();
  return (
    <>
      <StaleFigures since={staleSince} now={now} />
      <Section
        title={`Tenants that were refused ${feature.name}`}
        description={
          <>
            Those refused last come first. Days are in UTC. <TextLink to={paths.demand({ days })}>All features</TextLink>
          </>
        }
        actions={<RangePicker days={days} choices={demandDays} to={(choice) => paths.demandFeature(feature.key, { days: choice })} />}
        flush
      >
        <DataTable
          rows={rows.map((row) => ({ ...row, feature: feature.key, canGrant }))}
          columns={columns}
          rowKey={(row) => row.key}
          caption={`Tenants that were refused ${feature.name}`}
          empty={
            <EmptyState icon={Users} title={`No tenant was refused it in the last ${days} days`}>
              Choose a longer range, or look at another feature.
            </EmptyState>
          }
        />
        {canGrant && rows.length > 0 && (
          <PickForm act="grant_trial" feature={feature.key}>
            <LinkButton size="sm" variant="ghost" to={paths.bulk({ all: 1, list: "demand", feature: feature.key, days })}>
              Change all of them
            </LinkButton>
          </PickForm>
        )}
      </Section>
      <nav aria-label="Pages" className="mt-3 flex justify-end">
        {next !== null && <LinkButton to={paths.demandFeature(feature.key, { days, after: next })}>Next page</LinkButton>}
      </nav>
    </>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
