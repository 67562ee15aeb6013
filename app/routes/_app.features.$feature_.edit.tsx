import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import { useActionData, useLoaderData } from "@remix-run/react";
import { mayAct } from "~/core/permissions";
import { featurePageForm } from "~/forms/catalogue/feature";
import { keyOf, paths } from "~/paths";
import { actorOf, requireAdmin } from "~/server/admins/sessions.server";
import { theirChange } from "~/server/catalogue/catalogue-edits.server";
import { isLinked, linkFindingsOf, linkProblem } from "~/server/catalogue/feature-flags.server";
import { actOnFeature, featureEndEffects, readFeatureForm, reviewFeature } from "~/server/catalogue/feature-page.server";
import { invalid, readForm, refused } from "~/server/http/form.server";
import { redirectWithToast } from "~/server/http/toast.server";
import { newAct, undoOffer } from "~/server/undo/undo-offer.server";
import { FeatureEnd } from "~/ui/catalogue/feature-end";
import { FeatureFacts } from "~/ui/catalogue/feature-facts";
import { FeatureEditor } from "~/ui/catalogue/feature-form";
import { FindingList } from "~/ui/catalogue/finding-list";
import { Badge } from "~/ui/kit/badge";
import { Card } from "~/ui/kit/card";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { Notice } from "~/ui/kit/notice";
import { PageHeader } from "~/ui/kit/page-header";
import { PermissionNotice } from "~/ui/kit/permission-notice";
import { StaleNotice } from "~/ui/kit/stale-notice";

export { refreshOnConflict as shouldRevalidate } from "~/ui/kit/refresh-on-conflict";

export const meta: MetaFunction<typeof loader> = ({ data }) => [{ title: `Edit · ${data?.feature.name ?? "Feature"} · Latchkey` }];

export async function loader({ request, context, params }: LoaderFunctionArgs) {
  const admin = await requireAdmin(request, context, "read");
  const { searchParams } = new URL(request.url);
  const page = await readFeatureForm(context, keyOf(params.feature));
  const [tie] = await linkFindingsOf(context, [page.feature].filter(isLinked));
  const canChange = mayAct(admin.role, "catalogue.change");
  const asked = canChange ? searchParams.get("ask") : null;
  const endEffects = await featureEndEffects(context, actorOf(admin), page.feature.key, asked, request.signal);
  return { ...page, findings: tie?.findings ?? [], canChange, endEffects };
}

const done = { save: "saved", archive: "archived", restore: "in use again" } as const;

export async function action({ request, context, params }: ActionFunctionArgs) {
  const admin = await requireAdmin(request, context, "catalogue.change");
  const { feature } = await readFeatureForm(context, keyOf(params.feature));
  const submission = await readForm(request, featurePageForm(feature.type));
  if (submission.status !== "success") return invalid(submission, undefined, { theirs: null, review: null });
  const act = submission.value;
  const linkProblemFound = act.intent === "save" ? await linkProblem(context, feature.key, act.feature.flag) : null;
  if (linkProblemFound) return refused(submission, linkProblemFound, { flag: "flagKey" }, { theirs: null, review: null });
  const review = await reviewFeature(context, actorOf(admin), feature.key, act, request.signal);
  if (review) return data({ result: submission.reply(), theirs: null, review });
  const actor = newAct(context, admin);
  const result = await actOnFeature(context, actor, feature.key, act);
  if (!result.ok) {
    const isStale = result.code === "stale" && act.intent === "save";
    const theirs = isStale ? await theirChange(context, "feature", feature.key, act.expected) : null;
    return refused(submission, result, { name: "name", group: "group", "meter.resetPeriod": "resetPeriod" }, { theirs, review: null });
  }
  const name = act.intent === "save" ? act.feature.name : feature.name;
  return redirectWithToast(paths.feature(feature.key), {
    kind: result.changed ? "success" : "info",
    message: result.changed ? `${name} is ${done[act.intent]}.` : `Nothing changed in ${name}.`,
    undo: await undoOffer(context, actor),
  });
}

export default function EditFeature() {
  const { feature, groups, findings, now, canChange, endEffects } = useLoaderData<typeof loader>();
  const answer = useActionData<typeof action>();
  return (
    <>
      <PageHeader
        title={`Edit ${feature.name}`}
        breadcrumbs={[
          { label: "Features", to: paths.features() },
          { label: feature.name, to: paths.feature(feature.key) },
        ]}
        badges={feature.archivedAt !== null && <Badge tone="warn">Archived</Badge>}
      />
      <div className="max-w-3xl">
        <PermissionNotice canChange={canChange} act="catalogue.change" />
        {findings.length > 0 && (
          <Notice kind="warning" title="The PostHog flag of this feature" className="mb-4">
            <FindingList findings={findings} />
          </Notice>
        )}
        <Card>
          {canChange ? (
            <FeatureEditor feature={feature} groups={groups} lastResult={answer?.result} review={answer?.review ?? null}>
              {answer?.theirs ? <StaleNotice theirs={answer.theirs} now={now} /> : undefined}
            </FeatureEditor>
          ) : (
            <FeatureFacts feature={feature} withFlag />
          )}
        </Card>
        {canChange && <FeatureEnd feature={feature} effects={endEffects} />}
      </div>
    </>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
