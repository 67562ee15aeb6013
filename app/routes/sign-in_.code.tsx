import { getFormProps, useForm } from "@conform-to/react";
import { type ActionFunctionArgs, type HeadersFunction, type LoaderFunctionArgs, type MetaFunction, redirect } from "@remix-run/node";
import { Form, Link, useActionData, useLoaderData, useNavigation } from "@remix-run/react";
import { codeForm } from "~/forms/admins/admin";
import { paths, safePath, withQuery } from "~/paths";
import { endPendingCookie } from "~/server/admins/pending-sign-in.server";
import { pendingSignIn, signInWithCode } from "~/server/admins/second-step.server";
import { signedIn } from "~/server/admins/sessions.server";
import { readForm, refuseForm } from "~/server/http/form.server";
import { Button } from "~/ui/kit/button";
import { Field } from "~/ui/kit/field";
import { TextInput } from "~/ui/kit/inputs";
import { FormErrors } from "~/ui/kit/notice";
import { useValidation } from "~/ui/kit/use-validation";
import { AuthShell } from "~/ui/shell/auth-shell";

export const meta: MetaFunction = () => [{ title: "Enter a code · Latchkey" }];

export const headers: HeadersFunction = ({ actionHeaders }) => actionHeaders;

/** Where the password is asked again. */
const startAgain = (returnTo: string) => withQuery(paths.signIn(), { returnTo: returnTo === paths.home() ? undefined : returnTo, late: 1 });

export async function loader({ request, context }: LoaderFunctionArgs) {
  const returnTo = safePath(new URL(request.url).searchParams.get("returnTo"), paths.home());
  if (await pendingSignIn(context, request)) return { returnTo };
  throw redirect((await signedIn(request, context)) ? returnTo : startAgain(returnTo));
}

export async function action({ request, context }: ActionFunctionArgs) {
  const submission = await readForm(request, codeForm);
  if (submission.status !== "success") return refuseForm(submission);
  const returnTo = safePath(submission.value.returnTo, paths.home());
  const pending = await pendingSignIn(context, request);
  if (!pending) throw redirect(startAgain(returnTo));
  const result = await signInWithCode(context, request, pending, submission.value);
  if (!result.ok) return refuseForm(submission, { ...result, field: "code" }, result.status);
  const headers = new Headers({ "Set-Cookie": result.cookie });
  headers.append("Set-Cookie", endPendingCookie(context.env));
  throw redirect(returnTo, { headers });
}

export default function SignInCode() {
  const { returnTo } = useLoaderData<typeof loader>();
  const busy = useNavigation().formMethod === "POST";
  const [form, fields] = useForm({
    id: "sign-in-code",
    lastResult: useActionData<typeof action>()?.result,
    onValidate: useValidation(async () => (await import("~/forms/admins/admin")).codeForm),
    shouldRevalidate: "onInput",
  });
  return (
    <AuthShell
      title="Enter a code"
      description="Your authenticator app shows a code of 6 digits."
      footer="Lost the app and the recovery codes? The operator of the server can remove the second factor."
    >
      <Form method="post" {...getFormProps(form)}>
        <FormErrors errors={form.errors} />
        <input type="hidden" name={fields.returnTo.name} value={returnTo} />
        <Field label="Code" field={fields.code} hint="Or one of your recovery codes.">
          <TextInput autoComplete="one-time-code" autoCapitalize="none" spellCheck={false} autoFocus />
        </Field>
        <Button variant="primary" size="lg" className="w-full" busy={busy}>
          Sign in
        </Button>
      </Form>
      <p className="mt-4 text-center text-sm">
        <Link to={paths.signIn()} className="text-accent-ink underline">
          Start again
        </Link>
      </p>
    </AuthShell>
  );
}
