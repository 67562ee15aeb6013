import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import { useActionData, useLoaderData } from "@remix-run/react";
import { mayAct } from "~/core/permissions";
import { planPageForm } from "~/forms/catalogue/plan";
import { keyOf, paths } from "~/paths";
import { actorOf, requireAdmin } from "~/server/admins/sessions.server";
import { theirChange } from "~/server/catalogue/catalogue-edits.server";
import { actOnPlan, planEndEffects, readPlanForm, reviewPlan } from "~/server/catalogue/plan-page.server";
import { invalid, readForm, refused } from "~/server/http/form.server";
import { redirectWithToast } from "~/server/http/toast.server";
import { newAct, undoOffer } from "~/server/undo/undo-offer.server";
import { PlanEditor } from "~/ui/catalogue/plan-form";
import { Badge } from "~/ui/kit/badge";
import { LinkButton, TextLink } from "~/ui/kit/button";
import { Card } from "~/ui/kit/card";
import { Code } from "~/ui/kit/code";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { KeyValue } from "~/ui/kit/key-value";
import { PageHeader } from "~/ui/kit/page-header";
import { PermissionNotice } from "~/ui/kit/permission-notice";
import { StaleNotice } from "~/ui/kit/stale-notice";
import { PlanEnd } from "~/ui/tenants/plan-end";

export { refreshOnConflict as shouldRevalidate } from "~/ui/kit/refresh-on-conflict";

export const meta: MetaFunction<typeof loader> = ({ data }) => [{ title: `Edit · ${data?.plan.name ?? "Plan"} · Latchkey` }];

export async function loader({ request, context, params }: LoaderFunctionArgs) {
  const admin = await requireAdmin(request, context, "read");
  const page = await readPlanForm(context, keyOf(params.plan));
  const canChange = mayAct(admin.role, "catalogue.change");
  const asks = canChange ? new URL(request.url).searchParams.get("ask") : null;
  const endEffects = await planEndEffects(context, actorOf(admin), page.plan.key, asks, request.signal);
  return { ...page, asks, endEffects, canChange };
}

const done = { save: "saved", archive: "archived", restore: "in use again", delete: "deleted" } as const;

export async function action({ request, context, params }: ActionFunctionArgs) {
  const admin = await requireAdmin(request, context, "catalogue.change");
  const { plan } = await readPlanForm(context, keyOf(params.plan));
  const submission = await readForm(request, planPageForm);
  if (submission.status !== "success") return invalid(submission, undefined, { theirs: null, intent: "save", review: null });
  const act = submission.value;
  const review = await reviewPlan(context, actorOf(admin), plan.key, act, request.signal);
  if (review) return data({ result: submission.reply(), theirs: null, intent: act.intent, review });
  const actor = newAct(context, admin);
  const result = await actOnPlan(context, actor, plan.key, act);
  if (!result.ok) {
    const isStale = result.code === "stale" && act.intent === "save";
    const theirs = isStale ? await theirChange(context, "plan", plan.key, act.expected) : null;
    return refused(submission, result, { name: "name", includes: "includes" }, { theirs, intent: act.intent, review: null });
  }
  const name = act.intent === "save" ? act.name : plan.name;
  return redirectWithToast(act.intent === "delete" ? paths.plans() : paths.plan(plan.key), {
    kind: result.changed ? "success" : "info",
    message: result.changed ? `${name} is ${done[act.intent]}.` : `Nothing changed in ${name}.`,
    undo: await undoOffer(context, actor),
  });
}

export default function EditPlan() {
  const { plan, tenants, scheduled, includable, includedBy, asks, endEffects, now, canChange } = useLoaderData<typeof loader>();
  const answer = useActionData<typeof action>();
  const lastResult = answer?.result;
  const refusedEnd = answer && answer.intent !== "save" ? lastResult?.error?.[""] : undefined;
  return (
    <>
      <PageHeader
        title={`Edit ${plan.name}`}
        breadcrumbs={[
          { label: "Plans", to: paths.plans() },
          { label: plan.name, to: paths.plan(plan.key) },
        ]}
        badges={plan.archivedAt !== null && <Badge tone="warn">Archived</Badge>}
        actions={<LinkButton to={paths.plans()}>Edit features in the grid</LinkButton>}
      />
      <div className="flex min-w-0 max-w-3xl flex-col gap-6">
        <PermissionNotice canChange={canChange} act="catalogue.change" />
        <Card>
          {canChange ? (
            <PlanEditor
              plan={plan}
              includable={includable}
              lastResult={refusedEnd ? undefined : lastResult}
              review={answer?.review ?? null}
            >
              {answer?.theirs ? <StaleNotice theirs={answer.theirs} now={now} /> : undefined}
            </PlanEditor>
          ) : (
            <KeyValue
              items={[
                { label: "Key", value: <Code>{plan.key}</Code> },
                { label: "Description", value: plan.description },
                { label: "Rank", value: String(plan.rank) },
                { label: "Includes", value: plan.includes && <TextLink to={paths.plan(plan.includes)}>{plan.includes}</TextLink> },
              ]}
            />
          )}
        </Card>
        {canChange && (
          <PlanEnd
            plan={plan}
            tenants={tenants}
            scheduled={scheduled}
            includedBy={includedBy}
            asks={asks}
            effects={endEffects}
            refused={refusedEnd ?? undefined}
          />
        )}
      </div>
    </>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
