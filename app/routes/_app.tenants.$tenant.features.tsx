import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { SearchX, ToggleRight } from "lucide-react";
import { readPage } from "~/forms/catalogue/feature-filter";
import { keyOf, paths } from "~/paths";
import { requireTenantAsOf } from "~/server/tenants/as-of.server";
import { askedDays, featureFilters, featuresPerPage, tenantFeatures } from "~/server/tenants/tenant-features.server";
import { FlagTroubleNotice } from "~/ui/catalogue/flag-trouble";
import { LinkButton } from "~/ui/kit/button";
import { Card } from "~/ui/kit/card";
import { EmptyState } from "~/ui/kit/empty-state";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { FilterBar, FilterSelect, SearchBox } from "~/ui/kit/filters";
import { count, Pagination } from "~/ui/kit/pagination";
import { useAsOfQuery } from "~/ui/tenants/as-of";
import { FeatureAnswers } from "~/ui/tenants/feature-answers";

export const meta: MetaFunction<typeof loader> = ({ data }) => [{ title: `Features · ${data?.name ?? "Tenant"} · Latchkey` }];

export async function loader({ request, context, params }: LoaderFunctionArgs) {
  const { tenant, asOf } = await requireTenantAsOf(request, context, keyOf(params.tenant));
  const { searchParams } = new URL(request.url);
  const show = featureFilters.find((filter) => filter === searchParams.get("show")) ?? null;
  const search = searchParams.get("q") ?? "";
  const query = { search, show, group: searchParams.get("group"), page: readPage(searchParams) };
  const features = await tenantFeatures(context, tenant, query, asOf !== null);
  const { key, name } = tenant.facts;
  const flags = asOf ? null : ((await context.posthog?.flagReport(key))?.status ?? null);
  return {
    ...features,
    featuresPerPage,
    askedDays,
    flags,
    isAsOf: asOf !== null,
    tenant: key,
    name,
    now: tenant.now,
    role: tenant.admin.role,
  };
}

export default function TenantFeaturesPage() {
  const { groups, isFiltered, all, entitled, matching, page, featuresPerPage, askedDays, flags, isAsOf, tenant, now, role } =
    useLoaderData<typeof loader>();
  return (
    <>
      <FlagTroubleNotice status={flags} now={now} className="mb-4" />
      <div className="mb-3 flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <FilterBar names={["q", "show", "group"]}>
          <SearchBox label="Search features" />
          <FilterSelect
            name="show"
            label="Has or asked for"
            options={[
              ["all", "All features"],
              ["yes", "Yes"],
              ["no", "No"],
              ["trial", "On trial"],
              ["override", "Overridden"],
            ]}
          />
        </FilterBar>
        <p className="text-ink-muted text-xs">
          Has <span className="text-ink">{count(entitled)}</span> of {count(all)} features
        </p>
      </div>
      <Card flush>
        {groups.length > 0 ? (
          <FeatureAnswers groups={groups} tenant={tenant} now={now} role={role} />
        ) : (
          <None isFiltered={isFiltered} days={askedDays} tenant={tenant} isAsOf={isAsOf} />
        )}
        {matching > featuresPerPage && <Pagination page={page} pageSize={featuresPerPage} total={matching} noun="features" />}
      </Card>
    </>
  );
}

function None({ isFiltered, days, tenant, isAsOf }: { isFiltered: boolean; days: number; tenant: string; isAsOf: boolean }) {
  const query = useAsOfQuery();
  if (isFiltered) {
    return (
      <EmptyState icon={SearchX} title="No feature matches">
        Search by part of a name, key or group, or clear the filters above.
      </EmptyState>
    );
  }
  const all = <LinkButton to={paths.tenantFeatures(tenant, { show: "all", ...query })}>Show all features</LinkButton>;
  return (
    <EmptyState icon={ToggleRight} title="No feature yet" action={all}>
      {isAsOf ? "This tenant has no feature at that time." : `This tenant has no feature, and asked for none in the last ${days} days.`}
    </EmptyState>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
