import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction, redirect } from "@remix-run/node";
import { useActionData, useLoaderData, useNavigation } from "@remix-run/react";
import { bulkActs, rightOfBulk } from "~/core/bulk/bulk-act";
import { mayAct } from "~/core/permissions";
import { bulkActOfForm, bulkForm, bulkSelectionOfForm, pickedTenants } from "~/forms/bulk/bulk-form";
import { readBulkList, selectionOfList } from "~/forms/bulk/bulk-list";
import { paths } from "~/paths";
import { actorOf, requireAdmin } from "~/server/admins/sessions.server";
import { createBulk } from "~/server/bulk/bulk.server";
import { bulkChoices } from "~/server/bulk/bulk-choices.server";
import { invalid, readForm, refused } from "~/server/http/form.server";
import { settleSoon } from "~/server/jobs/job-page.server";
import { BulkForm } from "~/ui/bulk/bulk-form";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { Notice } from "~/ui/kit/notice";
import { PageHeader } from "~/ui/kit/page-header";

export const meta: MetaFunction = () => [{ title: "Change many tenants · Latchkey" }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  const admin = await requireAdmin(request, context, "read");
  const { searchParams } = new URL(request.url);
  const all = readBulkList(searchParams);
  return {
    ...(await bulkChoices(context, all && selectionOfList(all.list, all.query))),
    all,
    acts: bulkActs.filter((act) => mayAct(admin.role, rightOfBulk(act)) && (act !== "resync" || context.posthog !== null)),
  };
}

export async function action({ request, context }: ActionFunctionArgs) {
  // What every bulk act needs at least; each has its own right below.
  await requireAdmin(request, context, "trials.grant");
  const submission = await readForm(request, bulkForm);
  // From the list of tenants: the form is shown with what was ticked.
  if (submission.payload.intent === "pick") {
    const { tenant = [], act, features } = pickedTenants.safeParse(submission.payload).data ?? {};
    return data({ result: null, picked: { keys: [...new Set(tenant)], act, feature: features } });
  }
  if (submission.status !== "success") return invalid(submission, undefined, { picked: null });
  const form = submission.value;
  const admin = await requireAdmin(request, context, rightOfBulk(form.act));
  const note = form.note ?? null;
  const bulk = { act: bulkActOfForm(form), selection: bulkSelectionOfForm(form), note, reason: note, isPreview: true };
  const created = await createBulk(context, actorOf(admin), bulk);
  const plan = form.act === "grant_bundle" ? "bundle" : "plan";
  const fields = { features: "features", plan, addOn: "addOn", act: "act", ...(form.from === "keys" ? { tenants: "keys" } : {}) };
  if (!created.ok) return refused(submission, created, fields, { picked: null });
  await settleSoon(context, created.job.id);
  return redirect(paths.job(created.job.id));
}

export default function Bulk() {
  const loaded = useLoaderData<typeof loader>();
  const sent = useActionData<typeof action>();
  const busy = useNavigation().formMethod === "POST";
  return (
    <>
      <PageHeader title="Change many tenants" breadcrumbs={[{ label: "Tenants", to: paths.tenants() }]} />
      {loaded.acts.length === 0 && (
        <Notice kind="info" className="mb-4">
          You can look at this, but not change it. Ask an owner for a role that may grant trials.
        </Notice>
      )}
      <BulkForm
        key={sent?.picked ? "picked" : "own"}
        {...loaded}
        picked={sent?.picked ?? null}
        lastResult={sent?.result ?? undefined}
        busy={busy}
      />
    </>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
