import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import { useActionData, useLoaderData } from "@remix-run/react";
import { factorForm } from "~/forms/admins/admin";
import { paths } from "~/paths";
import { factorState, renewCodes, setupFor, switchOff, switchOn } from "~/server/admins/second-factors.server";
import { requireAdmin } from "~/server/admins/sessions.server";
import { readForm, refuseForm } from "~/server/http/form.server";
import { redirectWithToast } from "~/server/http/toast.server";
import { FactorManage } from "~/ui/admins/factor-manage";
import { FactorSetup } from "~/ui/admins/factor-setup";
import { RecoveryCodes } from "~/ui/admins/recovery-codes";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { PageHeader } from "~/ui/kit/page-header";

export const meta: MetaFunction = () => [{ title: "Second factor · Latchkey" }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  const me = await requireAdmin(request, context, "read");
  const state = await factorState(context, me);
  return { email: me.email, state, setup: state ? null : await setupFor(context, me), now: context.now() };
}

export async function action({ request, context }: ActionFunctionArgs) {
  const me = await requireAdmin(request, context, "account.change");
  const submission = await readForm(request, factorForm);
  const sealed = submission.payload.setup;
  // The page goes on with the secret that was scanned already.
  const setup = typeof sealed === "string" ? await setupFor(context, me, sealed) : null;
  if (submission.status !== "success") return refuseWith(refuseForm(submission), setup);
  const form = submission.value;
  const acts = { codes: renewCodes, off: switchOff };
  const done = form.intent === "on" ? await switchOn(context, me, form) : await acts[form.intent](context, me, form);
  if (!done.ok) return refuseWith(refuseForm(submission, done), setup);
  if (form.intent !== "off") return data({ result: null, setup: null, codes: done.codes });
  throw redirectWithToast(paths.account(), { message: "The second factor is off. Your password alone signs you in." });
}

const refuseWith = <Setup,>({ data: refusal, init }: ReturnType<typeof refuseForm>, setup: Setup) =>
  data({ ...refusal, setup, codes: null }, init ?? undefined);

export default function SecondFactorPage() {
  const { email, state, setup, now } = useLoaderData<typeof loader>();
  const answer = useActionData<typeof action>();
  const shownSetup = answer?.setup ?? setup;
  return (
    <>
      <PageHeader
        title="Second factor"
        description="A code of an app on your phone, asked after the password."
        breadcrumbs={[{ label: "Your account", to: paths.account() }]}
      />
      <div className="grid max-w-2xl gap-6">
        {answer?.codes && <RecoveryCodes codes={answer.codes} />}
        {state && !answer?.codes && <FactorManage state={state} now={now} email={email} lastResult={answer?.result} />}
        {!state && shownSetup && <FactorSetup setup={shownSetup} email={email} lastResult={answer?.result} />}
      </div>
    </>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
