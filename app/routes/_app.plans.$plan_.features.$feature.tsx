import type { ActionFunctionArgs, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useActionData, useLoaderData } from "@remix-run/react";
import { setPlanEntries } from "~/core/catalogue/catalogue-changes";
import { describeValue } from "~/core/catalogue/catalogue-words";
import { mayAct } from "~/core/permissions";
import { typeWords } from "~/forms/catalogue/feature-words";
import { cellForm } from "~/forms/catalogue/plan-cell";
import { keyOf, paths, safePath } from "~/paths";
import { actorOf, requireAdmin } from "~/server/admins/sessions.server";
import { editDraft } from "~/server/catalogue/drafts.server";
import { proposeCell, readCellPage } from "~/server/catalogue/plan-cell-page.server";
import { changeCatalogue } from "~/server/changes/catalogue-change.server";
import { invalid, readForm, refused } from "~/server/http/form.server";
import { redirectWithToast } from "~/server/http/toast.server";
import { newAct, undoOffer } from "~/server/undo/undo-offer.server";
import { CellForm } from "~/ui/catalogue/plan-cell-form";
import { CellNow } from "~/ui/catalogue/plan-cell-summary";
import { Badge } from "~/ui/kit/badge";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { PageHeader } from "~/ui/kit/page-header";
import { PermissionNotice } from "~/ui/kit/permission-notice";

export { refreshOnConflict as shouldRevalidate } from "~/ui/kit/refresh-on-conflict";

export const meta: MetaFunction<typeof loader> = ({ data }) => [
  { title: data ? `${data.feature.name} in ${data.plan.name} · Latchkey` : "Plans · Latchkey" },
];

/** The query of the grid the user came from. */
const backTo = (url: URL) => safePath(`${paths.plans()}?${url.searchParams.get("back") ?? ""}`, paths.plans()).replace(/\?$/, "");

export async function loader({ request, context, params }: LoaderFunctionArgs) {
  const admin = await requireAdmin(request, context, "read");
  const url = new URL(request.url);
  const cell = await readCellPage(context, keyOf(params.plan), keyOf(params.feature));
  return {
    ...cell,
    proposal: await proposeCell(context, actorOf(admin), cell, url.searchParams, request.signal),
    back: backTo(url),
    canChange: mayAct(admin.role, "catalogue.change"),
  };
}

export async function action({ request, context, params }: ActionFunctionArgs) {
  const admin = await requireAdmin(request, context, "catalogue.change");
  const { plan, feature } = await readCellPage(context, keyOf(params.plan), keyOf(params.feature));
  const submission = await readForm(request, cellForm(feature));
  if (submission.status !== "success") return invalid(submission);
  const { why, intent, ...cell } = submission.value;
  const actor = newAct(context, admin);
  if (intent === "draft") {
    const saved = await editDraft(context, actor, [{ plan: plan.key, feature: feature.key, value: cell.value }]);
    if (!saved.ok) return refused(submission, saved, {});
    return redirectWithToast(backTo(new URL(request.url)), { message: `${feature.name} in ${plan.name} is in your draft.` });
  }
  const result = await changeCatalogue(context, actor, (facts, stamp) =>
    setPlanEntries(facts, [{ plan: plan.key, feature: feature.key, ...cell }], stamp, why),
  );
  if (!result.ok) return refused(submission, result, result.code === "value_invalid" ? { value: "value" } : {});
  const is = cell.value === null ? "has no entry of its own" : `is ${describeValue(feature, cell.value)}`;
  return redirectWithToast(backTo(new URL(request.url)), {
    kind: result.changed ? "success" : "info",
    message: `${feature.name} in ${plan.name} ${is}${result.changed ? "" : " already"}.`,
    undo: await undoOffer(context, actor),
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
        <PermissionNotice canChange={canChange} act="catalogue.change" />
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
