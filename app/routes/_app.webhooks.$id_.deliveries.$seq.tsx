import type { ActionFunctionArgs, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Form, useLoaderData } from "@remix-run/react";
import { deliveryActForm } from "~/forms/webhooks/webhook";
import { keyOf, paths } from "~/paths";
import { actorOf, requireAdmin } from "~/server/admins/sessions.server";
import { readForm } from "~/server/http/form.server";
import { redirectWithToast } from "~/server/http/toast.server";
import { noDelivery, readDelivery, sendAgain, skipDelivery } from "~/server/webhooks/delivery-acts.server";
import { AutoRefresh } from "~/ui/kit/auto-refresh";
import { Badge } from "~/ui/kit/badge";
import { Button } from "~/ui/kit/button";
import { Section } from "~/ui/kit/card";
import { CodeBlock } from "~/ui/kit/code";
import { ConfirmButton } from "~/ui/kit/confirm-button";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { KeyValue } from "~/ui/kit/key-value";
import { Notice } from "~/ui/kit/notice";
import { PageHeader } from "~/ui/kit/page-header";
import { Time } from "~/ui/kit/time";
import { deliveryLook } from "~/ui/webhooks/webhook-words";

export const meta: MetaFunction = () => [{ title: "Delivery · Webhooks · Latchkey" }];

const seqOf = (param: string | undefined): number => (/^\d{1,15}$/.test(param ?? "") ? Number(param) : 0);

export async function loader({ request, params, context }: LoaderFunctionArgs) {
  await requireAdmin(request, context, "webhooks.change");
  const found = await readDelivery(context, keyOf(params.id), seqOf(params.seq));
  if (!found) throw new Response(noDelivery, { status: 404 });
  return found;
}

export async function action({ request, params, context }: ActionFunctionArgs) {
  const me = await requireAdmin(request, context, "webhooks.change");
  const submission = await readForm(request, deliveryActForm);
  if (submission.status !== "success") throw new Response("This form cannot be read. Go back and send it again.", { status: 400 });
  const [id, seq, actor] = [keyOf(params.id), seqOf(params.seq), actorOf(me)];
  if (submission.value.intent === "again") {
    const sent = await sendAgain(context, actor, id, seq);
    if (!sent.ok) throw new Response(sent.message, { status: 404 });
    throw redirectWithToast(paths.webhookDelivery(id, sent.seq), { message: "The event is queued again." });
  }
  const skipped = await skipDelivery(context, actor, id, seq);
  if (!skipped.ok) throw new Response(skipped.message, { status: 409 });
  throw redirectWithToast(paths.webhook(id), { message: "The delivery is skipped." });
}

export default function DeliveryPage() {
  const { endpoint, delivery, event, now } = useLoaderData<typeof loader>();
  const { type, state, isManual, attempts, attemptedAt, nextAttemptAt, durationMs, status, error, request, answer } = delivery;
  const look = deliveryLook(delivery);
  const isOngoing = state === "pending" && isManual;
  const crumbs = [
    { label: "Webhooks", to: paths.webhooks() },
    { label: endpoint.host, to: paths.webhook(endpoint.id) },
  ];
  return (
    <>
      {isOngoing && <AutoRefresh reload />}
      <PageHeader
        title={type}
        breadcrumbs={crumbs}
        badges={
          <Badge tone={look.tone} dot>
            {look.label}
          </Badge>
        }
        actions={
          <Form method="post" className="flex gap-2">
            {state === "pending" && !isManual && (
              <ConfirmButton
                name="intent"
                value="skip"
                title="Skip this delivery?"
                description="It is not sent. The next event of its tenant is."
                confirmLabel="Skip delivery"
              >
                Skip
              </ConfirmButton>
            )}
            {event !== null && (
              <Button name="intent" value="again" variant="primary">
                Send again
              </Button>
            )}
          </Form>
        }
      />
      <div className="grid gap-6">
        {error !== null && state !== "delivered" && <Notice kind={state === "failed" ? "error" : "warning"}>{error}</Notice>}
        <Section title="Delivery">
          <KeyValue
            items={[
              { label: "Event", value: event === null ? "No longer kept" : <code className="font-mono text-xs">{event.id}</code> },
              ...(delivery.tenant === null ? [] : [{ label: "Tenant", value: delivery.tenant }]),
              { label: "Created", value: <Time at={delivery.createdAt} now={now} show="both" /> },
              { label: "Attempts", value: String(attempts) },
              {
                label: "Last attempt",
                value:
                  attemptedAt === null ? (
                    "None yet"
                  ) : (
                    <>
                      <Time at={attemptedAt} now={now} show="both" />
                      {durationMs !== null && `, took ${durationMs.toLocaleString("en")} ms`}
                    </>
                  ),
              },
              ...(state === "pending"
                ? [
                    {
                      label: "Next attempt",
                      value:
                        nextAttemptAt === null ? (
                          "After the earlier ones of its tenant"
                        ) : endpoint.state !== "enabled" && !isManual ? (
                          "When the webhook is enabled"
                        ) : (
                          <Time at={nextAttemptAt} now={now} show="both" />
                        ),
                    },
                  ]
                : []),
            ]}
          />
        </Section>
        <Section title="Request" bare description={request === null ? undefined : "The last one, without its signature."}>
          {request === null ? (
            event === null ? (
              <p className="text-ink-muted text-sm">Nothing was sent.</p>
            ) : (
              <CodeBlock text={event.body} label="Will be sent" wrap />
            )
          ) : (
            <CodeBlock text={request} label="POST" wrap />
          )}
        </Section>
        <Section title="Answer" bare description={answer === null ? undefined : "The first 4 kB."}>
          {status === null ? (
            <p className="text-ink-muted text-sm">{attempts === 0 ? "None yet." : "There was none."}</p>
          ) : (
            <CodeBlock text={answer === null || answer === "" ? "(empty)" : answer} label={`Status ${status}`} wrap />
          )}
        </Section>
      </div>
    </>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
