import { getFormProps, useForm } from "@conform-to/react";
import { type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction, redirect } from "@remix-run/node";
import { Form, useActionData, useLoaderData, useNavigation } from "@remix-run/react";
import { acceptForm } from "~/forms/admins/admin";
import { keyOf, paths } from "~/paths";
import { acceptInvite, findInvited } from "~/server/admins/invites.server";
import { logIn } from "~/server/admins/sign-in.server";
import { readForm, refuseForm } from "~/server/http/form.server";
import { redirectWithToast } from "~/server/http/toast.server";
import { Button } from "~/ui/kit/button";
import { Field } from "~/ui/kit/field";
import { TextInput } from "~/ui/kit/inputs";
import { FormErrors } from "~/ui/kit/notice";
import { useValidation } from "~/ui/kit/use-validation";
import { AuthShell } from "~/ui/shell/auth-shell";

export const meta: MetaFunction = () => [{ title: "Choose a password · Latchkey" }];

export async function loader({ params, context }: LoaderFunctionArgs) {
  const invited = await findInvited(context, keyOf(params.token));
  if (!invited) throw new Response("This link was used already, or is older than 7 days. Ask an owner for a new one.", { status: 404 });
  return { name: invited.name, email: invited.email, isNew: !invited.hasPassword };
}

export async function action({ request, params, context }: ActionFunctionArgs) {
  const submission = await readForm(request, acceptForm);
  if (submission.status !== "success") return refuseForm(submission);
  const done = await acceptInvite(context, keyOf(params.token), submission.value.password);
  if (!done.ok) return refuseForm(submission, done);
  const { cookie, needsCode } = await logIn(context, request, done.admin);
  if (needsCode) throw redirect(paths.signInCode(), { headers: { "Set-Cookie": cookie } });
  throw redirectWithToast(paths.home(), { message: "Your password is set and you are signed in." }, { "Set-Cookie": cookie });
}

export default function AcceptInvite() {
  const { name, email, isNew } = useLoaderData<typeof loader>();
  const busy = useNavigation().formMethod === "POST";
  const [form, fields] = useForm({
    id: "accept",
    lastResult: useActionData<typeof action>()?.result,
    onValidate: useValidation(async () => (await import("~/forms/admins/admin")).acceptForm),
    shouldRevalidate: "onInput",
  });
  return (
    <AuthShell title={isNew ? `Welcome, ${name}` : "Choose a new password"} description={`You sign in as ${email}.`}>
      <Form method="post" {...getFormProps(form)}>
        <FormErrors errors={form.errors} />
        {/* For password managers, which store a password under the name beside it. */}
        <input type="text" name="username" autoComplete="username" value={email} readOnly hidden />
        <Field label="Password" field={fields.password} hint="At least 12 characters; a few words that do not belong together do well.">
          <TextInput type="password" autoComplete="new-password" />
        </Field>
        <Button variant="primary" size="lg" className="w-full" busy={busy}>
          Set password and sign in
        </Button>
      </Form>
    </AuthShell>
  );
}
