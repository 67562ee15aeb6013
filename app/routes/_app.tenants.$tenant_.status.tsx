import { getFormProps, getTextareaProps, useForm } from "@conform-to/react";
import type { ActionFunctionArgs, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Form, useActionData, useLoaderData, useNavigation } from "@remix-run/react";
import { useState } from "react";
import { type TenantStatus, tenantStatuses } from "~/core/model";
import { day } from "~/core/time";
import { inputValueIn, zonedDateTime } from "~/core/zoned-time";
import { statusAtSchema } from "~/forms/schedules/schedule-page";
import { keyOf, paths } from "~/paths";
import { actorOf } from "~/server/admins/sessions.server";
import { invalid, readForm, refused, seenRevision } from "~/server/http/form.server";
import { redirectWithToast } from "~/server/http/toast.server";
import { scheduleStatus } from "~/server/schedules/schedule-edits.server";
import { saveTenant } from "~/server/tenants/tenant-edits.server";
import { entitledWhenActive } from "~/server/tenants/tenant-features.server";
import { requireTenant } from "~/server/tenants/tenants.server";
import { newAct, undoOffer } from "~/server/undo/undo-offer.server";
import { Card } from "~/ui/kit/card";
import { RadioCards } from "~/ui/kit/choices";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { Field } from "~/ui/kit/field";
import { Textarea } from "~/ui/kit/inputs";
import { FormErrors } from "~/ui/kit/notice";
import { count } from "~/ui/kit/pagination";
import { refreshOnConflict } from "~/ui/kit/refresh-on-conflict";
import { StaleNotice } from "~/ui/kit/stale-notice";
import { StatusPill } from "~/ui/kit/status";
import { SubmitRow } from "~/ui/kit/submit-row";
import { useValidation } from "~/ui/kit/use-validation";
import { WhenFields } from "~/ui/schedules/when-fields";
import { TenantFormPage } from "~/ui/tenants/tenant-form-page";

export const meta: MetaFunction<typeof loader> = ({ data }) => [{ title: `Change status · ${data?.name ?? "Tenant"} · Latchkey` }];

export const shouldRevalidate = refreshOnConflict;

export async function loader({ request, context, params }: LoaderFunctionArgs) {
  const tenant = await requireTenant(request, context, keyOf(params.tenant), "read");
  const { key, name, status, revision } = tenant.facts;
  const to = new URL(request.url).searchParams.get("to");
  const choices = tenantStatuses.filter((s) => s !== status);
  const wanted = choices.find((s) => s === to) ?? (status === "active" ? "suspended" : "active");
  return {
    key,
    name,
    status,
    revision,
    choices,
    wanted,
    entitled: entitledWhenActive(tenant),
    now: tenant.now,
    zone: tenant.zone,
    canChange: tenant.may("tenants.change"),
  };
}

const done = { active: "Reinstated.", suspended: "Suspended.", archived: "Archived." } as const;

export async function action({ request, context, params }: ActionFunctionArgs) {
  const tenant = await requireTenant(request, context, keyOf(params.tenant), "tenants.change");
  const submission = await readForm(request, statusAtSchema);
  if (submission.status !== "success") return invalid(submission, undefined, { expected: seenRevision(submission), theirs: null });
  const { expected, status, note, when, at } = submission.value;
  const { key } = tenant.facts;
  if (when === "later" && at !== undefined) {
    const scheduled = await scheduleStatus(context, actorOf(tenant.admin), key, { at, status, note });
    if (!scheduled.ok) return refused(submission, scheduled, { at: "at", status: "status" }, { expected, theirs: null });
    return redirectWithToast(paths.tenant(key), { message: `Scheduled for ${zonedDateTime(at, tenant.zone)}.` });
  }
  const actor = newAct(context, tenant.admin);
  const saved = await saveTenant(context, actor, key, { status, why: note }, { expected, fields: ["status"] });
  if (!saved.ok) return refused(submission, saved.refusal, {}, { expected: saved.revision, theirs: saved.theirs });
  return redirectWithToast(paths.tenant(key), { message: done[status], undo: await undoOffer(context, actor) });
}

export default function ChangeStatus() {
  const { key, name, status, revision, choices, wanted, entitled, now, zone, canChange } = useLoaderData<typeof loader>();
  const busy = useNavigation().formMethod === "POST";
  const actionData = useActionData<typeof action>();
  const [seen] = useState(revision);
  const [form, fields] = useForm({
    id: "status",
    lastResult: actionData?.result,
    defaultValue: { status: wanted, when: "now", at: inputValueIn(now + day, zone) },
    onValidate: useValidation(async () => (await import("~/forms/schedules/schedule-page")).statusAtSchema),
    shouldRevalidate: "onInput",
  });
  const features = `${count(entitled)} feature${entitled === 1 ? "" : "s"}`;
  const words: Record<TenantStatus, { label: string; hint: string }> = {
    active: { label: "Reinstate", hint: `Plan and grants count again: ${features} from the next check on.` },
    suspended: {
      label: "Suspend",
      hint: `Every answer becomes no, overrides included: ${features} fewer. Plan and grants stay; reinstate it at any time.`,
    },
    archived: {
      label: "Archive",
      hint: "For a customer who left. Every answer is no and nothing can be granted. Its history stays; it can be reinstated.",
    },
  };
  return (
    <TenantFormPage title="Change status" tenant={{ key, name, canChange }} act="tenants.change">
      <Card>
        <Form method="post" {...getFormProps(form)}>
          <FormErrors errors={actionData?.theirs ? [] : form.errors} />
          <StaleNotice theirs={actionData?.theirs} now={now} />
          <input type="hidden" name="expected" value={actionData?.expected ?? seen} />
          <p className="mb-4 flex items-center gap-2 text-ink-muted text-sm">
            {name} is <StatusPill status={status} />
          </p>
          <Field label="What to do" field={fields.status} group>
            <RadioCards
              name={fields.status.name}
              checked={fields.status.initialValue}
              options={choices.map((value) => ({ value, ...words[value] }))}
            />
          </Field>
          <WhenFields zone={zone} when={fields.when} at={fields.at} />
          <Field label="Note" field={fields.note} hint="Why, for the audit log." optional>
            <Textarea {...getTextareaProps(fields.note)} rows={2} maxLength={1_000} />
          </Field>
          <SubmitRow variant={status === "active" ? "danger" : "primary"} busy={busy} disabled={!canChange} cancelTo={paths.tenant(key)}>
            Change status
          </SubmitRow>
        </Form>
      </Card>
    </TenantFormPage>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
