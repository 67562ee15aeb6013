import type { ActionFunctionArgs, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useActionData, useLoaderData } from "@remix-run/react";
import { createPlan } from "~/core/catalogue/plan-changes";
import { mayAct } from "~/core/permissions";
import { newPlanForm } from "~/forms/catalogue/plan";
import { paths } from "~/paths";
import { requireAdmin } from "~/server/admins/sessions.server";
import { readNewPlanPage } from "~/server/catalogue/plan-page.server";
import { changeCatalogue } from "~/server/changes/catalogue-change.server";
import { invalid, readForm, refused } from "~/server/http/form.server";
import { redirectWithToast } from "~/server/http/toast.server";
import { newAct, undoOffer } from "~/server/undo/undo-offer.server";
import { PlanEditor } from "~/ui/catalogue/plan-form";
import { Card } from "~/ui/kit/card";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { PageHeader } from "~/ui/kit/page-header";
import { PermissionNotice } from "~/ui/kit/permission-notice";

export const meta: MetaFunction = () => [{ title: "New plan · Latchkey" }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  const admin = await requireAdmin(request, context, "read");
  return { ...(await readNewPlanPage(context)), canChange: mayAct(admin.role, "catalogue.change") };
}

export async function action({ request, context }: ActionFunctionArgs) {
  const admin = await requireAdmin(request, context, "catalogue.change");
  const submission = await readForm(request, newPlanForm);
  if (submission.status !== "success") return invalid(submission);
  const { key, ...form } = submission.value;
  const actor = newAct(context, admin);
  const result = await changeCatalogue(context, actor, (facts, stamp) => createPlan(facts, key, form, stamp));
  if (!result.ok) return refused(submission, result, { key: "key", name: "name", includes: "includes" });
  return redirectWithToast(paths.plan(key), {
    message: `${form.name} was created. Give it features in the grid.`,
    undo: await undoOffer(context, actor),
  });
}

export default function NewPlan() {
  const { includable, canChange } = useLoaderData<typeof loader>();
  const lastResult = useActionData<typeof action>()?.result;
  return (
    <>
      <PageHeader title="New plan" breadcrumbs={[{ label: "Plans", to: paths.plans() }]} />
      <div className="max-w-2xl">
        <PermissionNotice canChange={canChange} act="catalogue.change" />
        {canChange && (
          <Card>
            <PlanEditor includable={includable} lastResult={lastResult} />
          </Card>
        )}
      </div>
    </>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
