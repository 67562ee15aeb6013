import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import { useActionData, useLoaderData } from "@remix-run/react";
import { mayAct } from "~/core/permissions";
import { planPageForm } from "~/forms/catalogue/plan";
import { keyOf, paths } from "~/paths";
import { actorOf, requireAdmin } from "~/server/admins/sessions.server";
import { theirChange } from "~/server/catalogue/catalogue-edits.server";
import { actOnPlan, planEndEffects, readPlanPage, reviewPlan } from "~/server/catalogue/plan-page.server";
import { invalid, readForm, refused } from "~/server/http/form.server";
import { redirectWithToast } from "~/server/http/toast.server";
import { PlanEditor } from "~/ui/catalogue/plan-form";
import { Badge } from "~/ui/kit/badge";
import { LinkButton, TextLink } from "~/ui/kit/button";
import { Card } from "~/ui/kit/card";
import { Code } from "~/ui/kit/code";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { KeyValue } from "~/ui/kit/key-value";
import { PageHeader } from "~/ui/kit/page-header";
import { count } from "~/ui/kit/pagination";
import { StaleNotice } from "~/ui/kit/stale-notice";
import { PlanEnd } from "~/ui/tenants/plan-end";

export { refreshOnConflict as shouldRevalidate } from "~/ui/kit/refresh-on-conflict";

export const meta: MetaFunction<typeof loader> = ({ data }) => [{ title: `${data?.plan.name ?? "Plan"} · Latchkey` }];

export async function loader({ request, context, params }: LoaderFunctionArgs) {
  const admin = await requireAdmin(request, context, "read");
  const page = await readPlanPage(context, keyOf(params.plan));
  const canChange = mayAct(admin.role, "catalogue.change");
  const asks = canChange ? new URL(request.url).searchParams.get("ask") : null;
  const endEffects = await planEndEffects(context, actorOf(admin), page.plan.key, asks, request.signal);
  return { ...page, asks, endEffects, canChange };
}

const done = { save: "saved", archive: "archived", restore: "in use again", delete: "deleted" } as const;

export async function action({ request, context, params }: ActionFunctionArgs) {
  const admin = await requireAdmin(request, context, "catalogue.change");
  const { plan } = await readPlanPage(context, keyOf(params.plan));
  const submission = await readForm(request, planPageForm);
  if (submission.status !== "success") return invalid(submission, undefined, { theirs: null, intent: "save", review: null });
  const act = submission.value;
  const review = await reviewPlan(context, actorOf(admin), plan.key, act, request.signal);
  if (review) return data({ result: submission.reply(), theirs: null, intent: act.intent, review });
  const result = await actOnPlan(context, actorOf(admin), plan.key, act);
  if (!result.ok) {
    const isStale = result.code === "stale" && act.intent === "save";
    const theirs = isStale ? await theirChange(context, "plan", plan.key, act.expected) : null;
    return refused(submission, result, { name: "name", includes: "includes" }, { theirs, intent: act.intent, review: null });
  }
  const name = act.intent === "save" ? act.name : plan.name;
  return redirectWithToast(act.intent === "delete" ? paths.plans() : paths.plan(plan.key), {
    kind: result.changed ? "success" : "info",
    message: result.changed ? `${name} is ${done[act.intent]}.` : `Nothing changed in ${name}.`,
  });
}

export default function EditPlan() {
  const { plan, tenants, own, inherited, includable, includedBy, moreIncludedBy, asks, endEffects, now, canChange } =
    useLoaderData<typeof loader>();
  const answer = useActionData<typeof action>();
  const lastResult = answer?.result;
  const isAddOn = plan.kind === "add_on";
  const refusedEnd = answer && answer.intent !== "save" ? lastResult?.error?.[""] : undefined;
  return (
    <>
      <PageHeader
        title={plan.name}
        breadcrumbs={[{ label: "Plans", to: paths.plans() }]}
        badges={
          <>
            <Badge>{isAddOn ? "Add-on" : "Plan"}</Badge>
            {plan.archivedAt !== null && <Badge tone="warn">Archived</Badge>}
          </>
        }
        actions={<LinkButton to={paths.audit({ kind: "plan", subject: plan.key })}>History</LinkButton>}
      />
      <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_20rem]">
        <Card className="lg:order-last">
          <KeyValue
            items={[
              { label: "Key", value: <Code>{plan.key}</Code> },
              {
                label: "Tenants",
                value: tenants === 0 ? "0" : <TextLink to={paths.tenants({ plan: plan.key })}>{count(tenants)}</TextLink>,
              },
              { label: "Own features", value: count(own) },
              { label: "Inherited", value: count(inherited) },
              {
                label: "Included by",
                value:
                  includedBy.length === 0
                    ? "no plan"
                    : includedBy.map(({ key, name }, i) => (
                        <span key={key}>
                          {i > 0 && ", "}
                          <TextLink to={paths.plan(key)}>{name}</TextLink>
                          {i === includedBy.length - 1 && moreIncludedBy > 0 && ` and ${count(moreIncludedBy)} more`}
                        </span>
                      )),
              },
            ]}
          />
          <LinkButton to={paths.plans()} className="mt-4 w-full">
            Edit features in the grid
          </LinkButton>
        </Card>
        <div className="flex min-w-0 flex-col gap-6">
          {canChange ? (
            <Card>
              <PlanEditor
                plan={plan}
                includable={includable}
                lastResult={refusedEnd ? undefined : lastResult}
                review={answer?.review ?? null}
              >
                {answer?.theirs ? <StaleNotice theirs={answer.theirs} now={now} /> : undefined}
              </PlanEditor>
            </Card>
          ) : (
            <Card>
              <KeyValue
                items={[
                  { label: "Description", value: plan.description },
                  { label: "Rank", value: String(plan.rank) },
                  { label: "Includes", value: plan.includes && <TextLink to={paths.plan(plan.includes)}>{plan.includes}</TextLink> },
                ]}
              />
            </Card>
          )}
          {canChange && (
            <PlanEnd
              plan={plan}
              tenants={tenants}
              includedBy={includedBy}
              asks={asks}
              effects={endEffects}
              refused={refusedEnd ?? undefined}
            />
          )}
        </div>
      </div>
    </>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
