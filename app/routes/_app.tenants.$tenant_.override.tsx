import { getFormProps, getTextareaProps, useForm } from "@conform-to/react";
import type { ActionFunctionArgs, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Form, useActionData, useLoaderData, useNavigation } from "@remix-run/react";
import { packByGroup } from "~/core/catalogue/choices";
import { readValue } from "~/forms/catalogue/feature-value";
import { overrideSchema } from "~/forms/grants/grant-page";
import { keyOf, paths } from "~/paths";
import { toWaitingRequest } from "~/server/approvals/approval-toast.server";
import { choicesOf, grantableFeatures, kindOf, override } from "~/server/grants/grant-changes.server";
import { invalid, readForm, refused } from "~/server/http/form.server";
import { redirectWithToast } from "~/server/http/toast.server";
import { requireTenant } from "~/server/tenants/tenants.server";
import { newAct, undoOffer } from "~/server/undo/undo-offer.server";
import { FeatureSelect } from "~/ui/catalogue/feature-select";
import { ValueInput, valueLabel } from "~/ui/catalogue/value-input";
import { TextLink } from "~/ui/kit/button";
import { Card } from "~/ui/kit/card";
import { RadioCards } from "~/ui/kit/choices";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { Field } from "~/ui/kit/field";
import { DateTimeInput, Textarea, ZoneInput, zoneWords } from "~/ui/kit/inputs";
import { FormErrors } from "~/ui/kit/notice";
import { DecisionMark } from "~/ui/kit/status";
import { SubmitRow } from "~/ui/kit/submit-row";
import { useValidation } from "~/ui/kit/use-validation";
import { ReasonLine } from "~/ui/tenants/reason-line";
import { TenantFormPage } from "~/ui/tenants/tenant-form-page";

export const meta: MetaFunction<typeof loader> = ({ data }) => [{ title: `Override · ${data?.name ?? "Tenant"} · Latchkey` }];

export async function loader({ request, context, params }: LoaderFunctionArgs) {
  const tenant = await requireTenant(request, context, keyOf(params.tenant), "read");
  const { searchParams } = new URL(request.url);
  const features = grantableFeatures(tenant);
  const chosen = features.filter((f) => f.key === searchParams.get("feature"));
  const feature = choicesOf(tenant, chosen)[0] ?? null;
  const effect = searchParams.get("effect") === "deny" ? "deny" : "allow";
  const { key, name } = tenant.facts;
  const options = feature ? [] : packByGroup(features);
  return { key, name, feature, options, effect, now: tenant.now, zone: tenant.zone, canChange: tenant.may("overrides.change") };
}

export async function action({ request, context, params }: ActionFunctionArgs) {
  const tenant = await requireTenant(request, context, keyOf(params.tenant), "overrides.change");
  const submission = await readForm(request, overrideSchema);
  if (submission.status !== "success") return invalid(submission);
  const { value: typed, ...form } = submission.value;
  const feature = tenant.catalogue.features.get(form.feature);
  const value = readValue(feature && form.effect === "allow" ? kindOf(feature) : { type: "boolean" }, typed);
  if (!value.ok) return invalid(submission, { value: [value.message] });
  const { key } = tenant.facts;
  const actor = newAct(context, tenant.admin);
  const result = await override(context, actor, key, { ...form, value: value.value });
  if (!result.ok && result.request) return toWaitingRequest(result);
  if (!result.ok) return refused(submission, result, { value: "value", endsAt: "endsAt" });
  return redirectWithToast(paths.tenantGrants(key, { done: result.ids.join(",") }), {
    message: `${feature?.name ?? form.feature} is ${form.effect === "deny" ? "denied" : "allowed"}.`,
    undo: await undoOffer(context, actor),
  });
}

export default function OverridePage() {
  const { key, name, feature, options, canChange } = useLoaderData<typeof loader>();
  return (
    <TenantFormPage title="Override" tenant={{ key, name, canChange }} act="overrides.change">
      <Card>
        {feature ? (
          <OverrideForm key={feature.key} />
        ) : (
          <Form method="get">
            <Field label="Feature" name="feature" hint="An override allows or denies one feature, whatever plan, trials and flags say.">
              <FeatureSelect options={options} required />
            </Field>
            <SubmitRow cancelTo={paths.tenantGrants(key)}>Continue</SubmitRow>
          </Form>
        )}
      </Card>
    </TenantFormPage>
  );
}

function OverrideForm() {
  const { key, feature, effect, now, zone, canChange } = useLoaderData<typeof loader>();
  const busy = useNavigation().formMethod === "POST";
  const [form, fields] = useForm({
    id: "override",
    lastResult: useActionData<typeof action>()?.result,
    defaultValue: { effect },
    onValidate: useValidation(async () => (await import("~/forms/grants/grant-page")).overrideSchema),
    shouldRevalidate: "onInput",
  });
  if (!feature) return null;
  return (
    <Form method="post" {...getFormProps(form)} className="group/override">
      <FormErrors errors={form.errors} />
      <input type="hidden" name={fields.feature.name} value={feature.key} />
      <div className="mb-5">
        <p className="font-medium text-ink text-sm">
          {feature.name}
          <TextLink to={paths.overrideNew(key)} className="ml-3 font-normal text-xs">
            Choose another feature
          </TextLink>
        </p>
        <p className="mt-1 flex flex-wrap items-center gap-x-3 gap-y-1">
          <DecisionMark entitled={feature.entitled} reason={feature.reason} />
          {feature.gives !== null && <span className="text-ink text-sm wrap-anywhere">{feature.gives}</span>}
          <ReasonLine reason={feature.reason} entitled={feature.entitled} now={now}>
            {feature.message}
          </ReasonLine>
        </p>
      </div>
      <Field label="What the override does" field={fields.effect} group>
        <RadioCards
          name={fields.effect.name}
          checked={fields.effect.initialValue}
          columns={2}
          options={[
            { value: "allow", label: "Allow", hint: "Yes, whatever plan and flags say" },
            { value: "deny", label: "Deny", hint: "No, whatever plan and trials say" },
          ]}
        />
      </Field>
      {feature.kind.type !== "boolean" && (
        <Field
          label={valueLabel(feature.kind)}
          field={fields.value}
          hint="In place of what plan and trials give."
          className="max-w-sm group-has-[[value=deny]:checked]/override:hidden"
        >
          <ValueInput kind={feature.kind} name={fields.value.name} defaultValue={fields.value.initialValue} />
        </Field>
      )}
      <ZoneInput zone={zone} />
      <Field
        label="Ends"
        field={fields.endsAt}
        hint={`Date and time in ${zoneWords(zone)}. Empty: until someone ends it.`}
        optional
        className="max-w-sm"
      >
        <DateTimeInput defaultValue={fields.endsAt.initialValue} />
      </Field>
      <Field label="Note" field={fields.note} hint="Why, for the audit log." optional>
        <Textarea {...getTextareaProps(fields.note)} rows={2} maxLength={1_000} />
      </Field>
      <SubmitRow busy={busy} disabled={!canChange} cancelTo={paths.tenant(key)}>
        Set override
      </SubmitRow>
    </Form>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
