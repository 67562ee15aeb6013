import { getFormProps, getTextareaProps, useForm } from "@conform-to/react";
import { parseWithZod } from "@conform-to/zod/v4";
import { type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction, redirect } from "@remix-run/node";
import { Form, useActionData, useLoaderData, useNavigation } from "@remix-run/react";
import { day } from "~/core/time";
import { inputValueIn } from "~/core/zoned-time";
import { grantTrialSchema } from "~/forms/grants/grant-page";
import { keyOf, paths } from "~/paths";
import { actorOf } from "~/server/admins/sessions.server";
import { grantTrials, narrowedChoices, readValues } from "~/server/grants/grant-changes.server";
import { invalid, readForm, refused } from "~/server/http/form.server";
import { requireTenant } from "~/server/tenants/tenants.server";
import { FeaturePicker } from "~/ui/catalogue/feature-picker";
import { Card } from "~/ui/kit/card";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { Field } from "~/ui/kit/field";
import { FilterBar, SearchBox } from "~/ui/kit/filters";
import { Textarea } from "~/ui/kit/inputs";
import { LengthFields } from "~/ui/kit/length-fields";
import { FormErrors } from "~/ui/kit/notice";
import { count } from "~/ui/kit/pagination";
import { SubmitRow } from "~/ui/kit/submit-row";
import { TenantFormPage } from "~/ui/tenants/tenant-form-page";

export const meta: MetaFunction<typeof loader> = ({ data }) => [{ title: `Grant trial · ${data?.name ?? "Tenant"} · Latchkey` }];

export async function loader({ request, context, params }: LoaderFunctionArgs) {
  const tenant = await requireTenant(request, context, keyOf(params.tenant), "read");
  const { searchParams } = new URL(request.url);
  const wanted = searchParams.getAll("feature").slice(0, 100);
  const { key, name } = tenant.facts;
  return {
    key,
    name,
    now: tenant.now,
    zone: tenant.zone,
    canChange: tenant.may("trials.grant"),
    ...narrowedChoices(tenant, searchParams.get("q") ?? "", wanted),
    wanted,
  };
}

export async function action({ request, context, params }: ActionFunctionArgs) {
  const tenant = await requireTenant(request, context, keyOf(params.tenant), "trials.grant");
  const submission = await readForm(request, grantTrialSchema);
  if (submission.status !== "success") return invalid(submission);
  const form = submission.value;
  const values = readValues(tenant, form.feature, form.values);
  if (!values.ok) return invalid(submission, values.errors);
  const { key } = tenant.facts;
  const result = await grantTrials(context, actorOf(tenant.admin), key, form, values.features);
  if (!result.ok) return refused(submission, result, { feature: "feature", endsAt: form.length === "own" ? "endsAt" : "length" });
  return redirect(paths.tenantGrants(key, { done: result.ids.join(",") }));
}

export default function GrantTrial() {
  const { key, name, now, zone, choices, left, total, wanted, canChange } = useLoaderData<typeof loader>();
  const busy = useNavigation().formMethod === "POST";
  const lastResult = useActionData<typeof action>()?.result;
  const [form, fields] = useForm({
    id: "trial",
    lastResult,
    defaultValue: { length: "14", endsAt: inputValueIn(now + 14 * day, zone) },
    onValidate: ({ formData }) => parseWithZod(formData, { schema: grantTrialSchema }),
    shouldRevalidate: "onInput",
  });
  const entered = lastResult?.initialValue as { feature?: string | string[]; values?: Record<string, string> } | undefined;
  const lengthFields = { length: fields.length, startsAt: fields.startsAt, endsAt: fields.endsAt };
  return (
    <TenantFormPage title="Grant trial" tenant={{ key, name, canChange }} act="trials.grant">
      {total > choices.length && (
        <div className="mb-3 flex flex-wrap items-center gap-x-4 gap-y-2">
          <FilterBar names={["q"]}>
            <SearchBox label="Search all features" />
          </FilterBar>
          {left > 0 && <p className="text-ink-muted text-xs">{count(left)} more features match. Search to narrow them down.</p>}
        </div>
      )}
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
          <LengthFields label="How long" hint="Days of 24 hours from now." from={now} zone={zone} {...lengthFields} />
          <Field label="Note" field={fields.note} hint="Why, for the audit log." optional>
            <Textarea {...getTextareaProps(fields.note)} rows={2} maxLength={1_000} />
          </Field>
          <SubmitRow busy={busy} disabled={!canChange} cancelTo={paths.tenant(key)}>
            Grant trial
          </SubmitRow>
        </Form>
      </Card>
    </TenantFormPage>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
