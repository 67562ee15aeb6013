import { getFormProps, type SubmissionResult, useForm } from "@conform-to/react";
import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import { Form, useActionData, useNavigation } from "@remix-run/react";
import { roles } from "~/core/permissions";
import { inviteForm } from "~/forms/admins/admin";
import { paths } from "~/paths";
import { invite } from "~/server/admins/admins.server";
import { actorOf, requireAdmin } from "~/server/admins/sessions.server";
import { readForm, refuseForm } from "~/server/http/form.server";
import { roleWords } from "~/ui/admins/role-words";
import { Card } from "~/ui/kit/card";
import { RadioCards } from "~/ui/kit/choices";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { Field } from "~/ui/kit/field";
import { TextInput } from "~/ui/kit/inputs";
import { FormErrors } from "~/ui/kit/notice";
import { OneTimeLink } from "~/ui/kit/one-time-link";
import { PageHeader } from "~/ui/kit/page-header";
import { SubmitRow } from "~/ui/kit/submit-row";
import { useValidation } from "~/ui/kit/use-validation";

export const meta: MetaFunction = () => [{ title: "Invite admin · Latchkey" }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  await requireAdmin(request, context, "people.change");
  return null;
}

export async function action({ request, context }: ActionFunctionArgs) {
  const me = await requireAdmin(request, context, "people.change");
  const submission = await readForm(request, inviteForm);
  if (submission.status !== "success") return refuseForm(submission);
  const done = await invite(context, actorOf(me), submission.value);
  if (!done.ok) return refuseForm(submission, done);
  return data({ link: new URL(paths.invite(done.token), request.url).href, name: done.admin.name });
}

export default function Invite() {
  const answer = useActionData<typeof action>();
  return (
    <>
      <PageHeader title="Invite admin" breadcrumbs={[{ label: "People", to: paths.admins() }]} />
      <div className="max-w-2xl">
        {answer && "link" in answer ? (
          <OneTimeLink
            link={answer.link}
            sentence={`Give this link to ${answer.name}. It sets their password, works once and lasts 7 days.`}
          />
        ) : (
          <InviteForm result={answer?.result} />
        )}
      </div>
    </>
  );
}

function InviteForm({ result }: { result: SubmissionResult | undefined }) {
  const busy = useNavigation().formMethod === "POST";
  const [form, fields] = useForm({
    id: "invite",
    lastResult: result,
    onValidate: useValidation(async () => (await import("~/forms/admins/admin")).inviteForm),
    shouldRevalidate: "onInput",
  });
  return (
    <Card>
      <Form method="post" {...getFormProps(form)}>
        <FormErrors errors={form.errors} />
        <Field label="Name" field={fields.name}>
          <TextInput autoComplete="off" defaultValue={fields.name.initialValue} />
        </Field>
        <Field label="E-mail" field={fields.email} hint="To sign in with. Latchkey sends no mail: you pass the link on yourself.">
          <TextInput type="email" autoComplete="off" defaultValue={fields.email.initialValue} />
        </Field>
        <Field label="Role" field={fields.role} group>
          <RadioCards
            name={fields.role.name}
            checked={String(fields.role.initialValue ?? "viewer")}
            columns={2}
            options={roles.map((role) => ({ value: role, label: <span className="capitalize">{role}</span>, hint: roleWords[role] }))}
          />
        </Field>
        <SubmitRow busy={busy} cancelTo={paths.admins()}>
          Make invitation link
        </SubmitRow>
      </Form>
    </Card>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
