import type { LoaderFunctionArgs } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { SearchX } from "lucide-react";
import { readPage } from "~/forms/catalogue/feature-filter";
import { keyOf } from "~/paths";
import { featureFilters, featuresPerPage, tenantFeatures } from "~/server/tenants/tenant-features.server";
import { requireTenant } from "~/server/tenants/tenants.server";
import { FlagTroubleNotice } from "~/ui/catalogue/flag-trouble";
import { Card } from "~/ui/kit/card";
import { EmptyState } from "~/ui/kit/empty-state";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { FilterBar, FilterSelect, SearchBox } from "~/ui/kit/filters";
import { count, Pagination } from "~/ui/kit/pagination";
import { FeatureAnswers } from "~/ui/tenants/feature-answers";

export async function loader({ request, context, params }: LoaderFunctionArgs) {
  const tenant = await requireTenant(request, context, keyOf(params.tenant));
  const { searchParams } = new URL(request.url);
  const show = featureFilters.find((filter) => filter === searchParams.get("show")) ?? null;
  const features = tenantFeatures(tenant, searchParams.get("q") ?? "", show, readPage(searchParams));
  const { key } = tenant.facts;
  const flags = context.posthog?.flags.status(key) ?? null;
  return { ...features, featuresPerPage, flags, tenant: key, now: tenant.now, canChange: tenant.canChange };
}

export default function TenantFeatures() {
  const { rows, all, entitled, matching, page, featuresPerPage, flags, tenant, now, canChange } = useLoaderData<typeof loader>();
  return (
    <>
      <FlagTroubleNotice status={flags} now={now} className="mb-4" />
      <div className="mb-3 flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <FilterBar names={["q", "show"]}>
          <SearchBox label="Search features" />
          <FilterSelect
            name="show"
            label="All answers"
            options={[
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
        {rows.length > 0 ? (
          <>
            <FeatureAnswers rows={rows} tenant={tenant} now={now} canChange={canChange} />
            {matching > featuresPerPage && <Pagination page={page} pageSize={featuresPerPage} total={matching} noun="features" />}
          </>
        ) : (
          <EmptyState icon={SearchX} title="No feature matches">
            Search by part of a name, key or group, or clear the filters above.
          </EmptyState>
        )}
      </Card>
    </>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
