import { getFormProps, getTextareaProps, useForm } from "@conform-to/react";
import type { ActionFunctionArgs, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Form, useActionData, useLoaderData, useNavigation } from "@remix-run/react";
import { actOnGrant } from "~/core/permissions";
import { allowed } from "~/core/rails/guard-rails";
import { day } from "~/core/time";
import { inputValueIn, instantIn } from "~/core/zoned-time";
import { extendGrantSchema } from "~/forms/grants/grant-page";
import { keyOf, paths } from "~/paths";
import { actorOf, requireAdmin } from "~/server/admins/sessions.server";
import { toWaitingRequest } from "~/server/approvals/approval-toast.server";
import { extend, newEnd as newEndOf } from "~/server/grants/grant-changes.server";
import { requireGrant } from "~/server/grants/grants.server";
import { invalid, readForm, refused } from "~/server/http/form.server";
import { redirectWithToast } from "~/server/http/toast.server";
import { railFacts } from "~/server/rails/rail-facts.server";
import { askForTrial } from "~/server/requests/ask.server";
import { requireTenant } from "~/server/tenants/tenants.server";
import { newAct, undoOffer } from "~/server/undo/undo-offer.server";
import { GrantFacts } from "~/ui/grants/grant-facts";
import { LinkButton } from "~/ui/kit/button";
import { Card } from "~/ui/kit/card";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { Field } from "~/ui/kit/field";
import { Textarea } from "~/ui/kit/inputs";
import { LengthFields } from "~/ui/kit/length-fields";
import { FormErrors, Notice } from "~/ui/kit/notice";
import { SubmitRow } from "~/ui/kit/submit-row";
import { useValidation } from "~/ui/kit/use-validation";
import { AskButton, RailLimits, RailVerdictLine } from "~/ui/rails/rail-notice";
import { TenantFormPage } from "~/ui/tenants/tenant-form-page";

export const meta: MetaFunction<typeof loader> = ({ data }) => [
  { title: `Extend ${data?.grant.kind ?? "grant"} · ${data?.name ?? "Tenant"} · Latchkey` },
];

export async function loader({ request, context, params }: LoaderFunctionArgs) {
  const tenant = await requireTenant(request, context, keyOf(params.tenant), "read");
  const { view, isOver } = await requireGrant(context, tenant, keyOf(params.grant));
  const { key, name } = tenant.facts;
  const act = actOnGrant("extend", view.kind);
  const rails = view.kind === "trial" ? await railFacts(context, key, tenant.admin.role) : null;
  return { key, name, rails, grant: view, isOver, now: tenant.now, zone: tenant.zone, canChange: tenant.may(act), act };
}

export async function action({ request, context, params }: ActionFunctionArgs) {
  const tenant = await requireTenant(request, context, keyOf(params.tenant), "trials.extend");
  const { grant, view } = await requireGrant(context, tenant, keyOf(params.grant));
  // An override needs more.
  await requireAdmin(request, context, actOnGrant("extend", grant.kind));
  const submission = await readForm(request, extendGrantSchema);
  if (submission.status !== "success") return invalid(submission);
  const { key } = tenant.facts;
  const form = { grant: grant.id, endsAt: newEndOf(submission.value, grant, tenant.now), note: submission.value.note };
  if (submission.value.intent === "ask" && grant.kind === "trial") {
    const act = { act: "extend_trial", grant: form.grant, feature: grant.feature, endsAt: form.endsAt } as const;
    const asked = await askForTrial(context, actorOf(tenant.admin), { tenant: key, act, note: form.note || null });
    if (!asked.ok) return refused(submission, asked, {});
    return redirectWithToast(paths.requests(), { message: "Your request waits for an admin." });
  }
  const actor = newAct(context, tenant.admin);
  const result = await extend(context, actor, key, form);
  if (!result.ok && result.request) return toWaitingRequest(result);
  if (!result.ok) return refused(submission, result, { reason: "note", endsAt: submission.value.length === "own" ? "endsAt" : "length" });
  return redirectWithToast(paths.tenantGrants(key, { done: result.ids.join(",") }), {
    message: `Extended: ${view.feature.name}.`,
    undo: await undoOffer(context, actor),
  });
}

export default function ExtendGrant() {
  const { key, name, rails, grant, isOver, now, zone, canChange, act } = useLoaderData<typeof loader>();
  const busy = useNavigation().formMethod === "POST";
  const [form, fields] = useForm({
    id: "extend",
    lastResult: useActionData<typeof action>()?.result,
    defaultValue: { length: "14", endsAt: inputValueIn((grant.until ?? now) + 14 * day, zone) },
    onValidate: useValidation(async () => (await import("~/forms/grants/grant-page")).extendGrantSchema),
    shouldRevalidate: "onInput",
  });
  const { length, endsAt } = fields;
  const newEnd = length.value === "own" ? instantIn(endsAt.value ?? "", zone) : (grant.until ?? now) + Number(length.value ?? 14) * day;
  const railed = { kind: "extend" as const, grant: grant.id };
  const verdict = rails && newEnd !== null ? allowed({ ...railed, endsAt: newEnd }, rails.role, rails.rules, rails.spans) : null;
  const why = isOver ? `This ${grant.kind} is over. Grant a new one instead.` : "This override has no end, so there is nothing to extend.";
  return (
    <TenantFormPage
      title={`Extend ${grant.kind}`}
      tenant={{ key, name, canChange }}
      act={act}
      crumbs={[{ label: "Grants", to: paths.tenantGrants(key) }]}
    >
      <Card>
        <GrantFacts grant={grant} now={now} />
        {isOver || grant.until === null ? (
          <>
            <Notice kind="info" className="my-4">
              {why}
            </Notice>
            <LinkButton to={paths.tenantGrants(key)}>Back to the grants</LinkButton>
          </>
        ) : (
          <Form method="post" {...getFormProps(form)} className="mt-5 border-line border-t pt-4">
            <FormErrors errors={form.errors} />
            {rails && <RailLimits rails={rails} kind="extend" />}
            <LengthFields
              zone={zone}
              label="How much longer"
              hint="From the end that it has."
              from={grant.until}
              plus
              length={fields.length}
              endsAt={fields.endsAt}
            />
            <Field label="Note" field={fields.note} hint="Why, for the audit log." optional>
              <Textarea {...getTextareaProps(fields.note)} rows={2} maxLength={1_000} />
            </Field>
            {grant.next && (
              <p className="mb-3 text-ink-muted text-sm wrap-anywhere">
                {name} {grant.next.words} at the new end{grant.next.isOnly ? "" : ", or when the other trials end, if that is later"}.
              </p>
            )}
            {verdict && (
              <p role="status" className="min-h-5 text-sm wrap-anywhere">
                <RailVerdictLine verdict={verdict} />
              </p>
            )}
            <SubmitRow
              busy={busy}
              disabled={!canChange}
              cancelTo={paths.tenantGrants(key)}
              more={rails && <AskButton rails={rails} kind="extend" busy={busy} />}
            >
              Extend {grant.kind}
            </SubmitRow>
          </Form>
        )}
      </Card>
    </TenantFormPage>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
