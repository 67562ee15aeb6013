import type { ActionFunctionArgs, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useActionData, useLoaderData } from "@remix-run/react";
import { webhookForm } from "~/forms/webhooks/webhook";
import { keyOf, paths } from "~/paths";
import { actorOf, requireAdmin } from "~/server/admins/sessions.server";
import { invalid, readForm, refused } from "~/server/http/form.server";
import { redirectWithToast } from "~/server/http/toast.server";
import { changeEndpoint, noEndpoint } from "~/server/webhooks/endpoint-edits.server";
import { readWebhook } from "~/server/webhooks/webhook-pages.server";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { PageHeader } from "~/ui/kit/page-header";
import { WebhookForm } from "~/ui/webhooks/webhook-form";

export const meta: MetaFunction = () => [{ title: "Edit webhook · Latchkey" }];

export async function loader({ request, params, context }: LoaderFunctionArgs) {
  await requireAdmin(request, context, "webhooks.change");
  const endpoint = await readWebhook(context, keyOf(params.id));
  if (!endpoint) throw new Response(noEndpoint, { status: 404 });
  return endpoint;
}

export async function action({ request, params, context }: ActionFunctionArgs) {
  const me = await requireAdmin(request, context, "webhooks.change");
  const submission = await readForm(request, webhookForm);
  if (submission.status !== "success") return invalid(submission);
  const id = keyOf(params.id);
  const changed = await changeEndpoint(context, actorOf(me), id, submission.value);
  if (!changed.ok) return refused(submission, changed, { url: "url" });
  throw redirectWithToast(paths.webhook(id), { message: "The webhook is saved." });
}

export default function EditWebhook() {
  const { id, host, url, events } = useLoaderData<typeof loader>();
  const crumbs = [
    { label: "Webhooks", to: paths.webhooks() },
    { label: host, to: paths.webhook(id) },
  ];
  return (
    <>
      <PageHeader title="Edit webhook" breadcrumbs={crumbs} />
      <WebhookForm result={useActionData<typeof action>()?.result} initial={{ url, events }} cancelTo={paths.webhook(id)}>
        Save
      </WebhookForm>
    </>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
