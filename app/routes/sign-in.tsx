import { getFormProps, useForm } from "@conform-to/react";
import { type ActionFunctionArgs, type HeadersFunction, type LoaderFunctionArgs, type MetaFunction, redirect } from "@remix-run/node";
import { Form, useActionData, useLoaderData, useNavigation } from "@remix-run/react";
import { useEffect, useState } from "react";
import { minute } from "~/core/time";
import { signInForm } from "~/forms/admins/admin";
import { paths, safePath } from "~/paths";
import { isSetUp } from "~/server/admins/first-owner.server";
import { signedIn } from "~/server/admins/sessions.server";
import { signIn } from "~/server/admins/sign-in.server";
import { readForm, refuseForm } from "~/server/http/form.server";
import { Button } from "~/ui/kit/button";
import { Field } from "~/ui/kit/field";
import { TextInput } from "~/ui/kit/inputs";
import { type KeptForm, keepPendingForm, keptForms } from "~/ui/kit/kept-entries";
import { keptSentences, keptTitle } from "~/ui/kit/kept-entries-words";
import { FormErrors, Notice } from "~/ui/kit/notice";
import { useValidation } from "~/ui/kit/use-validation";
import { AuthShell } from "~/ui/shell/auth-shell";

export const meta: MetaFunction = () => [{ title: "Sign in · Latchkey" }];

export const headers: HeadersFunction = ({ actionHeaders }) => actionHeaders;

export async function loader({ request, context }: LoaderFunctionArgs) {
  const { searchParams } = new URL(request.url);
  const returnTo = safePath(searchParams.get("returnTo"), paths.home());
  if (await signedIn(request, context)) throw redirect(returnTo);
  const isLate = searchParams.has("late");
  const unsaved = searchParams.get("unsaved");
  const idleMinutes = unsaved === "idle" ? context.env.sessionIdleMs / minute : null;
  return { returnTo, hasOwner: await isSetUp(context), isUnsaved: unsaved !== null, idleMinutes, isLate };
}

export async function action({ request, context }: ActionFunctionArgs) {
  const submission = await readForm(request, signInForm);
  if (submission.status !== "success") return refuseForm(submission);
  const result = await signIn(context, request, submission.value);
  if (!result.ok) return refuseForm(submission, result, result.status);
  const { returnTo } = submission.value;
  const next = result.needsCode ? paths.signInCode(returnTo) : safePath(returnTo, paths.home());
  throw redirect(next, { headers: { "Set-Cookie": result.cookie } });
}

export default function SignIn() {
  const { returnTo, hasOwner, isUnsaved, idleMinutes, isLate } = useLoaderData<typeof loader>();
  const busy = useNavigation().formMethod === "POST";
  const [kept, setKept] = useState<KeptForm | null>(null);
  useEffect(() => {
    if (!isUnsaved) return;
    // After a reload of this page the form is stored already.
    const stored = keptForms().find(({ reason, action }) => reason === "signed-out" && action === returnTo);
    const form = keepPendingForm("signed-out", idleMinutes) ?? stored;
    if (form) setKept(form);
  }, [isUnsaved, idleMinutes, returnTo]);
  const [form, fields] = useForm({
    id: "sign-in",
    lastResult: useActionData<typeof action>()?.result,
    onValidate: useValidation(async () => (await import("~/forms/admins/admin")).signInForm),
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
        <Notice kind="info" role="status" className="mb-4" title={keptTitle("signed-out", idleMinutes)}>
          {kept ? `${keptSentences(kept, false)} Sign in to go on.` : "What you sent was not saved. Sign in, then send it again."}
        </Notice>
      )}
      {isLate && (
        <Notice kind="info" role="status" className="mb-4" title="Type your password again">
          The code has to follow the password within 10 minutes, in the same browser.
        </Notice>
      )}
      <Form method="post" {...getFormProps(form)}>
        <FormErrors errors={form.errors} />
        <input type="hidden" name={fields.returnTo.name} value={kept?.page ?? returnTo} />
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
