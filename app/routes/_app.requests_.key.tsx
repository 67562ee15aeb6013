import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import { Form, useActionData, useLoaderData, useNavigation } from "@remix-run/react";
import { whyNotCreateKey } from "~/core/requests/key-request";
import { describeRequest } from "~/core/requests/request-words";
import { usedRequest } from "~/forms/requests/request";
import { paths } from "~/paths";
import { actorOf, requireAdmin } from "~/server/admins/sessions.server";
import { invalid, readForm, refused, refuseForm } from "~/server/http/form.server";
import { createApprovedKey, findKeyRequest, isKeyOfRequestMade } from "~/server/keys/key-approval.server";
import { rotationRefusals } from "~/server/keys/key-rotation.server";
import { MadeKey } from "~/ui/keys/made-key";
import { Card } from "~/ui/kit/card";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { FormErrors, Notice } from "~/ui/kit/notice";
import { PageHeader } from "~/ui/kit/page-header";
import { SubmitRow } from "~/ui/kit/submit-row";
import { Time } from "~/ui/kit/time";

export const meta: MetaFunction = () => [{ title: "Create an approved API key · Latchkey" }];

const noRequest = "There is no such request for an API key.";

export async function loader({ request, context }: LoaderFunctionArgs) {
  const me = await requireAdmin(request, context, "keys.change");
  const id = new URL(request.url).searchParams.get("id") ?? "";
  const now = context.now();
  const found = await findKeyRequest(context, id);
  // Not thrown, because an error would take the place of a key that was created just now.
  if (!found)
    return data({ ...{ id, summary: "", isRotation: false, decidedBy: null, decidedAt: null }, problem: noRequest, now }, { status: 404 });
  const problem = whyNotCreateKey(found, actorOf(me), await isKeyOfRequestMade(context, id), now)?.message ?? null;
  const { act, decidedBy, decidedAt } = found;
  const summary = `${describeRequest(act, context.facts.catalogue())}.`;
  return data({ id, summary, isRotation: act.act === "rotate_key", decidedBy, decidedAt, problem, now });
}

export async function action({ request, context }: ActionFunctionArgs) {
  const me = await requireAdmin(request, context, "keys.change");
  const submission = await readForm(request, usedRequest);
  if (submission.status !== "success") return invalid(submission);
  const made = await createApprovedKey(context, actorOf(me), submission.value.id);
  if ("key" in made) return data({ made: made.key, oldEndsAt: "oldEndsAt" in made ? made.oldEndsAt : null, now: context.now() });
  return "why" in made ? refuseForm(submission, { message: rotationRefusals[made.why] }, 409) : refused(submission, made, {});
}

export default function ApprovedKey() {
  const { id, summary, isRotation, decidedBy, decidedAt, problem, now } = useLoaderData<typeof loader>();
  const answer = useActionData<typeof action>();
  const busy = useNavigation().formMethod === "POST";
  const errors = answer && "result" in answer ? Object.values(answer.result.error ?? {}).flatMap((list) => list ?? []) : [];
  return (
    <>
      <PageHeader title="Create an approved API key" breadcrumbs={[{ label: "Requests", to: paths.requests() }]} />
      <div className="max-w-2xl">
        {answer && "made" in answer ? (
          <MadeKey made={answer.made} title="The key is made">
            {answer.oldEndsAt != null && (
              <>
                {" "}
                The old key works until <Time at={answer.oldEndsAt} now={answer.now} show="both" />.
              </>
            )}
          </MadeKey>
        ) : (
          <Card>
            <FormErrors errors={errors} />
            <p className="text-ink text-sm wrap-anywhere">{summary}</p>
            {problem !== null ? (
              <Notice kind="warning" className="mt-3">
                {problem}
              </Notice>
            ) : (
              <Form method="post" action={paths.requestKey(id)}>
                <input type="hidden" name="id" value={id} />
                <p className="mt-1 mb-4 text-ink-muted text-sm wrap-anywhere">
                  {decidedBy} approved it <Time at={decidedAt ?? now} now={now} />. The key is shown once, when you press the button.
                </p>
                <SubmitRow busy={busy} cancelTo={paths.requests({ state: "granted" })}>
                  {isRotation ? "Create the new key" : "Create key"}
                </SubmitRow>
              </Form>
            )}
          </Card>
        )}
      </div>
    </>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
