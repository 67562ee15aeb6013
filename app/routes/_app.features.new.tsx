import type { ActionFunctionArgs, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useActionData, useLoaderData } from "@remix-run/react";
import { createFeature } from "~/core/catalogue/feature-changes";
import { mayAct } from "~/core/permissions";
import { newFeatureForm } from "~/forms/catalogue/feature";
import { paths } from "~/paths";
import { requireAdmin } from "~/server/admins/sessions.server";
import { linkProblem } from "~/server/catalogue/feature-flags.server";
import { readNewFeaturePage } from "~/server/catalogue/feature-page.server";
import { changeCatalogue } from "~/server/changes/catalogue-change.server";
import { invalid, readForm, refused } from "~/server/http/form.server";
import { redirectWithToast } from "~/server/http/toast.server";
import { newAct, undoOffer } from "~/server/undo/undo-offer.server";
import { FeatureEditor } from "~/ui/catalogue/feature-form";
import { Card } from "~/ui/kit/card";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { PageHeader } from "~/ui/kit/page-header";
import { PermissionNotice } from "~/ui/kit/permission-notice";

export const meta: MetaFunction = () => [{ title: "New feature · Latchkey" }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  const admin = await requireAdmin(request, context, "read");
  return { ...(await readNewFeaturePage(context)), canChange: mayAct(admin.role, "catalogue.change") };
}

export async function action({ request, context }: ActionFunctionArgs) {
  const admin = await requireAdmin(request, context, "catalogue.change");
  const submission = await readForm(request, newFeatureForm);
  if (submission.status !== "success") return invalid(submission);
  const { key, feature } = submission.value;
  const linkProblemFound = await linkProblem(context, key, feature.flag);
  if (linkProblemFound) return refused(submission, linkProblemFound, { flag: "flagKey" });
  const actor = newAct(context, admin);
  const result = await changeCatalogue(context, actor, (facts, stamp) => createFeature(facts, key, feature, stamp));
  if (!result.ok) return refused(submission, result, { key: "key", name: "name", group: "group" });
  return redirectWithToast(paths.feature(key), {
    message: `${feature.name} was created. Now choose which plans give it.`,
    undo: await undoOffer(context, actor),
  });
}

export default function NewFeature() {
  const { groups, canChange } = useLoaderData<typeof loader>();
  const lastResult = useActionData<typeof action>()?.result;
  return (
    <>
      <PageHeader title="New feature" breadcrumbs={[{ label: "Features", to: paths.features() }]} />
      <div className="max-w-2xl">
        <PermissionNotice canChange={canChange} act="catalogue.change" />
        {canChange && (
          <Card>
            <FeatureEditor groups={groups} lastResult={lastResult} />
          </Card>
        )}
      </div>
    </>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
