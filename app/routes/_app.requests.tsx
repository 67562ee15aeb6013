import { type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction, redirect } from "@remix-run/node";
import { useActionData, useLoaderData } from "@remix-run/react";
import { Inbox } from "lucide-react";
import { isCsvImportRequest } from "~/core/import/csv-request";
import { isKeyRequest } from "~/core/requests/key-request";
import { requestStates, rightToDecide } from "~/core/requests/request";
import { cursorOf } from "~/forms/pagination";
import { readRequestsPageQuery, requestDecision } from "~/forms/requests/request";
import { readTimeZone } from "~/forms/time-zone";
import { paths } from "~/paths";
import { requireAdmin } from "~/server/admins/sessions.server";
import { grantBulkRequest, isBulkRequest, previewBulkRequest } from "~/server/bulk/bulk-approval.server";
import { invalid, readForm, refused } from "~/server/http/form.server";
import { redirectWithToast } from "~/server/http/toast.server";
import { settleSoon } from "~/server/jobs/job-page.server";
import { approveKeyRequest, grantRequest, refuseRequest, withdrawRequest } from "~/server/requests/decide.server";
import { findRequest, requestInbox } from "~/server/requests/inbox.server";
import { grantImportRequest, previewImportRequest } from "~/server/tenant-csv/csv-request.server";
import { newAct, undoOffer } from "~/server/undo/undo-offer.server";
import { LinkButton } from "~/ui/kit/button";
import { Card } from "~/ui/kit/card";
import { EmptyState } from "~/ui/kit/empty-state";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { FormErrors } from "~/ui/kit/notice";
import { PageHeader } from "~/ui/kit/page-header";
import { Tabs } from "~/ui/kit/tabs";
import { RequestCard } from "~/ui/requests/request-card";

export const meta: MetaFunction = () => [{ title: "Requests · Latchkey" }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  const admin = await requireAdmin(request, context, "read");
  const query = readRequestsPageQuery(new URL(request.url).searchParams);
  const inbox = await requestInbox(context, admin, query, readTimeZone(request.headers.get("Cookie")) ?? "UTC");
  const next = inbox.next && cursorOf(inbox.next.createdAt, inbox.next.id);
  return { ...inbox, next, state: query.state, tenant: query.tenant ?? null };
}

export async function action({ request, context }: ActionFunctionArgs) {
  // What every request needs at least; each kind has its own right below.
  await requireAdmin(request, context, "trials.grant");
  const submission = await readForm(request, requestDecision);
  if (submission.status !== "success") return invalid(submission);
  const { id, intent, days, answer } = submission.value;
  const found = await findRequest(context, id);
  if (!found) throw new Response("There is no such request. Requests are kept for a year.", { status: 404 });
  if (intent === "withdraw") {
    const asker = newAct(context, await requireAdmin(request, context, "requests.ask"));
    const result = await withdrawRequest(context, asker, id);
    return result.ok ? redirectWithToast(paths.requests(), { message: "The request is withdrawn." }) : refused(submission, result, {});
  }
  const actor = newAct(context, await requireAdmin(request, context, rightToDecide(found)));
  const isImport = isCsvImportRequest(found);
  if ((isImport || isBulkRequest(found)) && intent !== "refuse") {
    const note = answer || null;
    const preview = () => (isImport ? previewImportRequest(context, actor, found) : previewBulkRequest(context, actor, found, note));
    const approve = () => (isImport ? grantImportRequest(context, actor, found, note) : grantBulkRequest(context, actor, found, note));
    const job = intent === "preview" ? await preview() : await approve();
    if (!job.ok) return refused(submission, job, {});
    await settleSoon(context, job.job.id);
    return redirect(paths.job(job.job.id));
  }
  if (intent === "refuse") {
    const result = await refuseRequest(context, actor, found, answer ?? "");
    return result.ok ? redirectWithToast(paths.requests(), { message: "The request is refused." }) : refused(submission, result, {});
  }
  if (isKeyRequest(found)) {
    const result = await approveKeyRequest(context, actor, found, answer || null);
    const message = `The request is approved. ${found.actor.name} can create the key within 14 days.`;
    return result.ok ? redirectWithToast(paths.requests(), { message }) : refused(submission, result, {});
  }
  const result = await grantRequest(context, actor, found, { days, answer: answer || null });
  if (!result.ok) return refused(submission, result, { reason: "answer" });
  return redirectWithToast(paths.requests(), { message: "The request is granted.", undo: await undoOffer(context, actor) });
}

const words = { waiting: "Waiting", granted: "Granted", refused: "Refused", withdrawn: "Withdrawn", lapsed: "Lapsed" } as const;
const none = {
  waiting: "Nobody waits for an answer. Apps ask here for their users, and support for trials beyond the guard rails.",
  granted: "No request was granted yet.",
  refused: "No request was refused yet.",
  withdrawn: "No request was withdrawn yet.",
  lapsed: "No request has lapsed. One that nobody decides lapses after 14 days.",
} as const;

export default function RequestInbox() {
  const { items, next, state, tenant, now } = useLoaderData<typeof loader>();
  const result = useActionData<typeof action>()?.result;
  const errors = Object.values(result?.error ?? {}).flatMap((list) => list ?? []);
  return (
    <>
      <PageHeader title="Requests" description="What apps ask for their users, and people for what they may not do themselves." />
      <Tabs
        label="Requests"
        tabs={requestStates.map((of) => ({
          label: words[of],
          to: paths.requests({ state: of === "waiting" ? null : of, tenant }),
          isCurrent: of === state,
        }))}
      />
      <FormErrors errors={errors} />
      {items.length === 0 ? (
        <Card>
          <EmptyState icon={Inbox} title={state === "waiting" ? "Nothing waits" : "None"}>
            {none[state]}
          </EmptyState>
        </Card>
      ) : (
        <ul className="grid gap-3">
          {items.map((item) => (
            <li key={item.id}>
              <RequestCard request={item} now={now} entered={result?.initialValue?.id === item.id ? result.initialValue : undefined} />
            </li>
          ))}
        </ul>
      )}
      {next && (
        <p className="mt-4">
          <LinkButton to={paths.requests({ state, tenant, after: next })}>Older requests</LinkButton>
        </p>
      )}
    </>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
