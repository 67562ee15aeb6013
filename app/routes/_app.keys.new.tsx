import { getFormProps, type SubmissionResult, useForm } from "@conform-to/react";
import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import { Form, useActionData, useLoaderData, useNavigation } from "@remix-run/react";
import { apiScopes, mayAct } from "~/core/permissions";
import { keyForm } from "~/forms/keys/api-key";
import { paths } from "~/paths";
import { actorOf, requireAdmin } from "~/server/admins/sessions.server";
import { readApprovals } from "~/server/approvals/approval-rules.server";
import { toWaitingRequest } from "~/server/approvals/approval-toast.server";
import { readForm, refused, refuseForm } from "~/server/http/form.server";
import { createPersonsKey } from "~/server/keys/key-approval.server";
import { MadeKey } from "~/ui/keys/made-key";
import { Card } from "~/ui/kit/card";
import { Checkbox, RadioCards } from "~/ui/kit/choices";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { Field } from "~/ui/kit/field";
import { Select, Textarea, TextInput } from "~/ui/kit/inputs";
import { FormErrors } from "~/ui/kit/notice";
import { PageHeader } from "~/ui/kit/page-header";
import { PermissionNotice } from "~/ui/kit/permission-notice";
import { SubmitRow } from "~/ui/kit/submit-row";
import { useValidation } from "~/ui/kit/use-validation";

export const meta: MetaFunction = () => [{ title: "New API key · Latchkey" }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  const me = await requireAdmin(request, context, "read");
  const { manageKeys } = await readApprovals(context.db.readAside, context.db.tables);
  return { canChange: mayAct(me.role, "keys.change"), manageNeedsApproval: manageKeys };
}

export async function action({ request, context }: ActionFunctionArgs) {
  const me = await requireAdmin(request, context, "keys.change");
  const submission = await readForm(request, keyForm);
  if (submission.status !== "success") return refuseForm(submission);
  const { expires, note, ...form } = submission.value;
  const days = expires === "never" ? null : Number(expires);
  const made = await createPersonsKey(context, actorOf(me), { ...form, days, note: note || null });
  if (!("key" in made)) return made.request ? toWaitingRequest(made) : refused(submission, made, {});
  const example = form.scopes.includes("check") ? { origin: new URL(request.url).origin, tenant: form.tenant ?? "acme" } : undefined;
  return data({ made: made.key, name: form.name, example });
}

export default function NewKey() {
  const answer = useActionData<typeof action>();
  const { canChange, manageNeedsApproval } = useLoaderData<typeof loader>();
  return (
    <>
      <PageHeader title="New API key" breadcrumbs={[{ label: "API keys", to: paths.keys() }]} />
      <div className="max-w-2xl">
        {answer && "made" in answer ? (
          <MadeKey made={answer.made} title={`The key “${answer.name}” is made`} example={answer.example} />
        ) : (
          <KeyForm result={answer?.result} canChange={canChange} manageNeedsApproval={manageNeedsApproval} />
        )}
      </div>
    </>
  );
}

const scopeWords = {
  check: { label: "Check", hint: "Ask what a tenant may use. For your app." },
  usage: { label: "Report usage", hint: "Record and consume usage of metered features. For the services that meter it." },
  manage: { label: "Manage", hint: "Create and change tenants, grant and end trials and overrides. For your sign-up or billing." },
} as const;

const kinds = [
  { value: "live", label: "A server", hint: "Secret: lk_live_…" },
  { value: "pub", label: "Browsers", hint: "Visible to anyone: lk_pub_…" },
];

const lives = [
  ["never", "Never"],
  ["30", "In 30 days"],
  ["90", "In 90 days"],
  ["365", "In 365 days"],
] as const;

type FormProps = { result: SubmissionResult | undefined; canChange: boolean; manageNeedsApproval: boolean };

function KeyForm({ result, canChange, manageNeedsApproval }: FormProps) {
  const busy = useNavigation().formMethod === "POST";
  const [form, fields] = useForm({
    id: "key",
    lastResult: result,
    onValidate: useValidation(async () => (await import("~/forms/keys/api-key")).keyForm),
    shouldRevalidate: "onInput",
  });
  const chosen = result ? [fields.scopes.initialValue].flat() : ["check"];
  return (
    <>
      <PermissionNotice canChange={canChange} act="keys.change" />
      <Card>
        <Form method="post" {...getFormProps(form)}>
          <FormErrors errors={form.errors} />
          <Field label="Name" field={fields.name} hint="The program that will use it, such as “Web app, production”.">
            <TextInput autoComplete="off" defaultValue={fields.name.initialValue} />
          </Field>
          <Field label="For" field={fields.kind} group>
            <RadioCards name={fields.kind.name} options={kinds} checked={String(fields.kind.initialValue ?? "live")} columns={2} />
          </Field>
          <Field label="Scopes" field={fields.scopes} group hint="A key for browsers may check and nothing else.">
            {apiScopes.map((scope) => (
              <Checkbox
                key={scope}
                name={fields.scopes.name}
                value={scope}
                defaultChecked={chosen.includes(scope)}
                {...scopeWords[scope]}
              />
            ))}
          </Field>
          <Field
            label="Only for the tenant"
            field={fields.tenant}
            hint="The tenant's key. Left empty, it is for all tenants; a key for browsers needs one."
          >
            <TextInput autoComplete="off" defaultValue={fields.tenant.initialValue} />
          </Field>
          <Field
            label="Origins"
            field={fields.origins}
            hint="Pages that may use it, or the tokens that it mints, such as https://app.example.com. Separate several by a space."
          >
            <TextInput autoComplete="off" defaultValue={fields.origins.initialValue} />
          </Field>
          <Field label="Expires" field={fields.expires}>
            <Select options={lives} defaultValue={fields.expires.initialValue ?? "never"} />
          </Field>
          {manageNeedsApproval && (
            <Field
              label="Note"
              field={fields.note}
              optional
              hint="A key with the scope manage needs a second person, who reads this. Once it is approved, you create the key on the page Requests."
            >
              <Textarea rows={2} maxLength={1_000} defaultValue={fields.note.initialValue} />
            </Field>
          )}
          <SubmitRow busy={busy} disabled={!canChange} cancelTo={paths.keys()}>
            Create key
          </SubmitRow>
        </Form>
      </Card>
    </>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
