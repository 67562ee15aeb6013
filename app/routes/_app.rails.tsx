import { getFormProps, useForm } from "@conform-to/react";
import type { ActionFunctionArgs, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Form, useActionData, useLoaderData, useNavigation } from "@remix-run/react";
import { mayAct } from "~/core/permissions";
import { railedKinds } from "~/core/rails/guard-rails";
import { guardRailsForm } from "~/forms/rails/guard-rails";
import { paths } from "~/paths";
import { actorOf, requireAdmin } from "~/server/admins/sessions.server";
import { invalid, readForm } from "~/server/http/form.server";
import { redirectWithToast } from "~/server/http/toast.server";
import { readRails, saveRails } from "~/server/rails/rails.server";
import { LinkButton } from "~/ui/kit/button";
import { Card } from "~/ui/kit/card";
import { Checkbox, RadioCards } from "~/ui/kit/choices";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { Field, type FieldMeta } from "~/ui/kit/field";
import { TextInput } from "~/ui/kit/inputs";
import { FormErrors } from "~/ui/kit/notice";
import { PageHeader } from "~/ui/kit/page-header";
import { SubmitRow } from "~/ui/kit/submit-row";

export const meta: MetaFunction = () => [{ title: "Guard rails · Latchkey" }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  const { role } = await requireAdmin(request, context, "rails.change");
  const rails = await readRails(context.db.readAside, context.db.tables);
  return { rails, mayChangeApprovals: mayAct(role, "approvals.change") };
}

export async function action({ request, context }: ActionFunctionArgs) {
  const admin = await requireAdmin(request, context, "rails.change");
  const submission = await readForm(request, guardRailsForm);
  if (submission.status !== "success") return invalid(submission);
  const { support, supportMayNot, why, ...limits } = submission.value;
  const isChanged = await saveRails(context, actorOf(admin), {
    ...limits,
    ...{ supportMayPass: support === "reason", supportMayNot, why: why || null },
  });
  return redirectWithToast(paths.rails(), { message: isChanged ? "The guard rails are saved." : "Nothing was changed." });
}

const kindWords = { grant: "Grant trials", extend: "Extend trials", end: "End trials" } as const;

const typed = (limit: number | null) => (limit === null ? "" : String(limit));

export default function GuardRailsPage() {
  const { rails, mayChangeApprovals } = useLoaderData<typeof loader>();
  const busy = useNavigation().formMethod === "POST";
  const [form, fields] = useForm({
    id: "rails",
    lastResult: useActionData<typeof action>()?.result,
    defaultValue: {
      maxDays: typed(rails.maxDays),
      maxExtensions: typed(rails.maxExtensions),
      daysApart: typed(rails.daysApart),
      maxLive: typed(rails.maxLive),
      support: rails.supportMayPass ? "reason" : "bound",
      supportMayNot: [...rails.supportMayNot] as string[],
      why: rails.why ?? "",
    },
  });
  return (
    <>
      <PageHeader
        title="Guard rails"
        actions={mayChangeApprovals && <LinkButton to={paths.approvals()}>Approvals</LinkButton>}
        description="Limits of trials; an empty field is no limit. Admins, owners and API keys with the scope manage may pass them with a written reason, which the audit log keeps."
      />
      <Card className="max-w-2xl">
        <Form method="post" {...getFormProps(form)}>
          <FormErrors errors={form.errors} />
          <div className="field-row sm:grid-cols-2">
            <LimitField label="Longest trial" unit="days" field={fields.maxDays} hint="From its first start, extensions included." />
            <LimitField label="Most extensions" unit="per trial" field={fields.maxExtensions} hint="0: trials are not extended." />
            <LimitField
              label="Between two trials of a feature"
              unit="days"
              field={fields.daysApart}
              hint="From the end of the tenant's last trial of it."
            />
            <LimitField
              label="Most trials of a tenant at once"
              unit="trials"
              field={fields.maxLive}
              hint="Counted when a trial is granted."
            />
          </div>
          <Field
            label="Support may not"
            field={fields.supportMayNot}
            hint="Only admins, owners and API keys do what is ticked. Support still sees it."
            group
          >
            <div className="flex flex-wrap gap-x-6">
              {railedKinds.map((kind) => (
                <Checkbox
                  key={kind}
                  name={fields.supportMayNot.name}
                  value={kind}
                  label={kindWords[kind]}
                  defaultChecked={[fields.supportMayNot.initialValue ?? []].flat().includes(kind)}
                />
              ))}
            </div>
          </Field>
          <Field label="Support beyond a limit" field={fields.support} group>
            <RadioCards
              name={fields.support.name}
              checked={fields.support.initialValue}
              columns={2}
              options={[
                { value: "bound", label: "Is bound", hint: "Beyond a limit, only admins and owners may go on." },
                { value: "reason", label: "May pass with a reason", hint: "As admins and owners may." },
              ]}
            />
          </Field>
          <Field label="Reason" field={fields.why} hint="Shown to people whose trial meets a limit." optional>
            <TextInput defaultValue={fields.why.initialValue} autoComplete="off" />
          </Field>
          <SubmitRow busy={busy}>Save guard rails</SubmitRow>
        </Form>
      </Card>
    </>
  );
}

function LimitField({
  label,
  unit,
  hint,
  field,
}: {
  label: string;
  unit: string;
  hint: string;
  field: FieldMeta & { initialValue?: string };
}) {
  return (
    <Field label={label} field={field} hint={hint}>
      <span className="flex items-center gap-2">
        <TextInput defaultValue={field.initialValue} inputMode="numeric" autoComplete="off" className="max-w-28" placeholder="no limit" />
        <span className="text-ink-muted text-sm">{unit}</span>
      </span>
    </Field>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
