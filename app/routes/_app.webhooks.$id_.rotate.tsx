import { getFormProps, useForm } from "@conform-to/react";
import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import { Form, useActionData, useLoaderData, useNavigation } from "@remix-run/react";
import { hour } from "~/core/time";
import { rotateSecretForm } from "~/forms/webhooks/webhook";
import { keyOf, paths } from "~/paths";
import { actorOf, requireAdmin } from "~/server/admins/sessions.server";
import { invalid, readForm, refused } from "~/server/http/form.server";
import { noEndpoint, rotateSecret } from "~/server/webhooks/endpoint-edits.server";
import { readWebhook } from "~/server/webhooks/webhook-pages.server";
import { LinkButton } from "~/ui/kit/button";
import { Card } from "~/ui/kit/card";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { Field } from "~/ui/kit/field";
import { Select } from "~/ui/kit/inputs";
import { FormErrors } from "~/ui/kit/notice";
import { PageHeader } from "~/ui/kit/page-header";
import { SubmitRow } from "~/ui/kit/submit-row";
import { Time } from "~/ui/kit/time";
import { SecretOnce } from "~/ui/webhooks/secret-once";
import { secretOverlapChoices } from "~/ui/webhooks/webhook-words";

export const meta: MetaFunction = () => [{ title: "Rotate secret · Webhooks · Latchkey" }];

export async function loader({ request, params, context }: LoaderFunctionArgs) {
  await requireAdmin(request, context, "webhooks.change");
  const endpoint = await readWebhook(context, keyOf(params.id));
  if (endpoint?.kind !== "standard") throw new Response(noEndpoint, { status: 404 });
  return endpoint;
}

export async function action({ request, params, context }: ActionFunctionArgs) {
  const me = await requireAdmin(request, context, "webhooks.change");
  const submission = await readForm(request, rotateSecretForm);
  if (submission.status !== "success") return invalid(submission);
  const rotated = await rotateSecret(context, actorOf(me), keyOf(params.id), Number(submission.value.overlap) * hour);
  if (!rotated.ok) return refused(submission, rotated, {});
  return data({ secret: rotated.secret, oldEndsAt: rotated.oldEndsAt, now: context.now() });
}

export default function RotateSecret() {
  const { id, host } = useLoaderData<typeof loader>();
  const answer = useActionData<typeof action>();
  const busy = useNavigation().formMethod === "POST";
  const made = answer && "secret" in answer ? answer : null;
  const [form, fields] = useForm<{ overlap: string }>({
    id: "rotate",
    lastResult: answer && "result" in answer ? answer.result : undefined,
  });
  const crumbs = [
    { label: "Webhooks", to: paths.webhooks() },
    { label: host, to: paths.webhook(id) },
  ];
  return (
    <>
      <PageHeader title="Rotate secret" breadcrumbs={crumbs} />
      {made ? (
        <SecretOnce
          title="The new secret is made"
          secret={made.secret}
          actions={<LinkButton to={paths.webhook(id)}>Back to the webhook</LinkButton>}
        >
          {made.oldEndsAt > made.now && (
            <>
              Until <Time at={made.oldEndsAt} now={made.now} show="both" />, deliveries also have a signature by the old one.
            </>
          )}
        </SecretOnce>
      ) : (
        <Card className="max-w-2xl">
          <Form method="post" {...getFormProps(form)}>
            <FormErrors errors={form.errors} />
            <p className="mb-4 text-ink-muted text-sm">
              Makes another secret. While both sign, a receiver that has either of them accepts deliveries.
            </p>
            <Field label="The old secret" field={fields.overlap}>
              <Select options={secretOverlapChoices} defaultValue={fields.overlap.initialValue ?? "24"} />
            </Field>
            <SubmitRow busy={busy} cancelTo={paths.webhook(id)}>
              Create the new secret
            </SubmitRow>
          </Form>
        </Card>
      )}
    </>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
