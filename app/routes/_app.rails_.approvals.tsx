import { getFormProps, useForm } from "@conform-to/react";
import type { ActionFunctionArgs, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Form, useActionData, useLoaderData, useNavigation } from "@remix-run/react";
import { approvalsForm } from "~/forms/approvals/approvals";
import { paths } from "~/paths";
import { actorOf, requireAdmin } from "~/server/admins/sessions.server";
import { readApprovals, saveApprovals } from "~/server/approvals/approval-rules.server";
import { invalid, readForm } from "~/server/http/form.server";
import { redirectWithToast } from "~/server/http/toast.server";
import { Card } from "~/ui/kit/card";
import { Checkbox } from "~/ui/kit/choices";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { Field } from "~/ui/kit/field";
import { TextInput } from "~/ui/kit/inputs";
import { FormErrors } from "~/ui/kit/notice";
import { PageHeader } from "~/ui/kit/page-header";
import { SubmitRow } from "~/ui/kit/submit-row";

export const meta: MetaFunction = () => [{ title: "Approvals · Latchkey" }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  await requireAdmin(request, context, "approvals.change");
  return { rules: await readApprovals(context.db.readAside, context.db.tables) };
}

export async function action({ request, context }: ActionFunctionArgs) {
  const admin = await requireAdmin(request, context, "approvals.change");
  const submission = await readForm(request, approvalsForm);
  if (submission.status !== "success") return invalid(submission);
  const isChanged = await saveApprovals(context, actorOf(admin), submission.value);
  return redirectWithToast(paths.approvals(), { message: isChanged ? "The approvals are saved." : "Nothing was changed." });
}

const typed = (limit: number | null) => (limit === null ? "" : String(limit));

export default function ApprovalsPage() {
  const { rules } = useLoaderData<typeof loader>();
  const busy = useNavigation().formMethod === "POST";
  const [form, fields] = useForm({
    id: "approvals",
    lastResult: useActionData<typeof action>()?.result,
    defaultValue: {
      ...rules,
      trialDays: typed(rules.trialDays),
      bulkTenants: typed(rules.bulkTenants),
      publicationTenants: typed(rules.publicationTenants),
    },
  });
  return (
    <>
      <PageHeader
        title="Approvals"
        breadcrumbs={[{ label: "Guard rails", to: paths.rails() }]}
        description="Acts that need a second person, for every role and API key. They wait on the page Requests until an admin or owner approves them, and lapse after 14 days. The command line is not bound."
      />
      <Card className="max-w-2xl">
        <Form method="post" {...getFormProps(form)}>
          <FormErrors errors={form.errors} />
          <div className="field-row sm:grid-cols-2">
            <Field label="Trials of more than" field={fields.trialDays} hint="Extensions included. Empty: none.">
              <span className="flex items-center gap-2">
                <TextInput
                  defaultValue={fields.trialDays.initialValue}
                  inputMode="numeric"
                  autoComplete="off"
                  className="max-w-28"
                  placeholder="none"
                />
                <span className="text-ink-muted text-sm">days</span>
              </span>
            </Field>
            <Field label="Changes of more than" field={fields.bulkTenants} hint="At once, or rows of a CSV file. Empty: none.">
              <span className="flex items-center gap-2">
                <TextInput
                  defaultValue={fields.bulkTenants.initialValue}
                  inputMode="numeric"
                  autoComplete="off"
                  className="max-w-28"
                  placeholder="none"
                />
                <span className="text-ink-muted text-sm">tenants</span>
              </span>
            </Field>
            <Field
              label="Catalogue changes that take something from more than"
              field={fields.publicationTenants}
              hint="They are made in a draft, and someone else publishes it. Empty: none."
            >
              <span className="flex items-center gap-2">
                <TextInput
                  defaultValue={fields.publicationTenants.initialValue}
                  inputMode="numeric"
                  autoComplete="off"
                  className="max-w-28"
                  placeholder="none"
                />
                <span className="text-ink-muted text-sm">tenants</span>
              </span>
            </Field>
          </div>
          <Checkbox
            name={fields.endlessOverrides.name}
            label="Overrides without an end"
            hint="Or for more than 10 years. Shorter ones need nobody else."
            defaultChecked={fields.endlessOverrides.initialValue === "on"}
          />
          <Checkbox
            name={fields.manageKeys.name}
            label="API keys with the scope manage"
            hint="Created or rotated. Once approved, only the one who asked creates the key and sees it."
            defaultChecked={fields.manageKeys.initialValue === "on"}
          />
          <SubmitRow busy={busy} className="mt-4">
            Save approvals
          </SubmitRow>
        </Form>
      </Card>
    </>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
