import { getFormProps, useForm } from "@conform-to/react";
import { type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction, redirect } from "@remix-run/node";
import { Form, useActionData, useNavigation } from "@remix-run/react";
import { ownerForm } from "~/forms/admins/admin";
import { keyOf, paths } from "~/paths";
import { isSetUp, isSetupToken, setUpOwner } from "~/server/admins/first-owner.server";
import { logIn } from "~/server/admins/sign-in.server";
import { readForm, refuseForm } from "~/server/http/form.server";
import { Button } from "~/ui/kit/button";
import { Field } from "~/ui/kit/field";
import { TextInput } from "~/ui/kit/inputs";
import { FormErrors } from "~/ui/kit/notice";
import { useValidation } from "~/ui/kit/use-validation";
import { AuthShell } from "~/ui/shell/auth-shell";

export const meta: MetaFunction = () => [{ title: "Set up · Latchkey" }];

export async function loader({ params, context }: LoaderFunctionArgs) {
  if (await isSetUp(context)) throw redirect(paths.signIn());
  if (await isSetupToken(context, keyOf(params.token))) return null;
  throw new Response("This set-up link is not the newest one. Use the link that Latchkey printed at its last start.", { status: 404 });
}

export async function action({ request, params, context }: ActionFunctionArgs) {
  const submission = await readForm(request, ownerForm);
  if (submission.status !== "success") return refuseForm(submission);
  const done = await setUpOwner(context, keyOf(params.token), submission.value);
  if (!done.ok) return refuseForm(submission, done);
  const { cookie } = await logIn(context, request, done.admin);
  throw redirect(paths.welcome(), { headers: { "Set-Cookie": cookie } });
}

export default function SetUp() {
  const busy = useNavigation().formMethod === "POST";
  const [form, fields] = useForm({
    id: "set-up",
    lastResult: useActionData<typeof action>()?.result,
    onValidate: useValidation(async () => (await import("~/forms/admins/admin")).ownerForm),
    shouldRevalidate: "onInput",
  });
  return (
    <AuthShell title="Become the first owner" description="You can invite others afterwards. This link works once.">
      <Form method="post" {...getFormProps(form)}>
        <FormErrors errors={form.errors} />
        <Field label="Your name" field={fields.name} hint="Shown next to your changes in the audit log.">
          <TextInput autoComplete="name" defaultValue={fields.name.initialValue} />
        </Field>
        <Field label="E-mail" field={fields.email} hint="To sign in with; nothing is sent there.">
          <TextInput type="email" autoComplete="username" defaultValue={fields.email.initialValue} />
        </Field>
        <Field label="Password" field={fields.password} hint="At least 12 characters; a few words that do not belong together do well.">
          <TextInput type="password" autoComplete="new-password" />
        </Field>
        <Button variant="primary" size="lg" className="w-full" busy={busy}>
          Create owner
        </Button>
      </Form>
    </AuthShell>
  );
}
