import type { ActionFunctionArgs, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useActionData, useLoaderData } from "@remix-run/react";
import { setPlanEntries } from "~/core/catalogue-changes";
import { describeValue } from "~/core/catalogue-words";
import { cellForm } from "~/forms/cell";
import { typeWords } from "~/forms/feature-words";
import { keyOf, paths, safePath } from "~/paths";
import { proposeCell, readCellPage } from "~/server/cell-page.server";
import { changeCatalogue } from "~/server/change.server";
import { invalid, readForm, refused } from "~/server/form.server";
import { actorOf, mayAct, requireAdmin } from "~/server/sessions.server";
import { redirectWithToast } from "~/server/toast.server";
import { Badge } from "~/ui/badge";
import { CellForm } from "~/ui/cell-form";
import { CellNow } from "~/ui/cell-now";
import { RouteErrorPage } from "~/ui/error-page";
import { PageHeader } from "~/ui/page-header";
import { ViewerNotice } from "~/ui/viewer-notice";

export { refreshOnConflict as shouldRevalidate } from "~/ui/refresh-on-conflict";

export const meta: MetaFunction<typeof loader> = ({ data }) => [
  { title: data ? `${data.feature.name} in ${data.plan.name} · Latchkey` : "Plans · Latchkey" },
];

/** Where the grid was left: its own query travels along. */
const backTo = (url: URL) => safePath(`${paths.plans()}?${url.searchParams.get("back") ?? ""}`, paths.plans()).replace(/\?$/, "");

export async function loader({ request, context, params }: LoaderFunctionArgs) {
  const admin = await requireAdmin(request, context);
  const url = new URL(request.url);
  const cell = await readCellPage(context, keyOf(params.plan), keyOf(params.feature));
  return {
    ...cell,
    proposal: await proposeCell(context, actorOf(admin), cell, url.searchParams, request.signal),
    back: backTo(url),
    canChange: mayAct(admin.role, "admin"),
  };
}

export async function action({ request, context, params }: ActionFunctionArgs) {
  const admin = await requireAdmin(request, context, "admin");
  const { plan, feature } = await readCellPage(context, keyOf(params.plan), keyOf(params.feature));
  const submission = await readForm(request, cellForm(feature));
  if (submission.status !== "success") return invalid(submission);
  const { why, ...cell } = submission.value;
  const result = await changeCatalogue(context, actorOf(admin), (facts, stamp) =>
    setPlanEntries(facts, [{ plan: plan.key, feature: feature.key, ...cell }], stamp, why),
  );
  if (!result.ok) return refused(submission, result, result.code === "value_invalid" ? { value: "value" } : {});
  const is = cell.value === null ? "has no entry of its own" : `is ${describeValue(feature, cell.value)}`;
  return redirectWithToast(backTo(new URL(request.url)), {
    kind: result.changed ? "success" : "info",
    message: `${feature.name} in ${plan.name} ${is}${result.changed ? "" : " already"}.`,
  });
}

export default function EditCell() {
  const { plan, feature, given, inherited, own, includes, proposal, back, canChange } = useLoaderData<typeof loader>();
  const refusedResult = useActionData<typeof action>()?.result;
  return (
    <>
      <PageHeader
        title={`${feature.name} in ${plan.name}`}
        breadcrumbs={[{ label: "Plans", to: back }]}
        badges={
          <>
            <Badge tone={feature.type === "boolean" ? "neutral" : "accent"}>{typeWords[feature.type]}</Badge>
            {plan.archivedAt !== null && <Badge tone="warn">Plan archived</Badge>}
            {feature.archivedAt !== null && <Badge tone="warn">Feature archived</Badge>}
          </>
        }
      />
      <div className="max-w-2xl">
        <CellNow plan={plan} feature={feature} given={given} inherited={inherited} includes={includes} />
        <ViewerNotice canChange={canChange} />
        {canChange && (
          <CellForm plan={plan} feature={feature} own={own} inherited={inherited} proposal={proposal} refused={refusedResult} back={back} />
        )}
      </div>
    </>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
