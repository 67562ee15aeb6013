import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { SearchX, ToggleRight } from "lucide-react";
import type { FeatureRow } from "~/core/catalogue/feature-list";
import { mayAct } from "~/core/permissions";
import { readFeatureFilter, readPage, readSort } from "~/forms/catalogue/feature-filter";
import { typeWords } from "~/forms/catalogue/feature-words";
import { paths } from "~/paths";
import { requireAdmin } from "~/server/admins/sessions.server";
import { readFeatureList } from "~/server/catalogue/catalogue-pages.server";
import { FeatureFilters } from "~/ui/catalogue/feature-filters";
import { Badge } from "~/ui/kit/badge";
import { LinkButton } from "~/ui/kit/button";
import { Card } from "~/ui/kit/card";
import { type Column, DataTable, NameCell } from "~/ui/kit/data-table";
import { EmptyState } from "~/ui/kit/empty-state";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { PageHeader } from "~/ui/kit/page-header";
import { count, Pagination } from "~/ui/kit/pagination";

export const meta: MetaFunction = () => [{ title: "Features · Latchkey" }];

const pageSize = 50;

export async function loader({ request, context }: LoaderFunctionArgs) {
  const admin = await requireAdmin(request, context, "read");
  const params = new URL(request.url).searchParams;
  const sort = readSort(params);
  const list = await readFeatureList(context, readFeatureFilter(params), sort, { number: readPage(params), size: pageSize });
  return { ...list, sort, mayEdit: mayAct(admin.role, "catalogue.change") };
}

const columns: Column<FeatureRow>[] = [
  {
    id: "name",
    header: "Name",
    sortable: true,
    primary: true,
    cell: ({ key, name }) => <NameCell to={paths.feature(key)} name={name} detail={name === key ? undefined : key} />,
  },
  {
    id: "type",
    header: "Type",
    sortable: true,
    card: "bare",
    className: "md:max-w-44 2xl:max-w-60",
    cell: ({ type, what }) => (
      <span className="flex min-w-0 items-center gap-2">
        <Badge tone={type === "boolean" ? "neutral" : "accent"} className="shrink-0">
          {typeWords[type]}
        </Badge>
        {what && (
          <span title={what} className="truncate text-ink-muted text-xs">
            {what}
          </span>
        )}
      </span>
    ),
  },
  {
    id: "group",
    header: "Group",
    sortable: true,
    className: "md:max-w-36 2xl:max-w-48",
    cell: ({ group }) =>
      group && (
        <span title={group} className="block truncate text-ink-muted">
          {group}
        </span>
      ),
  },
  {
    id: "plans",
    header: "In plans",
    className: "md:max-w-44 2xl:max-w-56",
    cell: ({ plans, morePlans }) =>
      plans.length > 0 ? (
        <span title={plans.join(", ")} className="block truncate text-ink-muted">
          {morePlans > 0 && `${count(plans.length + morePlans)} plans: `}
          {plans.join(", ")}
        </span>
      ) : (
        <span className="text-ink-faint">none</span>
      ),
  },
  { id: "flag", header: "Flag", className: "md:max-w-32 2xl:max-w-40", cell: ({ flag }) => flag && <Badge tone="flag">{flag}</Badge> },
];

export default function Features() {
  const { rows, total, all, page, sort, groups, mayEdit } = useLoaderData<typeof loader>();
  const create = (
    <LinkButton to={paths.featureNew()} variant="primary">
      New feature
    </LinkButton>
  );
  const nothing =
    all === 0 ? (
      <EmptyState
        icon={ToggleRight}
        title="No features yet"
        action={
          mayEdit && (
            <>
              {create}
              <LinkButton to={paths.welcome()}>Start from a catalogue</LinkButton>
            </>
          )
        }
      >
        A feature is something that your app asks about: on or off, a value, or a limit.
      </EmptyState>
    ) : (
      <EmptyState icon={SearchX} title="No feature fits" action={<LinkButton to={paths.features()}>Show all features</LinkButton>}>
        Try another word, group or type.
      </EmptyState>
    );
  return (
    <>
      <PageHeader title="Features" actions={mayEdit && all > 0 && create} />
      {all > 0 && (
        <div className="mb-3">
          <FeatureFilters groups={groups} archived />
        </div>
      )}
      <Card flush>
        <DataTable rows={rows} columns={columns} rowKey={({ key }) => key} caption="Features" sort={sort} empty={nothing} />
        <Pagination page={page} pageSize={pageSize} total={total} noun="features" />
      </Card>
    </>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
