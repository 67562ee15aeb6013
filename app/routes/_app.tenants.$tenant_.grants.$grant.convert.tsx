import { getFormProps, getTextareaProps, useForm } from "@conform-to/react";
import type { ActionFunctionArgs, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Form, useActionData, useLoaderData, useNavigation } from "@remix-run/react";
import { convertTrialSchema } from "~/forms/grants/grant-page";
import { keyOf, paths } from "~/paths";
import { conversionPreview, convert } from "~/server/grants/conversion.server";
import { requireGrant } from "~/server/grants/grants.server";
import { invalid, readForm, refused } from "~/server/http/form.server";
import { redirectWithToast } from "~/server/http/toast.server";
import { requireTenant } from "~/server/tenants/tenants.server";
import { newAct, undoOffer } from "~/server/undo/undo-offer.server";
import { AffectedLists } from "~/ui/catalogue/affected-list";
import { GrantFacts } from "~/ui/grants/grant-facts";
import { LinkButton } from "~/ui/kit/button";
import { Card, Section } from "~/ui/kit/card";
import { RadioCards } from "~/ui/kit/choices";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { Field } from "~/ui/kit/field";
import { Textarea } from "~/ui/kit/inputs";
import { FormErrors, Notice } from "~/ui/kit/notice";
import { count } from "~/ui/kit/pagination";
import { SubmitRow } from "~/ui/kit/submit-row";
import { useValidation } from "~/ui/kit/use-validation";
import { TenantFormPage } from "~/ui/tenants/tenant-form-page";

export const meta: MetaFunction<typeof loader> = ({ data }) => [{ title: `Convert trial · ${data?.name ?? "Tenant"} · Latchkey` }];

export async function loader({ request, context, params }: LoaderFunctionArgs) {
  const tenant = await requireTenant(request, context, keyOf(params.tenant), "read");
  const { grant, view, isOver } = await requireGrant(context, tenant, keyOf(params.grant));
  const { key, name, status, revision } = tenant.facts;
  const isConvertible = !isOver && grant.kind === "trial";
  const wanted = new URL(request.url).searchParams.get("plan");
  const conversion = isConvertible ? await conversionPreview(context, tenant, grant, wanted) : null;
  return { key, name, status, revision, grant: view, conversion, now: tenant.now, canChange: tenant.may("tenants.change") };
}

export async function action({ request, context, params }: ActionFunctionArgs) {
  const tenant = await requireTenant(request, context, keyOf(params.tenant), "tenants.change");
  const { view } = await requireGrant(context, tenant, keyOf(params.grant));
  const submission = await readForm(request, convertTrialSchema);
  if (submission.status !== "success") return invalid(submission);
  const { key, name } = tenant.facts;
  const actor = newAct(context, tenant.admin);
  const result = await convert(context, actor, key, { ...submission.value, grant: view.id });
  if (!result.ok) return refused(submission, result, {});
  const plan = tenant.catalogue.plans.get(submission.value.plan)?.name ?? submission.value.plan;
  const message = `${name} is on ${plan}. The trial of ${view.feature.name} ended.`;
  return redirectWithToast(paths.tenant(key), { message, undo: await undoOffer(context, actor) });
}

export default function ConvertTrial() {
  const { key, name, grant, conversion, now, canChange } = useLoaderData<typeof loader>();
  return (
    <TenantFormPage
      title="Convert trial to a plan"
      tenant={{ key, name, canChange }}
      act="tenants.change"
      crumbs={[{ label: "Grants", to: paths.tenantGrants(key) }]}
      wide
    >
      <div className="grid gap-6">
        <Card>
          <GrantFacts grant={grant} now={now} />
          {conversion === null ? (
            <>
              <Notice kind="info" className="my-4">
                {grant.kind === "trial" ? "This trial is over already. Change the plan instead." : "Only a trial converts to a plan."}
              </Notice>
              <LinkButton to={paths.tenantPlan(key)}>Change plan</LinkButton>
            </>
          ) : conversion.plan === null ? (
            <Notice kind="info" className="mt-4">
              No other plan includes {grant.feature.name}. Add it to a plan first.
            </Notice>
          ) : (
            <Form method="get" preventScrollReset className="mt-5 border-line border-t pt-4">
              <Field label="Plan" name="plan" group hint={`Each of them includes ${grant.feature.name}.`}>
                <RadioCards
                  name="plan"
                  checked={conversion.plan.key}
                  columns={2}
                  options={conversion.plans.map(({ key, name, gives, features }) => ({
                    value: key,
                    label: name,
                    hint: `${count(features)} ${features === 1 ? "feature" : "features"}${gives === null ? "" : `, ${grant.feature.name}: ${gives}`}`,
                  }))}
                />
              </Field>
              <SubmitRow variant="secondary" cancelTo={paths.tenantGrants(key)}>
                Show what changes
              </SubmitRow>
            </Form>
          )}
        </Card>
        {conversion?.plan && <Preview />}
      </div>
    </TenantFormPage>
  );
}

function Preview() {
  const { status, revision, name, grant, conversion, canChange } = useLoaderData<typeof loader>();
  const busy = useNavigation().formMethod === "POST";
  const [form, fields] = useForm({
    id: "convert",
    lastResult: useActionData<typeof action>()?.result,
    onValidate: useValidation(async () => (await import("~/forms/grants/grant-page")).convertTrialSchema),
    shouldRevalidate: "onInput",
  });
  const { plan, preview } = conversion ?? {};
  if (!plan || !preview) return null;
  if ("ok" in preview) return <FormErrors errors={preview.message} />;
  return (
    <Section title="What changes" id="preview">
      {status !== "active" && (
        <Notice kind="warning" className="mb-4">
          This tenant is {status}: every answer stays no until it is reinstated. This is what changes then.
        </Notice>
      )}
      <p className="mb-4 text-ink-muted text-sm">
        {name} moves to {plan.name} now, and the trial of {grant.feature.name} ends.
        {grant.next?.isOnly && ` This cancels the coming change: ${name} ${grant.next.words} at the trial's end.`}
      </p>
      <AffectedLists {...preview} none="No answer changes: the plan gives what the trial gave." />
      <Form method="post" {...getFormProps(form)}>
        <FormErrors errors={form.errors} />
        <input type="hidden" name="expected" value={revision} />
        <input type="hidden" name="plan" value={plan.key} />
        <Field label="Note" field={fields.note} hint="Why, for the audit log." optional>
          <Textarea {...getTextareaProps(fields.note)} rows={2} maxLength={1_000} />
        </Field>
        <SubmitRow busy={busy} disabled={!canChange}>
          Convert to {plan.name}
        </SubmitRow>
      </Form>
    </Section>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
