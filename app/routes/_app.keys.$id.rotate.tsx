import { getFormProps, useForm } from "@conform-to/react";
import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import { Form, useActionData, useLoaderData, useNavigation } from "@remix-run/react";
import { whyKeyApproval } from "~/core/approvals/approvals";
import { rotateForm } from "~/forms/keys/api-key";
import { keyOf, paths } from "~/paths";
import { actorOf, requireAdmin } from "~/server/admins/sessions.server";
import { readApprovals } from "~/server/approvals/approval-rules.server";
import { toWaitingRequest } from "~/server/approvals/approval-toast.server";
import { readForm, refused, refuseForm } from "~/server/http/form.server";
import { listKeys } from "~/server/keys/api-keys.server";
import { rotatePersonsKey } from "~/server/keys/key-approval.server";
import { rotationRefusals } from "~/server/keys/key-rotation.server";
import { LinkButton } from "~/ui/kit/button";
import { Card, FormActions } from "~/ui/kit/card";
import { CodeBlock } from "~/ui/kit/code";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { Field } from "~/ui/kit/field";
import { Select } from "~/ui/kit/inputs";
import { FormErrors, Notice } from "~/ui/kit/notice";
import { PageHeader } from "~/ui/kit/page-header";
import { SubmitRow } from "~/ui/kit/submit-row";
import { Time } from "~/ui/kit/time";
import { useValidation } from "~/ui/kit/use-validation";

export const meta: MetaFunction = () => [{ title: "Rotate API key · Latchkey" }];

export async function loader({ request, params, context }: LoaderFunctionArgs) {
  await requireAdmin(request, context, "keys.change");
  const key = (await listKeys(context)).find(({ id }) => id === keyOf(params.id));
  if (!key) throw new Response(rotationRefusals.unknown, { status: 404 });
  const why = whyKeyApproval(key.scopes, await readApprovals(context.db.readAside, context.db.tables));
  return { key, why, now: context.now() };
}

export async function action({ request, params, context }: ActionFunctionArgs) {
  const me = await requireAdmin(request, context, "keys.change");
  const submission = await readForm(request, rotateForm);
  if (submission.status !== "success") return refuseForm(submission);
  const rotated = await rotatePersonsKey(context, actorOf(me), keyOf(params.id), Number(submission.value.overlap));
  if (!rotated.ok && "code" in rotated) return rotated.request ? toWaitingRequest(rotated) : refused(submission, rotated, {});
  if (!rotated.ok) return refuseForm(submission, { message: rotationRefusals[rotated.why] }, rotated.why === "unknown" ? 404 : 409);
  const { key: made, expiresAt, oldEndsAt } = rotated;
  return data({ made, expiresAt, oldEndsAt, now: context.now() });
}

const overlaps = [
  ["0", "Ends at once"],
  ["1", "Works for another hour"],
  ["24", "Works for another day"],
  ["168", "Works for another week"],
] as const;

export default function RotateKey() {
  const { key, why, now } = useLoaderData<typeof loader>();
  const answer = useActionData<typeof action>();
  const busy = useNavigation().formMethod === "POST";
  const made = answer && "made" in answer ? answer : null;
  const [form, fields] = useForm({
    id: "rotate",
    lastResult: answer && "result" in answer ? answer.result : undefined,
    onValidate: useValidation(async () => (await import("~/forms/keys/api-key")).rotateForm),
  });
  return (
    <>
      <PageHeader title={`Rotate “${key.name}”`} breadcrumbs={[{ label: "API keys", to: paths.keys() }]} />
      <div className="max-w-2xl">
        {made ? (
          <div className="grid gap-4">
            <Notice kind="success" role="status" title="The new key is made">
              It is shown only here: copy it now. It works{" "}
              {made.expiresAt === null ? (
                "without an end"
              ) : (
                <>
                  until <Time at={made.expiresAt} now={made.now} show="both" />
                </>
              )}
              . The old key works until <Time at={made.oldEndsAt} now={made.now} show="both" />; the list says when it was last used.
            </Notice>
            <CodeBlock text={made.made} label="API key" wrap />
            <FormActions>
              <LinkButton to={paths.keys()}>Back to the API keys</LinkButton>
            </FormActions>
          </div>
        ) : (
          <Card>
            <Form method="post" {...getFormProps(form)}>
              <FormErrors errors={form.errors} />
              <p className="mb-4 text-ink-muted text-sm">
                Makes another key that may do what this one ({key.hint}) may, and lives as long as this one was made to. Last used:{" "}
                {key.lastUsedAt === null ? "never" : <Time at={key.lastUsedAt} now={now} />}.
              </p>
              {why !== null && (
                <Notice kind="info" className="mb-4">
                  {why} Once it is approved, you create the new key on the page Requests. Revoking a key needs nobody else.
                </Notice>
              )}
              <Field label="The old key" field={fields.overlap}>
                <Select options={overlaps} defaultValue={fields.overlap.initialValue ?? "24"} />
              </Field>
              <SubmitRow busy={busy} cancelTo={paths.keys()}>
                Create the new key
              </SubmitRow>
            </Form>
          </Card>
        )}
      </div>
    </>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
