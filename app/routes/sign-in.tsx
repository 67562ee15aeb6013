import { getFormProps, useForm } from "@conform-to/react";
import { parseWithZod } from "@conform-to/zod/v4";
import { type ActionFunctionArgs, type HeadersFunction, type LoaderFunctionArgs, type MetaFunction, redirect } from "@remix-run/node";
import { Form, useActionData, useLoaderData, useNavigation } from "@remix-run/react";
import { signInForm } from "~/forms/admins/admin";
import { paths, safePath } from "~/paths";
import { isSetUp } from "~/server/admins/first-owner.server";
import { signedIn } from "~/server/admins/sessions.server";
import { signIn } from "~/server/admins/sign-in.server";
import { readForm, refuseForm } from "~/server/http/form.server";
import { Button } from "~/ui/kit/button";
import { Field } from "~/ui/kit/field";
import { TextInput } from "~/ui/kit/inputs";
import { FormErrors, Notice } from "~/ui/kit/notice";
import { AuthShell } from "~/ui/shell/auth-shell";

export const meta: MetaFunction = () => [{ title: "Sign in · Latchkey" }];

export const headers: HeadersFunction = ({ actionHeaders }) => actionHeaders;

export async function loader({ request, context }: LoaderFunctionArgs) {
  const { searchParams } = new URL(request.url);
  const returnTo = safePath(searchParams.get("returnTo"), paths.home());
  if (await signedIn(request, context)) throw redirect(returnTo);
  return { returnTo, hasOwner: await isSetUp(context), isUnsaved: searchParams.has("unsaved") };
}

export async function action({ request, context }: ActionFunctionArgs) {
  const submission = await readForm(request, signInForm);
  if (submission.status !== "success") return refuseForm(submission);
  const result = await signIn(context, request, submission.value);
  if (!result.ok) return refuseForm(submission, result, result.status);
  throw redirect(safePath(submission.value.returnTo, paths.home()), { headers: { "Set-Cookie": result.cookie } });
}

export default function SignIn() {
  const { returnTo, hasOwner, isUnsaved } = useLoaderData<typeof loader>();
  const busy = useNavigation().formMethod === "POST";
  const [form, fields] = useForm({
    id: "sign-in",
    lastResult: useActionData<typeof action>()?.result,
    onValidate: ({ formData }) => parseWithZod(formData, { schema: signInForm }),
    shouldRevalidate: "onInput",
  });
  return (
    <AuthShell title="Sign in" footer={hasOwner && "Forgot your password? An owner can make you a new link."}>
      {!hasOwner && (
        <Notice kind="info" className="mb-4" title="Nobody can sign in yet">
          Open the set-up link that Latchkey printed when it started, and become the first owner.
        </Notice>
      )}
      {isUnsaved && (
        <Notice kind="info" className="mb-4" title="You were signed out">
          What you sent was not saved. Sign in, then send it again.
        </Notice>
      )}
      <Form method="post" {...getFormProps(form)}>
        <FormErrors errors={form.errors} />
        <input type="hidden" name={fields.returnTo.name} value={returnTo} />
        <Field label="E-mail" field={fields.email}>
          <TextInput type="email" autoComplete="username" defaultValue={fields.email.initialValue} />
        </Field>
        <Field label="Password" field={fields.password}>
          <TextInput type="password" autoComplete="current-password" />
        </Field>
        <Button variant="primary" size="lg" className="w-full" busy={busy}>
          Sign in
        </Button>
      </Form>
    </AuthShell>
  );
}
