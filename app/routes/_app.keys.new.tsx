import { getFormProps, type SubmissionResult, useForm } from "@conform-to/react";
import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import { Form, useActionData, useLoaderData, useNavigation } from "@remix-run/react";
import { apiScopes, mayAct } from "~/core/permissions";
import { day } from "~/core/time";
import { keyForm } from "~/forms/keys/api-key";
import { paths } from "~/paths";
import { actorOf, requireAdmin } from "~/server/admins/sessions.server";
import { readForm, refuseForm } from "~/server/http/form.server";
import { createKey } from "~/server/keys/api-keys.server";
import { LinkButton } from "~/ui/kit/button";
import { Card, FormActions } from "~/ui/kit/card";
import { Checkbox, RadioCards } from "~/ui/kit/choices";
import { CodeBlock } from "~/ui/kit/code";
import { curlLine } from "~/ui/kit/curl";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { Field } from "~/ui/kit/field";
import { Select, TextInput } from "~/ui/kit/inputs";
import { FormErrors, Notice } from "~/ui/kit/notice";
import { PageHeader } from "~/ui/kit/page-header";
import { PermissionNotice } from "~/ui/kit/permission-notice";
import { SubmitRow } from "~/ui/kit/submit-row";
import { useValidation } from "~/ui/kit/use-validation";

export const meta: MetaFunction = () => [{ title: "New API key · Latchkey" }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  const me = await requireAdmin(request, context, "read");
  return { canChange: mayAct(me.role, "keys.change") };
}

export async function action({ request, context }: ActionFunctionArgs) {
  const me = await requireAdmin(request, context, "keys.change");
  const submission = await readForm(request, keyForm);
  if (submission.status !== "success") return refuseForm(submission);
  const { name, kind, scopes, tenant, origins, expires } = submission.value;
  const expiresAt = expires === "never" ? null : context.now() + Number(expires) * day;
  const { key } = await createKey(context, actorOf(me), { name, kind, scopes, tenant, origins, expiresAt });
  return data({ made: key, name, origin: new URL(request.url).origin, tenant: tenant ?? "acme", mayCheck: scopes.includes("check") });
}

export default function NewKey() {
  const answer = useActionData<typeof action>();
  const { canChange } = useLoaderData<typeof loader>();
  return (
    <>
      <PageHeader title="New API key" breadcrumbs={[{ label: "API keys", to: paths.keys() }]} />
      <div className="max-w-2xl">
        {answer && "made" in answer ? <MadeKey {...answer} /> : <KeyForm result={answer?.result} canChange={canChange} />}
      </div>
    </>
  );
}

type Made = { made: string; name: string; origin: string; tenant: string; mayCheck: boolean };

function MadeKey({ made, name, origin, tenant, mayCheck }: Made) {
  return (
    <div className="grid gap-4">
      <Notice kind="success" role="status" title={`The key “${name}” is made`}>
        It is shown only here, and only its fingerprint is kept: copy it now.
      </Notice>
      <CodeBlock text={made} label="API key" wrap />
      {mayCheck && <CodeBlock text={`export LATCHKEY_KEY=${made}\n${curlLine(origin, tenant)}`} label="Try it in a shell" wrap />}
      <FormActions>
        <LinkButton to={paths.keys()}>Back to the API keys</LinkButton>
      </FormActions>
    </div>
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

function KeyForm({ result, canChange }: { result: SubmissionResult | undefined; canChange: boolean }) {
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
