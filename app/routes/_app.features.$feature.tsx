import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import { useActionData, useLoaderData } from "@remix-run/react";
import { describeConfig, describeFlag, describeMeter } from "~/core/catalogue-words";
import type { Feature } from "~/core/model";
import { featurePageForm } from "~/forms/feature";
import { readPage } from "~/forms/feature-filter";
import { typeWords } from "~/forms/feature-words";
import { keyOf, paths } from "~/paths";
import { theirChange } from "~/server/catalogue-edits.server";
import { actOnFeature, featureEndEffects, readFeaturePage, reviewFeature } from "~/server/feature-page.server";
import { findingsOfTies, isTied, whyNotTied } from "~/server/feature-ties.server";
import { invalid, readForm, refused } from "~/server/form.server";
import { actorOf, mayAct, requireAdmin } from "~/server/sessions.server";
import { redirectWithToast } from "~/server/toast.server";
import { Badge } from "~/ui/badge";
import { LinkButton } from "~/ui/button";
import { Card, Section } from "~/ui/card";
import { Code } from "~/ui/code";
import { RouteErrorPage } from "~/ui/error-page";
import { FeatureEnd } from "~/ui/feature-end";
import { FeatureForm } from "~/ui/feature-form";
import { FeaturePlans } from "~/ui/feature-plans";
import { FindingList } from "~/ui/finding-list";
import { KeyValue } from "~/ui/key-value";
import { Notice } from "~/ui/notice";
import { PageHeader } from "~/ui/page-header";
import { Pagination } from "~/ui/pagination";
import { StaleNotice } from "~/ui/stale-notice";

export { refreshOnConflict as shouldRevalidate } from "~/ui/refresh-on-conflict";

export const meta: MetaFunction<typeof loader> = ({ data }) => [{ title: `${data?.feature.name ?? "Feature"} · Latchkey` }];

export async function loader({ request, context, params }: LoaderFunctionArgs) {
  const admin = await requireAdmin(request, context);
  const { searchParams } = new URL(request.url);
  const page = await readFeaturePage(context, keyOf(params.feature), readPage(searchParams));
  const [tie] = await findingsOfTies(context, [page.feature].filter(isTied));
  const canChange = mayAct(admin.role, "admin");
  const asked = canChange ? searchParams.get("ask") : null;
  const endEffects = await featureEndEffects(context, actorOf(admin), page.feature.key, asked, request.signal);
  return { ...page, findings: tie?.findings ?? [], canChange, endEffects };
}

const done = { save: "saved", archive: "archived", restore: "in use again" } as const;

export async function action({ request, context, params }: ActionFunctionArgs) {
  const admin = await requireAdmin(request, context, "admin");
  const { feature } = await readFeaturePage(context, keyOf(params.feature));
  const submission = await readForm(request, featurePageForm(feature.type));
  if (submission.status !== "success") return invalid(submission, undefined, { theirs: null, review: null });
  const act = submission.value;
  const notTied = act.intent === "save" ? await whyNotTied(context, feature.key, act.feature.flag) : null;
  if (notTied) return refused(submission, notTied, { flag: "flagKey" }, { theirs: null, review: null });
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
    message: result.changed ? `${name} is ${done[act.intent]}.` : `${name} was so already: nothing changed.`,
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
              <FeatureForm feature={feature} groups={groups} lastResult={answer?.result} review={answer?.review ?? null}>
                {answer?.theirs ? <StaleNotice theirs={answer.theirs} now={now} /> : undefined}
              </FeatureForm>
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
