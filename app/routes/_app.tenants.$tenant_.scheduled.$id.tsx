import { getFormProps, getTextareaProps, useForm } from "@conform-to/react";
import type { ActionFunctionArgs, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Form, useActionData, useLoaderData, useNavigation } from "@remix-run/react";
import { inputValueIn, zonedDateTime } from "~/core/zoned-time";
import { scheduledActSchema } from "~/forms/schedules/schedule-page";
import { keyOf, paths } from "~/paths";
import { actorOf } from "~/server/admins/sessions.server";
import { invalid, readForm, refused } from "~/server/http/form.server";
import { redirectWithToast } from "~/server/http/toast.server";
import { comingRows } from "~/server/schedules/coming-rows.server";
import { cancelChange, moveChange } from "~/server/schedules/schedule-edits.server";
import { requireTenant } from "~/server/tenants/tenants.server";
import { Button, LinkButton } from "~/ui/kit/button";
import { Card } from "~/ui/kit/card";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { Field } from "~/ui/kit/field";
import { DateTimeInput, Textarea, ZoneInput, zoneWords } from "~/ui/kit/inputs";
import { FormErrors, Notice } from "~/ui/kit/notice";
import { SubmitRow } from "~/ui/kit/submit-row";
import { Time } from "~/ui/kit/time";
import { useValidation } from "~/ui/kit/use-validation";
import { TenantFormPage } from "~/ui/tenants/tenant-form-page";

export const meta: MetaFunction<typeof loader> = ({ data }) => [{ title: `Coming change · ${data?.name ?? "Tenant"} · Latchkey` }];

export async function loader({ request, context, params }: LoaderFunctionArgs) {
  const tenant = await requireTenant(request, context, keyOf(params.tenant), "read");
  const { facts, catalogue, now, zone } = tenant;
  const { key, name } = facts;
  const id = keyOf(params.id);
  const row = comingRows(facts, catalogue, now).find((one) => one.id === id) ?? null;
  return { key, name, row, now, zone, canChange: tenant.may("tenants.change") };
}

export async function action({ request, context, params }: ActionFunctionArgs) {
  const tenant = await requireTenant(request, context, keyOf(params.tenant), "tenants.change");
  const submission = await readForm(request, scheduledActSchema);
  if (submission.status !== "success") return invalid(submission);
  const { intent, at, note } = submission.value;
  const { key } = tenant.facts;
  const id = keyOf(params.id);
  const actor = actorOf(tenant.admin);
  const result =
    intent === "move" && at !== undefined
      ? await moveChange(context, actor, key, { id, at, note })
      : await cancelChange(context, actor, key, { id, note });
  if (!result.ok) return refused(submission, result, { at: "at" });
  const message = intent === "cancel" ? "Cancelled. It will not take effect." : `Moved to ${zonedDateTime(at as number, tenant.zone)}.`;
  return redirectWithToast(paths.tenant(key), { message });
}

export default function ScheduledChangePage() {
  const { key, name, row, now, zone, canChange } = useLoaderData<typeof loader>();
  const busy = useNavigation().formMethod === "POST";
  const [form, fields] = useForm({
    id: "scheduled",
    lastResult: useActionData<typeof action>()?.result,
    defaultValue: { at: inputValueIn(row?.at ?? now, zone) },
    onValidate: useValidation(async () => (await import("~/forms/schedules/schedule-page")).scheduledActSchema),
    shouldRevalidate: "onInput",
  });
  if (!row) {
    return (
      <TenantFormPage title="Coming change" tenant={{ key, name, canChange }} act="tenants.change">
        <Card>
          <FormErrors errors={form.errors} />
          <Notice kind="info" className="mb-4">
            This change was cancelled, or has taken effect. The audit log of {name} says which.
          </Notice>
          <LinkButton to={paths.tenant(key)}>Back to {name}</LinkButton>
        </Card>
      </TenantFormPage>
    );
  }
  return (
    <TenantFormPage title="Move or cancel" tenant={{ key, name, canChange }} act="tenants.change">
      <Card>
        <p className="font-medium text-ink text-sm wrap-anywhere">
          {name} {row.words}
        </p>
        <p className="mt-0.5 text-ink-muted text-xs wrap-anywhere">
          <Time at={row.at} now={now} show="both" />
          {row.isAfterTrial && ", when the trial ends"}, scheduled by {row.by}
          {row.note && <span className="italic">. {row.note}</span>}
        </p>
        {row.problem && (
          <Notice kind="warning" className="mt-4" title={row.state === "refused" ? "It had no effect." : "It will have no effect."}>
            {row.problem}
          </Notice>
        )}
        <Form method="post" {...getFormProps(form)} className="mt-5 border-line border-t pt-4">
          <FormErrors errors={form.errors} />
          {row.isAfterTrial && <p className="mb-3 text-ink-muted text-sm">Once you move it, it no longer follows the end of the trial.</p>}
          <ZoneInput zone={zone} />
          <Field label="Date and time" field={fields.at} hint={`In ${zoneWords(zone)}.`}>
            <DateTimeInput defaultValue={fields.at.initialValue} />
          </Field>
          <Field label="Note" field={fields.note} hint="Why, for the audit log." optional>
            <Textarea {...getTextareaProps(fields.note)} rows={2} maxLength={1_000} />
          </Field>
          <SubmitRow intent="move" busy={busy} disabled={!canChange} cancelTo={paths.tenant(key)} cancelLabel={`Back to ${name}`}>
            Move
          </SubmitRow>
        </Form>
        <Form method="post" className="mt-5 flex flex-wrap items-center gap-x-4 gap-y-2 border-line border-t pt-4">
          <Button variant="danger" name="intent" value="cancel" busy={busy} disabled={!canChange}>
            Cancel this change
          </Button>
          <p className="text-ink-muted text-sm">{name} stays as it is.</p>
        </Form>
      </Card>
    </TenantFormPage>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
