import { getFormProps, getInputProps, getTextareaProps, useForm } from "@conform-to/react";
import type { ActionFunctionArgs, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Form, useActionData, useLoaderData, useNavigation } from "@remix-run/react";
import { useState } from "react";
import { editTenantSchema, writeMetadata } from "~/forms/tenants/tenant-page";
import { keyOf, paths } from "~/paths";
import { invalid, readForm, refused, seenRevision } from "~/server/http/form.server";
import { redirectWithToast } from "~/server/http/toast.server";
import { saveTenant } from "~/server/tenants/tenant-edits.server";
import { requireTenant } from "~/server/tenants/tenants.server";
import { newAct, undoOffer } from "~/server/undo/undo-offer.server";
import { TextLink } from "~/ui/kit/button";
import { Card } from "~/ui/kit/card";
import { Code } from "~/ui/kit/code";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { Field } from "~/ui/kit/field";
import { TextInput } from "~/ui/kit/inputs";
import { FormErrors } from "~/ui/kit/notice";
import { refreshOnConflict } from "~/ui/kit/refresh-on-conflict";
import { StaleNotice } from "~/ui/kit/stale-notice";
import { SubmitRow } from "~/ui/kit/submit-row";
import { useValidation } from "~/ui/kit/use-validation";
import { MetadataField } from "~/ui/tenants/metadata-field";
import { TenantFormPage } from "~/ui/tenants/tenant-form-page";

export const meta: MetaFunction<typeof loader> = ({ data }) => [{ title: `Edit · ${data?.name ?? "Tenant"} · Latchkey` }];

export const shouldRevalidate = refreshOnConflict;

export async function loader({ request, context, params }: LoaderFunctionArgs) {
  const { facts, now, may } = await requireTenant(request, context, keyOf(params.tenant), "read");
  return {
    key: facts.key,
    name: facts.name,
    metadata: writeMetadata(facts.metadata),
    revision: facts.revision,
    now,
    canChange: may("tenants.change"),
  };
}

export async function action({ request, context, params }: ActionFunctionArgs) {
  const tenant = await requireTenant(request, context, keyOf(params.tenant), "tenants.change");
  const submission = await readForm(request, editTenantSchema);
  if (submission.status !== "success") return invalid(submission, undefined, { expected: seenRevision(submission), theirs: null });
  const { expected, name, metadata } = submission.value;
  const { key } = tenant.facts;
  const actor = newAct(context, tenant.admin);
  const saved = await saveTenant(context, actor, key, { name, metadata }, { expected, fields: ["name", "metadata"] });
  if (!saved.ok) return refused(submission, saved.refusal, { name: "name" }, { expected: saved.revision, theirs: saved.theirs });
  const message = saved.changed ? "Saved." : "Nothing to save: all is as before.";
  return redirectWithToast(paths.tenant(key), { kind: saved.changed ? "success" : "info", message, undo: await undoOffer(context, actor) });
}

export default function EditTenant() {
  const { key, name, metadata, revision, now, canChange } = useLoaderData<typeof loader>();
  const busy = useNavigation().formMethod === "POST";
  const actionData = useActionData<typeof action>();
  // The revision this page was opened with, until a refusal showed a newer one.
  const [seen] = useState(revision);
  const [form, fields] = useForm({
    id: "tenant",
    lastResult: actionData?.result,
    defaultValue: { name, metadata },
    onValidate: useValidation(async () => (await import("~/forms/tenants/tenant-page")).editTenantSchema),
    shouldRevalidate: "onInput",
  });
  return (
    <TenantFormPage title="Edit tenant" tenant={{ key, name, canChange }} act="tenants.change">
      <Card>
        <Form method="post" {...getFormProps(form)}>
          <FormErrors errors={actionData?.theirs ? [] : form.errors} />
          <StaleNotice theirs={actionData?.theirs} now={now} />
          <input type="hidden" name="expected" value={actionData?.expected ?? seen} />
          <p className="mb-4 text-ink-muted text-sm">
            Key <Code>{key}</Code>
            <TextLink to={paths.tenantPlan(key)} className="ml-4">
              Change plan and add-ons
            </TextLink>
          </p>
          <Field label="Name" field={fields.name}>
            <TextInput {...getInputProps(fields.name, { type: "text" })} autoComplete="off" />
          </Field>
          <MetadataField field={fields.metadata} textarea={getTextareaProps(fields.metadata)} />
          <SubmitRow busy={busy} disabled={!canChange} cancelTo={paths.tenant(key)}>
            Save
          </SubmitRow>
        </Form>
      </Card>
    </TenantFormPage>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
