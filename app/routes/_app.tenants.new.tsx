import { getFormProps, getInputProps, getTextareaProps, useForm } from "@conform-to/react";
import type { ActionFunctionArgs, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Form, useActionData, useLoaderData, useNavigation } from "@remix-run/react";
import { mayAct } from "~/core/permissions";
import { newTenantSchema } from "~/forms/tenants/tenant-page";
import { paths } from "~/paths";
import { requireAdmin } from "~/server/admins/sessions.server";
import { invalid, readForm, refused } from "~/server/http/form.server";
import { redirectWithToast } from "~/server/http/toast.server";
import { createTenant } from "~/server/tenants/tenant-edits.server";
import { planChoices } from "~/server/tenants/tenant-plan.server";
import { newAct, undoOffer } from "~/server/undo/undo-offer.server";
import { PlanFields } from "~/ui/catalogue/plan-fields";
import { Card } from "~/ui/kit/card";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { Field } from "~/ui/kit/field";
import { TextInput } from "~/ui/kit/inputs";
import { FormErrors } from "~/ui/kit/notice";
import { PageHeader } from "~/ui/kit/page-header";
import { PermissionNotice } from "~/ui/kit/permission-notice";
import { SubmitRow } from "~/ui/kit/submit-row";
import { useValidation } from "~/ui/kit/use-validation";
import { MetadataField } from "~/ui/tenants/metadata-field";

export const meta: MetaFunction = () => [{ title: "New tenant · Latchkey" }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  const admin = await requireAdmin(request, context, "read");
  await context.facts.look();
  return { choices: planChoices(context.facts.catalogue()), canChange: mayAct(admin.role, "tenants.change") };
}

export async function action({ request, context }: ActionFunctionArgs) {
  const admin = await requireAdmin(request, context, "tenants.change");
  const submission = await readForm(request, newTenantSchema);
  if (submission.status !== "success") return invalid(submission);
  const actor = newAct(context, admin);
  const result = await createTenant(context, actor, submission.value);
  if (!result.ok) return refused(submission, result, { key: "key", name: "name", plan: "plan", addOns: "addOns" });
  return redirectWithToast(paths.tenant(submission.value.key), {
    message: `${result.name} created.`,
    undo: await undoOffer(context, actor),
  });
}

export default function NewTenant() {
  const { choices, canChange } = useLoaderData<typeof loader>();
  const busy = useNavigation().formMethod === "POST";
  const lastResult = useActionData<typeof action>()?.result;
  const [form, fields] = useForm({
    id: "tenant",
    lastResult,
    onValidate: useValidation(async () => (await import("~/forms/tenants/tenant-page")).newTenantSchema),
    shouldRevalidate: "onInput",
  });
  const entered = lastResult?.initialValue as { plan?: string; addOns?: string | string[] } | undefined;
  return (
    <>
      <PageHeader title="New tenant" breadcrumbs={[{ label: "Tenants", to: paths.tenants() }]} />
      <div className="max-w-2xl">
        <PermissionNotice canChange={canChange} act="tenants.change" />
        <Card>
          <Form method="post" {...getFormProps(form)}>
            <FormErrors errors={form.errors} />
            <Field label="Key" field={fields.key} hint="What your app knows this customer by, such as its id. It cannot be changed later.">
              <TextInput {...getInputProps(fields.key, { type: "text" })} autoComplete="off" spellCheck={false} className="font-mono" />
            </Field>
            <Field label="Name" field={fields.name} hint="For people. Empty: the key." optional>
              <TextInput {...getInputProps(fields.name, { type: "text" })} autoComplete="off" />
            </Field>
            <PlanFields {...choices} fields={fields} chosen={{ plan: entered?.plan ?? null, addOns: [entered?.addOns ?? []].flat() }} />
            <MetadataField field={fields.metadata} textarea={getTextareaProps(fields.metadata)} />
            <SubmitRow busy={busy} disabled={!canChange} cancelTo={paths.tenants()}>
              Create tenant
            </SubmitRow>
          </Form>
        </Card>
      </div>
    </>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
