import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction, redirect } from "@remix-run/node";
import { useActionData, useLoaderData } from "@remix-run/react";
import { undoSchema } from "~/forms/undo/undo-page";
import { paths, safePath } from "~/paths";
import { actorOf, requireAdmin } from "~/server/admins/sessions.server";
import { readForm } from "~/server/http/form.server";
import { redirectWithToast } from "~/server/http/toast.server";
import { settleSoon } from "~/server/jobs/job-page.server";
import { undoAct } from "~/server/undo/undo.server";
import { createUndoJob } from "~/server/undo/undo-job.server";
import { newAct, undoOffer } from "~/server/undo/undo-offer.server";
import { readUndoPage, requireUndo, seqOf } from "~/server/undo/undo-page.server";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { Notice } from "~/ui/kit/notice";
import { PageHeader } from "~/ui/kit/page-header";
import { PermissionNotice } from "~/ui/kit/permission-notice";
import { UndoPreviewCard } from "~/ui/undo/undo-preview";

export { refreshOnConflict as shouldRevalidate } from "~/ui/kit/refresh-on-conflict";

export const meta: MetaFunction = () => [{ title: "Undo · Latchkey" }];

export async function loader({ request, context, params }: LoaderFunctionArgs) {
  const admin = await requireAdmin(request, context, "read");
  const page = await readUndoPage(context, admin, seqOf(params.seq), request);
  return { ...page, returnTo: safePath(new URL(request.url).searchParams.get("returnTo"), "") };
}

export async function action({ request, context, params }: ActionFunctionArgs) {
  // What every undo needs at least; each has the right of what is undone.
  await requireAdmin(request, context, "trials.grant");
  const seq = seqOf(params.seq);
  const { found, admin, zone } = await requireUndo(request, context, seq);
  const submission = await readForm(request, undoSchema);
  if (submission.status !== "success") throw new Response("This form cannot be read. Go back and send it again.", { status: 400 });
  const { reviewed, partial, note, returnTo } = submission.value;
  if (found.isLarge) {
    const created = await createUndoJob(context, actorOf(admin), found, { isPreview: true, partial: true, note, zone });
    if (!created.ok) return data({ message: created.message }, { status: 409 });
    await settleSoon(context, created.job.id);
    return redirect(paths.job(created.job.id));
  }
  const actor = newAct(context, admin);
  const done = await undoAct(context, actor, found, { reviewed, partial: partial === "yes", note, zone });
  const to = safePath(returnTo, paths.auditEntry(seq));
  // From a toast: the page says what stays, and asks.
  if (!done.ok && reviewed === undefined) return redirect(paths.auditUndo(seq, to));
  if (!done.ok) return data({ message: done.message }, { status: 409 });
  const rest = done.refused === 0 ? "" : done.refused === 1 ? " One part stays as it is." : ` ${done.refused} parts stay as they are.`;
  return redirectWithToast(to, { message: `Undone.${rest}`, undo: await undoOffer(context, actor) });
}

export default function UndoPage() {
  const { returnTo, canUndo, needs, ...page } = useLoaderData<typeof loader>();
  const refused = useActionData<typeof action>();
  return (
    <>
      <PageHeader
        title="Undo"
        breadcrumbs={[
          { label: "Activity", to: paths.audit() },
          { label: `Entry ${page.entry.seq}`, to: paths.auditEntry(page.entry.seq) },
        ]}
      />
      <div className="max-w-3xl">
        {refused && (
          <Notice kind="error" role="alert" title="Nothing was undone" className="mb-4">
            {refused.message}
          </Notice>
        )}
        {needs && <PermissionNotice canChange={canUndo} act={needs} />}
        <UndoPreviewCard {...page} canUndo={canUndo} returnTo={returnTo} />
      </div>
    </>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
