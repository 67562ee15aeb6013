import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import { useActionData, useLoaderData } from "@remix-run/react";
import { describeConfig, describeFlag, describeMeter } from "~/core/catalogue/catalogue-words";
import type { Feature } from "~/core/model";
import { mayAct } from "~/core/permissions";
import { featurePageForm } from "~/forms/catalogue/feature";
import { readPage } from "~/forms/catalogue/feature-filter";
import { typeWords } from "~/forms/catalogue/feature-words";
import { keyOf, paths } from "~/paths";
import { actorOf, requireAdmin } from "~/server/admins/sessions.server";
import { theirChange } from "~/server/catalogue/catalogue-edits.server";
import { isLinked, linkFindingsOf, linkProblem } from "~/server/catalogue/feature-flags.server";
import { actOnFeature, featureEndEffects, readFeaturePage, reviewFeature } from "~/server/catalogue/feature-page.server";
import { invalid, readForm, refused } from "~/server/http/form.server";
import { redirectWithToast } from "~/server/http/toast.server";
import { FeatureEnd } from "~/ui/catalogue/feature-end";
import { FeatureEditor } from "~/ui/catalogue/feature-form";
import { FeaturePlans } from "~/ui/catalogue/feature-plans";
import { FindingList } from "~/ui/catalogue/finding-list";
import { Badge } from "~/ui/kit/badge";
import { LinkButton } from "~/ui/kit/button";
import { Card, Section } from "~/ui/kit/card";
import { Code } from "~/ui/kit/code";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { KeyValue } from "~/ui/kit/key-value";
import { Notice } from "~/ui/kit/notice";
import { PageHeader } from "~/ui/kit/page-header";
import { Pagination } from "~/ui/kit/pagination";
import { StaleNotice } from "~/ui/kit/stale-notice";

export { refreshOnConflict as shouldRevalidate } from "~/ui/kit/refresh-on-conflict";

export const meta: MetaFunction<typeof loader> = ({ data }) => [{ title: `${data?.feature.name ?? "Feature"} · Latchkey` }];

export async function loader({ request, context, params }: LoaderFunctionArgs) {
  const admin = await requireAdmin(request, context, "read");
  const { searchParams } = new URL(request.url);
  const page = await readFeaturePage(context, keyOf(params.feature), readPage(searchParams));
  const [tie] = await linkFindingsOf(context, [page.feature].filter(isLinked));
  const canChange = mayAct(admin.role, "catalogue.change");
  const asked = canChange ? searchParams.get("ask") : null;
  const endEffects = await featureEndEffects(context, actorOf(admin), page.feature.key, asked, request.signal);
  return { ...page, findings: tie?.findings ?? [], canChange, endEffects };
}

const done = { save: "saved", archive: "archived", restore: "in use again" } as const;

export async function action({ request, context, params }: ActionFunctionArgs) {
  const admin = await requireAdmin(request, context, "catalogue.change");
  const { feature } = await readFeaturePage(context, keyOf(params.feature));
  const submission = await readForm(request, featurePageForm(feature.type));
  if (submission.status !== "success") return invalid(submission, undefined, { theirs: null, review: null });
  const act = submission.value;
  const linkProblemFound = act.intent === "save" ? await linkProblem(context, feature.key, act.feature.flag) : null;
  if (linkProblemFound) return refused(submission, linkProblemFound, { flag: "flagKey" }, { theirs: null, review: null });
  const review = await reviewFeature(context, actorOf(admin), feature.key, act, request.signal);
  if (review) return data({ result: submission.reply(), theirs: null, review });
  const result = await actOnFeature(context, actorOf(admin), feature.key, act);
  if (!result.ok) {
    const isStale = result.code === "stale" && act.intent === "save";
    const theirs = isStale ? await theirChange(context, "feature", feature.key, act.expected) : null;
    return refused(submission, result, { name: "name", group: "group" }, { theirs, review: null });
  }
  const name = act.intent === "save" ? act.feature.name : feature.name;
  return redirectWithToast(paths.feature(feature.key), {
    kind: result.changed ? "success" : "info",
    message: result.changed ? `${name} is ${done[act.intent]}.` : `Nothing changed in ${name}.`,
  });
}

export default function EditFeature() {
  const { feature, plans, page, plansPerPage, totalPlans, groups, findings, now, canChange, endEffects } = useLoaderData<typeof loader>();
  const answer = useActionData<typeof action>();
  return (
    <>
      <PageHeader
        title={feature.name}
        breadcrumbs={[{ label: "Features", to: paths.features() }]}
        badges={
          <>
            <Badge tone={feature.type === "boolean" ? "neutral" : "accent"}>{typeWords[feature.type]}</Badge>
            {feature.archivedAt !== null && <Badge tone="warn">Archived</Badge>}
          </>
        }
        actions={<LinkButton to={paths.audit({ kind: "feature", subject: feature.key })}>History</LinkButton>}
        description={<Code>{feature.key}</Code>}
      />
      {findings.length > 0 && (
        <Notice kind="warning" title="The PostHog flag of this feature" className="mb-4">
          <FindingList findings={findings} />
        </Notice>
      )}
      <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_20rem]">
        <Section title="In plans" flush className="lg:order-last">
          <FeaturePlans feature={feature.key} plans={plans} />
          {totalPlans > plansPerPage && <Pagination page={page} pageSize={plansPerPage} total={totalPlans} noun="plans" />}
        </Section>
        <Section title="Details" bare>
          <Card>
            {canChange ? (
              <FeatureEditor feature={feature} groups={groups} lastResult={answer?.result} review={answer?.review ?? null}>
                {answer?.theirs ? <StaleNotice theirs={answer.theirs} now={now} /> : undefined}
              </FeatureEditor>
            ) : (
              <FeatureDetails feature={feature} />
            )}
          </Card>
          {canChange && <FeatureEnd feature={feature} effects={endEffects} />}
        </Section>
      </div>
    </>
  );
}

function FeatureDetails({ feature }: { feature: Feature }) {
  return (
    <KeyValue
      items={[
        { label: "Description", value: feature.description },
        { label: "Group", value: feature.group },
        ...(feature.type === "config" ? [{ label: "Value", value: describeConfig(feature.config) }] : []),
        ...(feature.type === "metered" ? [{ label: "Limit", value: describeMeter(feature.meter) }] : []),
        { label: "PostHog flag", value: describeFlag(feature.flag) },
      ]}
    />
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
