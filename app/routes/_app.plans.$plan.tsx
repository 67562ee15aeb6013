import { type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction, redirect } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { mayAct } from "~/core/permissions";
import { readPlanQuery } from "~/forms/catalogue/plan-query";
import { readTimeZone } from "~/forms/time-zone";
import { keyOf, paths } from "~/paths";
import { requireAdmin } from "~/server/admins/sessions.server";
import { planOverview } from "~/server/catalogue/plan-overview.server";
import { CatalogueHistory } from "~/ui/catalogue/catalogue-history";
import { PlanComparison } from "~/ui/catalogue/plan-comparison";
import { PlanFacts } from "~/ui/catalogue/plan-facts";
import { PlanFeatures } from "~/ui/catalogue/plan-features";
import { Badge } from "~/ui/kit/badge";
import { LinkButton, TextLink } from "~/ui/kit/button";
import { Section } from "~/ui/kit/card";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { Notice } from "~/ui/kit/notice";
import { PageHeader } from "~/ui/kit/page-header";
import { count } from "~/ui/kit/pagination";

export const meta: MetaFunction<typeof loader> = ({ data }) => [{ title: `${data?.plan.name ?? "Plan"} · Latchkey` }];

export async function loader({ request, context, params }: LoaderFunctionArgs) {
  const admin = await requireAdmin(request, context, "read");
  const { searchParams } = new URL(request.url);
  const key = keyOf(params.plan);
  const ask = searchParams.get("ask");
  // The form used to be at this address.
  if (ask !== null) throw redirect(paths.planEdit(key, ask));
  const query = readPlanQuery(searchParams);
  const zone = readTimeZone(request.headers.get("Cookie")) ?? "UTC";
  return { ...(await planOverview(context, key, query, zone)), query, canChange: mayAct(admin.role, "catalogue.change") };
}

/** Redirects a form that was opened before the edit page existed. 307 keeps the method and the body. */
export async function action({ request, context, params }: ActionFunctionArgs) {
  await requireAdmin(request, context, "catalogue.change");
  return redirect(paths.planEdit(keyOf(params.plan)), 307);
}

export default function PlanPage() {
  const { plan, tenants, features, compared, others, hasMoreOthers, activities, query, canChange, now, ...facts } =
    useLoaderData<typeof loader>();
  const isArchived = plan.archivedAt !== null;
  const tenantWords = `${count(tenants)} ${tenants === 1 ? "tenant" : "tenants"}`;
  return (
    <>
      <PageHeader
        title={plan.name}
        breadcrumbs={[{ label: "Plans", to: paths.plans() }]}
        badges={
          <>
            <Badge>{plan.kind === "add_on" ? "Add-on" : "Plan"}</Badge>
            {isArchived && <Badge tone="warn">Archived</Badge>}
          </>
        }
        actions={canChange && <LinkButton to={paths.planEdit(plan.key)}>Edit</LinkButton>}
        description={plan.description}
      />
      {isArchived && (
        <Notice
          kind="warning"
          className="mb-4"
          title="This plan is archived and cannot be newly given."
          action={canChange && <LinkButton to={paths.planEdit(plan.key, "restore")}>Restore</LinkButton>}
        >
          {tenants === 0 ? "No tenant has it." : `${tenantWords} still ${tenants === 1 ? "has" : "have"} it.`}
        </Notice>
      )}
      <div className="grid items-start gap-6 lg:grid-cols-[minmax(0,1fr)_20rem]">
        <div className="grid min-w-0 gap-6">
          {features && <PlanFeatures plan={plan} features={features} all={query.all} group={query.group} />}
          <PlanComparison plan={plan} compared={compared} others={others} hasMoreOthers={hasMoreOthers} />
        </div>
        <div className="grid min-w-0 gap-6">
          <Section title="Tenants">
            {tenants === 0 ? (
              <p className="text-ink-muted text-sm">No tenant has it.</p>
            ) : (
              <>
                <TextLink to={paths.tenants({ plan: plan.key })} className="font-semibold text-xl tracking-tight">
                  {tenantWords}
                </TextLink>
                <p className="mt-1 text-sm">
                  <TextLink to={paths.matrix([], { of: plan.key, plan: plan.kind === "base" ? plan.key : null })}>
                    What they have of its features
                  </TextLink>
                </p>
              </>
            )}
          </Section>
          <Section title="Details">
            <PlanFacts plan={plan} {...facts} />
          </Section>
          <CatalogueHistory kind="plan" subject={plan.key} activities={activities} now={now} />
        </div>
      </div>
    </>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
