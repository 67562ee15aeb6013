import { getFormProps, getTextareaProps, useForm } from "@conform-to/react";
import { parseWithZod } from "@conform-to/zod/v4";
import { type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction, redirect } from "@remix-run/node";
import { Form, useActionData, useLoaderData, useNavigation } from "@remix-run/react";
import { actOnGrant } from "~/core/permissions";
import { day } from "~/core/time";
import { inputValueIn } from "~/core/zoned-time";
import { extendGrantSchema } from "~/forms/grants/grant-page";
import { keyOf, paths } from "~/paths";
import { actorOf, requireAdmin } from "~/server/admins/sessions.server";
import { extend, newEnd } from "~/server/grants/grant-changes.server";
import { requireGrant } from "~/server/grants/grants.server";
import { invalid, readForm, refused } from "~/server/http/form.server";
import { requireTenant } from "~/server/tenants/tenants.server";
import { GrantFacts } from "~/ui/grants/grant-facts";
import { LinkButton } from "~/ui/kit/button";
import { Card } from "~/ui/kit/card";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { Field } from "~/ui/kit/field";
import { Textarea } from "~/ui/kit/inputs";
import { LengthFields } from "~/ui/kit/length-fields";
import { FormErrors, Notice } from "~/ui/kit/notice";
import { SubmitRow } from "~/ui/kit/submit-row";
import { TenantFormPage } from "~/ui/tenants/tenant-form-page";

export const meta: MetaFunction<typeof loader> = ({ data }) => [
  { title: `Extend ${data?.grant.kind ?? "grant"} · ${data?.name ?? "Tenant"} · Latchkey` },
];

export async function loader({ request, context, params }: LoaderFunctionArgs) {
  const tenant = await requireTenant(request, context, keyOf(params.tenant), "read");
  const { view, isOver } = await requireGrant(context, tenant, keyOf(params.grant));
  const { key, name } = tenant.facts;
  const act = actOnGrant("extend", view.kind);
  return { key, name, grant: view, isOver, now: tenant.now, zone: tenant.zone, canChange: tenant.may(act), act };
}

export async function action({ request, context, params }: ActionFunctionArgs) {
  const tenant = await requireTenant(request, context, keyOf(params.tenant), "trials.extend");
  const { grant } = await requireGrant(context, tenant, keyOf(params.grant));
  // An override needs more.
  await requireAdmin(request, context, actOnGrant("extend", grant.kind));
  const submission = await readForm(request, extendGrantSchema);
  if (submission.status !== "success") return invalid(submission);
  const { key } = tenant.facts;
  const form = { grant: grant.id, endsAt: newEnd(submission.value, grant, tenant.now), note: submission.value.note };
  const result = await extend(context, actorOf(tenant.admin), key, form);
  if (!result.ok) return refused(submission, result, { endsAt: submission.value.length === "own" ? "endsAt" : "length" });
  return redirect(paths.tenantGrants(key, { done: result.ids.join(",") }));
}

export default function ExtendGrant() {
  const { key, name, grant, isOver, now, zone, canChange, act } = useLoaderData<typeof loader>();
  const busy = useNavigation().formMethod === "POST";
  const [form, fields] = useForm({
    id: "extend",
    lastResult: useActionData<typeof action>()?.result,
    defaultValue: { length: "14", endsAt: inputValueIn((grant.until ?? now) + 14 * day, zone) },
    onValidate: ({ formData }) => parseWithZod(formData, { schema: extendGrantSchema }),
    shouldRevalidate: "onInput",
  });
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
            <SubmitRow busy={busy} disabled={!canChange} cancelTo={paths.tenantGrants(key)}>
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
