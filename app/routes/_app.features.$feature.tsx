import { type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction, redirect } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { mayAct } from "~/core/permissions";
import { readPage } from "~/forms/catalogue/feature-filter";
import { typeWords } from "~/forms/catalogue/feature-words";
import { readTimeZone } from "~/forms/time-zone";
import { keyOf, paths } from "~/paths";
import { requireAdmin } from "~/server/admins/sessions.server";
import { featureOverview } from "~/server/catalogue/feature-overview.server";
import { exampleCheck } from "~/server/keys/example-check.server";
import { CatalogueHistory } from "~/ui/catalogue/catalogue-history";
import { CheckExamples } from "~/ui/catalogue/check-examples";
import { FeatureDemand } from "~/ui/catalogue/feature-demand";
import { FeatureFacts } from "~/ui/catalogue/feature-facts";
import { FeatureFlagCard } from "~/ui/catalogue/feature-flag-card";
import { FeaturePlans } from "~/ui/catalogue/feature-plans";
import { FeatureTenants } from "~/ui/catalogue/feature-tenants";
import { FindingList } from "~/ui/catalogue/finding-list";
import { Badge } from "~/ui/kit/badge";
import { LinkButton } from "~/ui/kit/button";
import { Section } from "~/ui/kit/card";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { Notice } from "~/ui/kit/notice";
import { PageHeader } from "~/ui/kit/page-header";
import { StaleFigures } from "~/ui/usage/stale-figures";

export const meta: MetaFunction<typeof loader> = ({ data }) => [{ title: `${data?.feature.name ?? "Feature"} · Latchkey` }];

export async function loader({ request, context, params }: LoaderFunctionArgs) {
  const admin = await requireAdmin(request, context, "read");
  const { searchParams, origin } = new URL(request.url);
  const key = keyOf(params.feature);
  const ask = searchParams.get("ask");
  // The form used to be at this address.
  if (ask !== null) throw redirect(paths.featureEdit(key, ask));
  const all = searchParams.get("plans") === "all";
  const zone = readTimeZone(request.headers.get("Cookie")) ?? "UTC";
  const [overview, example] = await Promise.all([
    featureOverview(context, key, { all, page: readPage(searchParams) }, zone),
    exampleCheck(context),
  ]);
  return { ...overview, all, example, origin, canChange: mayAct(admin.role, "catalogue.change") };
}

/** Redirects a form that was opened before the edit page existed. 307 keeps the method and the body. */
export async function action({ request, context, params }: ActionFunctionArgs) {
  await requireAdmin(request, context, "catalogue.change");
  return redirect(paths.featureEdit(keyOf(params.feature)), 307);
}

export default function FeaturePage() {
  const { feature, has, asked, plans, all, flagState, findings, activities, staleSince, example, origin, canChange, now } =
    useLoaderData<typeof loader>();
  const isArchived = feature.archivedAt !== null;
  // Figures that lag behind may not have the newest checks.
  const isUnused = asked.byName === 0 && asked.withAll === 0 && staleSince === null;
  return (
    <>
      <PageHeader
        title={feature.name}
        breadcrumbs={[{ label: "Features", to: paths.features() }]}
        badges={
          <>
            <Badge tone={feature.type === "boolean" ? "neutral" : "accent"}>{typeWords[feature.type]}</Badge>
            {isArchived && <Badge tone="warn">Archived</Badge>}
          </>
        }
        actions={
          <>
            <LinkButton to={paths.playground({ feature: feature.key })}>Try it</LinkButton>
            {canChange && <LinkButton to={paths.featureEdit(feature.key)}>Edit</LinkButton>}
          </>
        }
        description={feature.description}
      />
      <StaleFigures since={staleSince} now={now} />
      {isArchived && (
        <Notice
          kind="warning"
          className="mb-4"
          title="This feature is archived. Every check answers no."
          action={canChange && <LinkButton to={paths.featureEdit(feature.key, "restore")}>Restore</LinkButton>}
        >
          Plans and grants keep their values.
        </Notice>
      )}
      {!isArchived && isUnused && (
        <Notice className="mb-4" title={`Nobody asked in ${asked.unusedDays} days.`}>
          {canChange ? "If no app needs it, archive it on its edit page." : "No app has checked it, by name or with all features."}
        </Notice>
      )}
      {findings.length > 0 && (
        <Notice kind="warning" title="The PostHog flag of this feature" className="mb-4">
          <FindingList findings={findings} />
        </Notice>
      )}
      <div className="grid items-start gap-6 lg:grid-cols-[minmax(0,1fr)_20rem]">
        <div className="grid min-w-0 gap-6">
          <FeatureTenants feature={feature.key} isSoft={feature.type === "metered" && feature.meter.soft} has={has} />
          <FeatureDemand feature={feature.key} asked={asked} />
          <FeaturePlans feature={feature.key} plans={plans} all={all} />
          {!isArchived && <CheckExamples origin={origin} feature={feature} example={example} />}
        </div>
        <div className="grid min-w-0 gap-6">
          <Section title="Details">
            <FeatureFacts feature={feature} />
          </Section>
          {feature.flag && <FeatureFlagCard flag={feature.flag} state={flagState} />}
          <CatalogueHistory kind="feature" subject={feature.key} activities={activities} now={now} />
        </div>
      </div>
    </>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
