import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import { useActionData } from "@remix-run/react";
import { newWebhookForm } from "~/forms/webhooks/webhook";
import { paths } from "~/paths";
import { actorOf, requireAdmin } from "~/server/admins/sessions.server";
import { invalid, readForm, refused } from "~/server/http/form.server";
import { redirectWithToast } from "~/server/http/toast.server";
import { createEndpoint } from "~/server/webhooks/endpoint-edits.server";
import { LinkButton } from "~/ui/kit/button";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { PageHeader } from "~/ui/kit/page-header";
import { SecretOnce } from "~/ui/webhooks/secret-once";
import { WebhookForm } from "~/ui/webhooks/webhook-form";

export const meta: MetaFunction = () => [{ title: "New webhook · Latchkey" }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  await requireAdmin(request, context, "webhooks.change");
  return null;
}

export async function action({ request, context }: ActionFunctionArgs) {
  const me = await requireAdmin(request, context, "webhooks.change");
  const submission = await readForm(request, newWebhookForm);
  if (submission.status !== "success") return invalid(submission);
  const made = await createEndpoint(context, actorOf(me), submission.value);
  if (!made.ok) return refused(submission, made, { url: "url" });
  const { id, secret } = made;
  if (secret === null) throw redirectWithToast(paths.webhook(id), { message: "The webhook is created. Test it." });
  return data({ id, secret });
}

export default function NewWebhook() {
  const answer = useActionData<typeof action>();
  const made = answer && "secret" in answer ? answer : null;
  return (
    <>
      <PageHeader title="New webhook" breadcrumbs={[{ label: "Webhooks", to: paths.webhooks() }]} />
      {made ? (
        <SecretOnce
          title="The webhook is created"
          secret={made.secret}
          actions={
            <LinkButton to={paths.webhook(made.id)} variant="primary">
              Open the webhook
            </LinkButton>
          }
        />
      ) : (
        <WebhookForm
          result={answer && "result" in answer ? answer.result : undefined}
          initial={{ url: "", kind: "standard", events: ["grant.created", "grant.ends_soon", "grant.ended", "tenant.plan_changed"] }}
          cancelTo={paths.webhooks()}
        >
          Create webhook
        </WebhookForm>
      )}
    </>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
