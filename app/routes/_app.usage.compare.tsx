import { type LoaderFunctionArgs, type MetaFunction, redirect } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { Scale } from "lucide-react";
import { readCompareQuery } from "~/forms/usage/compare-query";
import { paths } from "~/paths";
import { requireAdmin } from "~/server/admins/sessions.server";
import { comparePage } from "~/server/comparison/compare-page.server";
import { Card } from "~/ui/kit/card";
import { EmptyState } from "~/ui/kit/empty-state";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { CompareForm } from "~/ui/usage/compare-form";
import { ComparedChecksSection, ComparedFeaturesSection, ComparedUseSection, TenantSummary } from "~/ui/usage/comparison";

export const meta: MetaFunction<typeof loader> = ({ data }) => {
  const names = data?.comparison?.tenants.map(({ name }) => name).join(", ");
  return [{ title: `${names ? `${names} · ` : ""}Compare · Latchkey` }];
};

export async function loader({ request, context }: LoaderFunctionArgs) {
  await requireAdmin(request, context, "read");
  const { hasWords, ...page } = await comparePage(context, readCompareQuery(new URL(request.url).searchParams));
  // Words were replaced by the keys of the tenants that they name, so that the address can be shared.
  if (hasWords && page.comparison) throw redirect(paths.compare(page.keys, { days: page.days }));
  return page;
}

export default function Compare() {
  const { fields, unknown, leftOut, days, show, keys, comparison } = useLoaderData<typeof loader>();
  return (
    <div className="grid gap-6">
      <CompareForm key={fields.join("\n")} fields={fields} unknown={unknown} leftOut={leftOut} days={days} />
      {comparison ? (
        <>
          <TenantSummary comparison={comparison} keys={keys} days={days} show={show} />
          <ComparedFeaturesSection comparison={comparison} keys={keys} days={days} show={show} />
          <ComparedUseSection comparison={comparison} />
          <ComparedChecksSection comparison={comparison} days={days} />
        </>
      ) : (
        <Card flush>
          <EmptyState icon={Scale} title={keys.length === 1 ? "Choose one more tenant" : "Choose two to four tenants"}>
            Their plans, features, use of limits and checks appear side by side, what differs first.
          </EmptyState>
        </Card>
      )}
    </div>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
