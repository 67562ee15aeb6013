import { getFormProps, useForm } from "@conform-to/react";
import type { ActionFunctionArgs, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Form, useActionData, useLoaderData, useNavigation } from "@remix-run/react";
import { noticeKindNames, noticeKinds } from "~/core/notices/notice-rules";
import { mayAct } from "~/core/permissions";
import { noticeRulesForm } from "~/forms/notices/notice-rules";
import { paths } from "~/paths";
import { actorOf, requireAdmin } from "~/server/admins/sessions.server";
import { invalid, readForm } from "~/server/http/form.server";
import { redirectWithToast } from "~/server/http/toast.server";
import { readNoticeRules, saveNoticeRules } from "~/server/notices/notice-rules.server";
import { Card } from "~/ui/kit/card";
import { Checkbox } from "~/ui/kit/choices";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { Field } from "~/ui/kit/field";
import { TextInput } from "~/ui/kit/inputs";
import { FormErrors } from "~/ui/kit/notice";
import { PageHeader } from "~/ui/kit/page-header";
import { PermissionNotice } from "~/ui/kit/permission-notice";
import { SubmitRow } from "~/ui/kit/submit-row";

export const meta: MetaFunction = () => [{ title: "Choose notices · Latchkey" }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  const me = await requireAdmin(request, context, "read");
  const { db } = context;
  return { rules: await readNoticeRules(db.readAside, db.tables), canChange: mayAct(me.role, "notices.change") };
}

export async function action({ request, context }: ActionFunctionArgs) {
  const me = await requireAdmin(request, context, "notices.change");
  const submission = await readForm(request, noticeRulesForm);
  if (submission.status !== "success") return invalid(submission);
  await saveNoticeRules(context, actorOf(me), submission.value);
  throw redirectWithToast(paths.notices(), { message: "The choice of notices is saved." });
}

export default function NoticeRulesPage() {
  const { rules, canChange } = useLoaderData<typeof loader>();
  const busy = useNavigation().formMethod === "POST";
  const answer = useActionData<typeof action>();
  const [form, fields] = useForm<{ kinds: string[]; endsSoonDays: string; demandPerDay: string }>({
    id: "notices",
    lastResult: answer?.result,
    defaultValue: { kinds: rules.kinds, endsSoonDays: String(rules.endsSoonDays), demandPerDay: String(rules.demandPerDay) },
  });
  const chosen: readonly string[] = answer ? ([fields.kinds.initialValue ?? []].flat() as string[]) : rules.kinds;
  return (
    <>
      <PageHeader title="Choose notices" breadcrumbs={[{ label: "Notices", to: paths.notices() }]} />
      <PermissionNotice canChange={canChange} act="notices.change" />
      <Card className="max-w-2xl">
        <Form method="post" {...getFormProps(form)}>
          <FormErrors errors={form.errors} />
          <Field label="Notify people when" field={fields.kinds} group>
            <div className="grid gap-x-6 sm:grid-cols-2">
              {noticeKindNames.map((kind) => (
                <Checkbox key={kind} name={fields.kinds.name} value={kind} defaultChecked={chosen.includes(kind)} {...noticeKinds[kind]} />
              ))}
            </div>
          </Field>
          <Field label="Days before a trial ends" field={fields.endsSoonDays} hint="1 to 90. Webhooks use the same days.">
            <TextInput
              type="number"
              min={1}
              max={90}
              inputMode="numeric"
              defaultValue={fields.endsSoonDays.initialValue}
              className="max-w-32"
            />
          </Field>
          <Field
            label="Refusals of a feature in a day"
            field={fields.demandPerDay}
            hint="In UTC, of all tenants together. Webhooks use the same number."
          >
            <TextInput type="number" min={1} inputMode="numeric" defaultValue={fields.demandPerDay.initialValue} className="max-w-40" />
          </Field>
          <SubmitRow busy={busy} disabled={!canChange} cancelTo={paths.notices()}>
            Save
          </SubmitRow>
        </Form>
      </Card>
    </>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
