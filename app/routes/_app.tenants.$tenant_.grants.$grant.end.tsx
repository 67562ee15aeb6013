import { getFormProps, getTextareaProps, useForm } from "@conform-to/react";
import type { ActionFunctionArgs, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Form, useActionData, useLoaderData, useNavigation } from "@remix-run/react";
import { actOnGrant } from "~/core/permissions";
import { endGrantSchema } from "~/forms/grants/grant-page";
import { keyOf, paths } from "~/paths";
import { actorOf, requireAdmin } from "~/server/admins/sessions.server";
import { endNow } from "~/server/grants/grant-changes.server";
import { endingPreview, requireGrant } from "~/server/grants/grants.server";
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
import { FormErrors, Notice } from "~/ui/kit/notice";
import { SubmitRow } from "~/ui/kit/submit-row";
import { Time } from "~/ui/kit/time";
import { useValidation } from "~/ui/kit/use-validation";
import { AskButton, RailLimits } from "~/ui/rails/rail-notice";
import { AnswerChange } from "~/ui/tenants/answer-change";
import { TenantFormPage } from "~/ui/tenants/tenant-form-page";

export const meta: MetaFunction<typeof loader> = ({ data }) => [
  { title: `End ${data?.grant.kind ?? "grant"} · ${data?.name ?? "Tenant"} · Latchkey` },
];

export async function loader({ request, context, params }: LoaderFunctionArgs) {
  const tenant = await requireTenant(request, context, keyOf(params.tenant), "read");
  const { grant, view, isOver } = await requireGrant(context, tenant, keyOf(params.grant));
  const { key, name } = tenant.facts;
  const act = actOnGrant("end", view.kind);
  const preview = isOver ? null : endingPreview(tenant, grant);
  const rails = view.kind === "trial" ? await railFacts(context, key, tenant.admin.role) : null;
  return { key, name, rails, grant: view, isOver, preview, now: tenant.now, canChange: tenant.may(act), act };
}

export async function action({ request, context, params }: ActionFunctionArgs) {
  const tenant = await requireTenant(request, context, keyOf(params.tenant), "trials.end");
  const { view } = await requireGrant(context, tenant, keyOf(params.grant));
  // An override needs more.
  await requireAdmin(request, context, actOnGrant("end", view.kind));
  const submission = await readForm(request, endGrantSchema);
  if (submission.status !== "success") return invalid(submission);
  const { key } = tenant.facts;
  if (submission.value.intent === "ask" && view.kind === "trial") {
    const act = { act: "end_trial", grant: view.id, feature: view.feature.key } as const;
    const asked = await askForTrial(context, actorOf(tenant.admin), { tenant: key, act, note: submission.value.note || null });
    if (!asked.ok) return refused(submission, asked, {});
    return redirectWithToast(paths.requests(), { message: "Your request waits for an admin." });
  }
  const actor = newAct(context, tenant.admin);
  const result = await endNow(context, actor, key, { grant: view.id, note: submission.value.note });
  if (!result.ok) return refused(submission, result, {});
  return redirectWithToast(paths.tenantGrants(key, { done: result.ids.join(",") }), {
    message: `Ended: ${view.feature.name}.`,
    undo: await undoOffer(context, actor),
  });
}

export default function EndGrant() {
  const { key, name, rails, grant, isOver, preview, now, canChange, act } = useLoaderData<typeof loader>();
  const busy = useNavigation().formMethod === "POST";
  const [form, fields] = useForm({
    id: "end",
    lastResult: useActionData<typeof action>()?.result,
    onValidate: useValidation(async () => (await import("~/forms/grants/grant-page")).endGrantSchema),
    shouldRevalidate: "onInput",
  });
  return (
    <TenantFormPage
      title={`End ${grant.kind} now`}
      tenant={{ key, name, canChange }}
      act={act}
      crumbs={[{ label: "Grants", to: paths.tenantGrants(key) }]}
    >
      <Card>
        <GrantFacts grant={grant} now={now} />
        {isOver ? (
          <>
            <Notice kind="info" className="my-4">
              This {grant.kind} is over already. There is nothing to end.
            </Notice>
            <LinkButton to={paths.tenantGrants(key)}>Back to the grants</LinkButton>
          </>
        ) : (
          <Form method="post" {...getFormProps(form)} className="mt-5 border-line border-t pt-4">
            <FormErrors errors={form.errors} />
            {rails && <RailLimits rails={rails} kind="end" />}
            {grant.next && (
              <Notice kind="warning" className="mb-4">
                {grant.next.isOnly ? (
                  <>
                    This cancels the coming change: {name} {grant.next.words} <Time at={grant.next.at} now={now} show="both" />.
                  </>
                ) : (
                  `${name} still ${grant.next.words}, when the other trials end.`
                )}
              </Notice>
            )}
            {preview && <AnswerChange {...preview} now={now} labels={["Now", "Then"]} className="mb-5" />}
            <Field label="Note" field={fields.note} hint="Why, for the audit log." optional>
              <Textarea {...getTextareaProps(fields.note)} rows={2} maxLength={1_000} />
            </Field>
            <SubmitRow
              variant="danger"
              busy={busy}
              disabled={!canChange}
              cancelTo={paths.tenantGrants(key)}
              cancelLabel="Keep it"
              more={rails && <AskButton rails={rails} kind="end" busy={busy} />}
            >
              End {grant.kind} now
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
