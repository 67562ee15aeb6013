import type { ActionFunctionArgs, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useActionData, useLoaderData } from "@remix-run/react";
import { createFeature } from "~/core/feature-changes";
import { newFeatureForm } from "~/forms/feature";
import { paths } from "~/paths";
import { changeCatalogue } from "~/server/change.server";
import { readNewFeaturePage } from "~/server/feature-page.server";
import { whyNotTied } from "~/server/feature-ties.server";
import { invalid, readForm, refused } from "~/server/form.server";
import { actorOf, mayAct, requireAdmin } from "~/server/sessions.server";
import { redirectWithToast } from "~/server/toast.server";
import { Card } from "~/ui/card";
import { RouteErrorPage } from "~/ui/error-page";
import { FeatureForm } from "~/ui/feature-form";
import { PageHeader } from "~/ui/page-header";
import { ViewerNotice } from "~/ui/viewer-notice";

export const meta: MetaFunction = () => [{ title: "New feature · Latchkey" }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  const admin = await requireAdmin(request, context);
  return { ...(await readNewFeaturePage(context)), canChange: mayAct(admin.role, "admin") };
}

export async function action({ request, context }: ActionFunctionArgs) {
  const admin = await requireAdmin(request, context, "admin");
  const submission = await readForm(request, newFeatureForm);
  if (submission.status !== "success") return invalid(submission);
  const { key, feature } = submission.value;
  const notTied = await whyNotTied(context, key, feature.flag);
  if (notTied) return refused(submission, notTied, { flag: "flagKey" });
  const result = await changeCatalogue(context, actorOf(admin), (facts, stamp) => createFeature(facts, key, feature, stamp));
  if (!result.ok) return refused(submission, result, { key: "key", name: "name", group: "group" });
  return redirectWithToast(paths.feature(key), { message: `${feature.name} is there. Now say which plans give it.` });
}

export default function NewFeature() {
  const { groups, canChange } = useLoaderData<typeof loader>();
  const lastResult = useActionData<typeof action>()?.result;
  return (
    <>
      <PageHeader title="New feature" breadcrumbs={[{ label: "Features", to: paths.features() }]} />
      <div className="max-w-2xl">
        <ViewerNotice canChange={canChange} />
        {canChange && (
          <Card>
            <FeatureForm groups={groups} lastResult={lastResult} />
          </Card>
        )}
      </div>
    </>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
