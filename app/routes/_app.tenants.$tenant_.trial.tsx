import { getFormProps, getTextareaProps, useForm } from "@conform-to/react";
import { parseWithZod } from "@conform-to/zod/v4";
import { type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction, redirect } from "@remix-run/node";
import { Form, useActionData, useLoaderData, useNavigation } from "@remix-run/react";
import { trialLengths, trialPage } from "~/forms/trial-page";
import { keyOf, paths } from "~/paths";
import { invalid, readForm, refused } from "~/server/form.server";
import { actorOf } from "~/server/sessions.server";
import { grantChoices, grantTrials, readValues } from "~/server/tenant-trials.server";
import { requireTenant } from "~/server/tenants.server";
import { Button, LinkButton } from "~/ui/button";
import { Card, FormActions } from "~/ui/card";
import { RadioCards } from "~/ui/choices";
import { RouteErrorPage } from "~/ui/error-page";
import { FeaturePicker } from "~/ui/feature-picker";
import { Field } from "~/ui/field";
import { DateTimeInput, Textarea, toInputValue } from "~/ui/inputs";
import { FormErrors } from "~/ui/notice";
import { PageHeader } from "~/ui/page-header";
import { shortDate } from "~/ui/time-words";
import { ViewerNotice } from "~/ui/viewer-notice";

export const meta: MetaFunction<typeof loader> = ({ data }) => [{ title: `Grant trial · ${data?.name ?? "Tenant"} · Latchkey` }];

export async function loader({ request, context, params }: LoaderFunctionArgs) {
  const tenant = await requireTenant(request, context, keyOf(params.tenant));
  const wanted = new URL(request.url).searchParams.getAll("feature");
  const { key, name } = tenant.facts;
  return { key, name, now: tenant.now, canChange: tenant.canChange, choices: grantChoices(tenant), wanted };
}

export async function action({ request, context, params }: ActionFunctionArgs) {
  const tenant = await requireTenant(request, context, keyOf(params.tenant), "admin");
  const submission = await readForm(request, trialPage);
  if (submission.status !== "success") return invalid(submission);
  const form = submission.value;
  const values = readValues(tenant, form.feature, form.values);
  if (!values.ok) return invalid(submission, values.errors);
  const { key } = tenant.facts;
  const result = await grantTrials(context, actorOf(tenant.admin), key, form, values.features);
  if (!result.ok) return refused(submission, result, { feature: "feature", endsAt: form.length === "own" ? "endsAt" : "length" });
  return redirect(paths.tenantGrants(key, { done: result.ids.join(",") }));
}

const lengthWords = { 7: "7 days", 14: "14 days", 30: "30 days", own: "Own dates" } as const;

export default function GrantTrial() {
  const { key, name, now, choices, wanted, canChange } = useLoaderData<typeof loader>();
  const busy = useNavigation().formMethod === "POST";
  const lastResult = useActionData<typeof action>()?.result;
  const [form, fields] = useForm({
    id: "trial",
    lastResult,
    defaultValue: { length: "14" },
    onValidate: ({ formData }) => parseWithZod(formData, { schema: trialPage }),
    shouldRevalidate: "onInput",
  });
  const entered = lastResult?.initialValue as { feature?: string | string[]; values?: Record<string, string> } | undefined;
  const length = String(fields.length.initialValue ?? "14");
  return (
    <>
      <PageHeader
        title="Grant trial"
        breadcrumbs={[
          { label: "Tenants", to: paths.tenants() },
          { label: name, to: paths.tenant(key) },
        ]}
      />
      <div className="max-w-2xl">
        <ViewerNotice canChange={canChange} />
        <Card>
          <Form method="post" {...getFormProps(form)}>
            <FormErrors errors={form.errors} />
            <Field label="Features" field={fields.feature} group>
              <FeaturePicker
                choices={choices}
                chosen={entered ? [entered.feature ?? []].flat() : wanted}
                typed={entered?.values}
                errors={(field) => form.allErrors[field]}
              />
            </Field>
            <div className="group/length">
              <Field label="How long" field={fields.length} group hint="From now, in whole days of 24 hours.">
                <RadioCards
                  name={fields.length.name}
                  checked={length}
                  columns={4}
                  options={trialLengths.map((value) => ({
                    value,
                    label: lengthWords[value],
                    hint: value === "own" ? "Start and end" : `to ${shortDate(now + Number(value) * 86_400_000)}`,
                  }))}
                />
              </Field>
              <div className="hidden gap-x-4 group-has-[[value=own]:checked]/length:grid sm:grid-cols-2">
                <Field label="Starts" field={fields.startsAt} hint="Empty: now. In UTC." optional>
                  <DateTimeInput defaultValue={fields.startsAt.initialValue} />
                </Field>
                <Field label="Ends" field={fields.endsAt} hint="In UTC.">
                  <DateTimeInput defaultValue={fields.endsAt.initialValue ?? toInputValue(now + 14 * 86_400_000)} />
                </Field>
              </div>
            </div>
            <Field label="Note" field={fields.note} hint="Why, for the audit log." optional>
              <Textarea {...getTextareaProps(fields.note)} rows={2} maxLength={1_000} />
            </Field>
            <FormActions>
              <Button variant="primary" busy={busy} disabled={!canChange}>
                Grant trial
              </Button>
              <LinkButton to={paths.tenant(key)} variant="ghost">
                Cancel
              </LinkButton>
            </FormActions>
          </Form>
        </Card>
      </div>
    </>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
