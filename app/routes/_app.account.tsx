import { getFormProps, useForm } from "@conform-to/react";
import type { ActionFunctionArgs, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Form, useActionData, useLoaderData, useNavigation } from "@remix-run/react";
import { accountForm } from "~/forms/admins/admin";
import { paths } from "~/paths";
import { ownSessions, signOutOthers } from "~/server/admins/account.server";
import { changePassword } from "~/server/admins/admins.server";
import { factorState } from "~/server/admins/second-factors.server";
import { actorOf, requireAdmin } from "~/server/admins/sessions.server";
import { signInAs } from "~/server/admins/sign-in.server";
import { readForm, refuseForm } from "~/server/http/form.server";
import { chooseReplay, replayChoice } from "~/server/http/posthog-browser.server";
import { redirectWithToast } from "~/server/http/toast.server";
import { SessionReplay } from "~/ui/admins/session-replay";
import { Badge } from "~/ui/kit/badge";
import { Button, LinkButton } from "~/ui/kit/button";
import { Card, Section } from "~/ui/kit/card";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { Field } from "~/ui/kit/field";
import { TextInput } from "~/ui/kit/inputs";
import { FormErrors } from "~/ui/kit/notice";
import { PageHeader } from "~/ui/kit/page-header";
import { SubmitRow } from "~/ui/kit/submit-row";
import { Time } from "~/ui/kit/time";
import { useValidation } from "~/ui/kit/use-validation";

export const meta: MetaFunction = () => [{ title: "Your account · Latchkey" }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  const me = await requireAdmin(request, context, "read");
  const [sessions, replay, factor] = await Promise.all([ownSessions(context, me), replayChoice(context, me), factorState(context, me)]);
  return { email: me.email, role: me.role, sessions, factor, replay, now: context.now() };
}

export async function action({ request, context }: ActionFunctionArgs) {
  const me = await requireAdmin(request, context, "account.change");
  const submission = await readForm(request, accountForm);
  if (submission.status !== "success") return refuseForm(submission);
  const form = submission.value;
  if (form.intent === "sign-out-others") {
    await signOutOthers(context, me);
    throw redirectWithToast(paths.account(), { message: "Every other session of yours has ended." });
  }
  if (form.intent !== "password") {
    const isWanted = form.intent === "allow-replay";
    const chosen = await chooseReplay(context, me, isWanted);
    if (!chosen.ok) return refuseForm(submission, chosen);
    const message = isWanted ? "Your visits here are recorded from now on." : "Your visits here are no longer recorded.";
    throw redirectWithToast(paths.account(), { message });
  }
  const done = await changePassword(context, actorOf(me), form);
  if (!done.ok) return refuseForm(submission, done);
  const cookie = await signInAs(context, request, done.admin);
  throw redirectWithToast(paths.account(), { message: "Your password is changed; other sessions have ended." }, { "Set-Cookie": cookie });
}

export default function Account() {
  const { email, role, sessions, factor, replay, now } = useLoaderData<typeof loader>();
  const busy = useNavigation().formMethod === "POST";
  const [form, fields] = useForm({
    id: "password",
    lastResult: useActionData<typeof action>()?.result,
    onValidate: useValidation(async () => (await import("~/forms/admins/admin")).passwordForm),
    shouldRevalidate: "onInput",
  });
  return (
    <>
      <PageHeader title="Your account" description={`${email}, ${role}`} />
      <div className="grid max-w-5xl gap-6 lg:grid-cols-2">
        <Section title="Change password" description="Your other sessions end with it.">
          <Form method="post" {...getFormProps(form)}>
            <FormErrors errors={form.errors} />
            <input type="text" name="username" autoComplete="username" value={email} readOnly hidden />
            <Field label="Current password" field={fields.current}>
              <TextInput type="password" autoComplete="current-password" />
            </Field>
            <Field
              label="New password"
              field={fields.password}
              hint="At least 12 characters; a few words that do not belong together do well."
            >
              <TextInput type="password" autoComplete="new-password" />
            </Field>
            <SubmitRow intent="password" busy={busy}>
              Change password
            </SubmitRow>
          </Form>
        </Section>
        <Section
          title="Second factor"
          description="A code of an app on your phone, asked after the password."
          actions={
            <LinkButton size="sm" to={paths.secondFactor()}>
              {factor ? "Change" : "Set up"}
            </LinkButton>
          }
        >
          <p className="flex flex-wrap items-center gap-2 text-sm">
            <Badge tone={factor ? "yes" : "neutral"} dot>
              {factor ? "On" : "Off"}
            </Badge>
            {factor && `${factor.codesLeft} of 10 recovery codes left`}
          </p>
        </Section>
        <Section
          title="Where you are signed in"
          bare
          actions={
            sessions.length > 1 && (
              <Form method="post">
                <Button size="sm" name="intent" value="sign-out-others">
                  Sign out everywhere else
                </Button>
              </Form>
            )
          }
        >
          <Card flush>
            <ul className="divide-y divide-line text-sm">
              {sessions.map(({ isThis, createdAt, lastSeenAt, endsAt }) => (
                <li
                  key={`${createdAt}-${lastSeenAt}-${isThis}`}
                  className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 px-4 py-3"
                >
                  <span>
                    Signed in <Time at={createdAt} now={now} />, last seen <Time at={lastSeenAt} now={now} />
                    <span className="block text-ink-muted text-xs">
                      Ends <Time at={endsAt} now={now} /> unless you use it
                    </span>
                  </span>
                  {isThis && <Badge tone="accent">This one</Badge>}
                </li>
              ))}
            </ul>
          </Card>
        </Section>
        {replay !== null && <SessionReplay isOn={replay} />}
      </div>
    </>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
