import { getFormProps, getTextareaProps, useForm } from "@conform-to/react";
import type { ActionFunctionArgs, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Form, useActionData, useLoaderData, useNavigation } from "@remix-run/react";
import { useState } from "react";
import { day } from "~/core/time";
import { inputValueIn, zonedDateTime } from "~/core/zoned-time";
import { planAtSchema } from "~/forms/schedules/schedule-page";
import { keyOf, paths } from "~/paths";
import { actorOf } from "~/server/admins/sessions.server";
import { invalid, readForm, refused, seenRevision } from "~/server/http/form.server";
import { redirectWithToast } from "~/server/http/toast.server";
import { schedulePlan } from "~/server/schedules/schedule-edits.server";
import { planFields, saveTenant } from "~/server/tenants/tenant-edits.server";
import { currentPlans, planChoices, planPreview } from "~/server/tenants/tenant-plan.server";
import { requireTenant } from "~/server/tenants/tenants.server";
import { newAct, undoOffer } from "~/server/undo/undo-offer.server";
import { AffectedLists } from "~/ui/catalogue/affected-list";
import { PlanFields } from "~/ui/catalogue/plan-fields";
import { Card, Section } from "~/ui/kit/card";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { Field } from "~/ui/kit/field";
import { Textarea } from "~/ui/kit/inputs";
import { FormErrors, Notice } from "~/ui/kit/notice";
import { refreshOnConflict } from "~/ui/kit/refresh-on-conflict";
import { StaleNotice } from "~/ui/kit/stale-notice";
import { SubmitRow } from "~/ui/kit/submit-row";
import { useValidation } from "~/ui/kit/use-validation";
import { WhenFields } from "~/ui/schedules/when-fields";
import { TenantFormPage } from "~/ui/tenants/tenant-form-page";

export const meta: MetaFunction<typeof loader> = ({ data }) => [{ title: `Change plan · ${data?.name ?? "Tenant"} · Latchkey` }];

export const shouldRevalidate = refreshOnConflict;

export async function loader({ request, context, params }: LoaderFunctionArgs) {
  const tenant = await requireTenant(request, context, keyOf(params.tenant), "read");
  const { searchParams } = new URL(request.url);
  const { key, name, status, revision, plan, addOns } = tenant.facts;
  const now = { plan, addOns: addOns.map((a) => a.plan) };
  const wanted = searchParams.has("plan") ? { plan: searchParams.get("plan") || null, addOns: searchParams.getAll("addOns") } : null;
  const preview = wanted && (await planPreview(context, tenant, wanted));
  return {
    key,
    name,
    status,
    revision,
    choices: planChoices(tenant.catalogue, currentPlans(tenant)),
    chosen: wanted ?? now,
    preview: preview && "ok" in preview ? null : preview,
    refusal: preview && "ok" in preview ? preview.message : null,
    now: tenant.now,
    zone: tenant.zone,
    canChange: tenant.may("tenants.change"),
  };
}

export async function action({ request, context, params }: ActionFunctionArgs) {
  const tenant = await requireTenant(request, context, keyOf(params.tenant), "tenants.change");
  const submission = await readForm(request, planAtSchema);
  if (submission.status !== "success") return invalid(submission, undefined, { expected: seenRevision(submission), theirs: null });
  const { expected, plan, addOns, note, when, at } = submission.value;
  const { key } = tenant.facts;
  if (when === "later" && at !== undefined) {
    const scheduled = await schedulePlan(context, actorOf(tenant.admin), key, { at, plan: plan ?? null, addOns, note, expected });
    if (!scheduled.ok)
      return refused(submission, scheduled.refusal, { at: "at" }, { expected: scheduled.revision, theirs: scheduled.theirs });
    return redirectWithToast(paths.tenant(key), { message: `Scheduled for ${zonedDateTime(at, tenant.zone)}.` });
  }
  const form = { plan: plan ?? null, addOns, why: note };
  const actor = newAct(context, tenant.admin);
  const saved = await saveTenant(context, actor, key, form, { expected, fields: planFields });
  if (!saved.ok) return refused(submission, saved.refusal, {}, { expected: saved.revision, theirs: saved.theirs });
  const message = saved.changed ? "Plan changed." : "Nothing to change: it has this plan already.";
  return redirectWithToast(paths.tenant(key), { kind: saved.changed ? "success" : "info", message, undo: await undoOffer(context, actor) });
}

export default function ChangePlan() {
  const { key, name, choices, chosen, preview, refusal, now, canChange } = useLoaderData<typeof loader>();
  const actionData = useActionData<typeof action>();
  // The fields are hidden, so their errors are shown above the form.
  const { note: _, at: __, ...errors } = actionData?.result.error ?? {};
  const sent = actionData?.theirs ? [] : Object.values(errors).flatMap((sentences) => sentences ?? []);
  return (
    <TenantFormPage title="Change plan" tenant={{ key, name, canChange }} act="tenants.change" wide>
      <div className="grid gap-6">
        <Card>
          <FormErrors errors={refusal ?? sent} />
          <StaleNotice theirs={actionData?.theirs} now={now} />
          <Form method="get" preventScrollReset>
            <PlanFields {...choices} chosen={chosen} />
            <SubmitRow variant={preview?.isChange ? "secondary" : "primary"} cancelTo={paths.tenant(key)}>
              Show what changes
            </SubmitRow>
          </Form>
        </Card>
        {preview && !preview.isChange && <Notice kind="info">{name} has exactly this plan already.</Notice>}
        {preview?.isChange && <Preview key={JSON.stringify(chosen)} />}
      </div>
    </TenantFormPage>
  );
}

function Preview() {
  const { status, revision, chosen, preview, now, zone, canChange } = useLoaderData<typeof loader>();
  const busy = useNavigation().formMethod === "POST";
  const actionData = useActionData<typeof action>();
  // The revision this page was opened with, until a refusal showed a newer one.
  const [seen] = useState(revision);
  const [form, fields] = useForm({
    id: "plan",
    lastResult: actionData?.result,
    onValidate: useValidation(async () => (await import("~/forms/schedules/schedule-page")).planAtSchema),
    defaultValue: { when: "now", at: inputValueIn(now + day, zone) },
    shouldRevalidate: "onInput",
  });
  if (!preview) return null;
  return (
    <Section title="What changes" id="preview">
      {status !== "active" && (
        <Notice kind="warning" className="mb-4">
          This tenant is {status}: every answer stays no until it is reinstated. This is what changes then.
        </Notice>
      )}
      <AffectedLists {...preview} none="No answer changes: trials, overrides and the other plans give the same." />
      <Form method="post" {...getFormProps(form)}>
        <input type="hidden" name="expected" value={actionData?.expected ?? seen} />
        {chosen.plan !== null && <input type="hidden" name="plan" value={chosen.plan} />}
        {chosen.addOns.map((addOn) => (
          <input key={addOn} type="hidden" name="addOns" value={addOn} />
        ))}
        <WhenFields zone={zone} when={fields.when} at={fields.at} />
        <Field label="Note" field={fields.note} hint="Why, for the audit log." optional>
          <Textarea {...getTextareaProps(fields.note)} rows={2} maxLength={1_000} />
        </Field>
        <SubmitRow busy={busy} disabled={!canChange}>
          Change plan
        </SubmitRow>
      </Form>
    </Section>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
