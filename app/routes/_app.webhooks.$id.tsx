import type { ActionFunctionArgs, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Form, useLoaderData } from "@remix-run/react";
import { Send } from "lucide-react";
import { deliveryStateNames } from "~/core/webhooks/delivery-states";
import { deliveryListQuery } from "~/forms/webhooks/delivery-list";
import { webhookActForm } from "~/forms/webhooks/webhook";
import { keyOf, paths } from "~/paths";
import { actorOf, requireAdmin } from "~/server/admins/sessions.server";
import { readForm } from "~/server/http/form.server";
import { redirectWithToast } from "~/server/http/toast.server";
import { testEndpoint } from "~/server/webhooks/delivery-acts.server";
import { disableEndpoint, enableEndpoint, noEndpoint, removeEndpoint } from "~/server/webhooks/endpoint-edits.server";
import { readDeliveryLog } from "~/server/webhooks/webhook-pages.server";
import { Badge } from "~/ui/kit/badge";
import { Button, LinkButton } from "~/ui/kit/button";
import { Section } from "~/ui/kit/card";
import { ConfirmButton } from "~/ui/kit/confirm-button";
import { EmptyState } from "~/ui/kit/empty-state";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { KeyValue } from "~/ui/kit/key-value";
import { Notice } from "~/ui/kit/notice";
import { PageHeader } from "~/ui/kit/page-header";
import { Tabs } from "~/ui/kit/tabs";
import { Time } from "~/ui/kit/time";
import { DeliveryTable } from "~/ui/webhooks/delivery-table";
import { endpointLook, webhookKindWords } from "~/ui/webhooks/webhook-words";

export const meta: MetaFunction<typeof loader> = ({ data }) => [{ title: `${data?.endpoint.host ?? "Webhook"} · Webhooks · Latchkey` }];

export async function loader({ request, params, context }: LoaderFunctionArgs) {
  await requireAdmin(request, context, "webhooks.change");
  const query = deliveryListQuery.parse(Object.fromEntries(new URL(request.url).searchParams));
  const log = await readDeliveryLog(context, keyOf(params.id), query);
  if (!log) throw new Response(noEndpoint, { status: 404 });
  return log;
}

export async function action({ request, params, context }: ActionFunctionArgs) {
  const me = await requireAdmin(request, context, "webhooks.change");
  const submission = await readForm(request, webhookActForm);
  if (submission.status !== "success") throw new Response("This form cannot be read. Go back and send it again.", { status: 400 });
  const [id, actor] = [keyOf(params.id), actorOf(me)];
  const { intent } = submission.value;
  if (intent === "test") {
    const sent = await testEndpoint(context, actor, id);
    if (!sent.ok) throw new Response(sent.message, { status: 404 });
    throw redirectWithToast(paths.webhookDelivery(id, sent.seq), { message: "The test is queued." });
  }
  const acts = { disable: disableEndpoint, enable: enableEndpoint, remove: removeEndpoint };
  const done = await acts[intent](context, actor, id);
  if (!done.ok) throw new Response(done.message, { status: 404 });
  const said = {
    disable: "The webhook is disabled. Nothing is sent to it.",
    enable: "The webhook is enabled.",
    remove: "The webhook is removed.",
  };
  throw redirectWithToast(intent === "remove" ? paths.webhooks() : paths.webhook(id), { message: said[intent] });
}

const states = [null, ...deliveryStateNames].map(
  (state) => [state, state ? state.charAt(0).toUpperCase() + state.slice(1) : "All"] as const,
);

export default function WebhookPage() {
  const { endpoint, rows, state, next, waiting, now } = useLoaderData<typeof loader>();
  const { id, host, url, kind, events, disabledReason, failures, failingSince, pausedUntil, oldSecretEndsAt } = endpoint;
  const look = endpointLook(endpoint);
  const isEnabled = endpoint.state === "enabled";
  return (
    <>
      <PageHeader
        title={host}
        breadcrumbs={[{ label: "Webhooks", to: paths.webhooks() }]}
        badges={
          <Badge tone={look.tone} dot>
            {look.label}
          </Badge>
        }
        actions={
          <>
            <Form method="post">
              <Button name="intent" value="test" variant="primary">
                Send a test
              </Button>
            </Form>
            <LinkButton to={paths.webhookEdit(id)}>Edit</LinkButton>
            {kind === "standard" && <LinkButton to={paths.webhookRotate(id)}>Rotate secret</LinkButton>}
          </>
        }
      />
      <div className="grid gap-6">
        {!isEnabled && (
          <Notice kind="warning" title="This webhook is disabled">
            {disabledReason} Events that happen while it is disabled are not sent later.{" "}
            {waiting > 0 && "Pending deliveries are sent once it is enabled."}
          </Notice>
        )}
        {isEnabled && failures > 0 && (
          <Notice kind="warning" title={`The last ${failures === 1 ? "attempt" : `${failures.toLocaleString("en")} attempts`} failed`}>
            {failingSince !== null && (
              <>
                It has failed since <Time at={failingSince} now={now} show="both" />. After three days it is disabled.
              </>
            )}{" "}
            {pausedUntil !== null && pausedUntil > now && (
              <>
                The next attempt is <Time at={pausedUntil} now={now} />.
              </>
            )}
          </Notice>
        )}
        <Section title="Address">
          <KeyValue
            items={[
              { label: "URL", value: <code className="ph-no-capture font-mono text-xs">{url}</code> },
              { label: "Sends", value: webhookKindWords[kind].label },
              {
                label: "Events",
                value: (
                  <span className="flex flex-wrap gap-1">
                    {events.map((name) => (
                      <Badge key={name}>{name}</Badge>
                    ))}
                  </span>
                ),
              },
              {
                label: "Created",
                value: (
                  <>
                    <Time at={endpoint.createdAt} now={now} show="date" /> by {endpoint.createdBy}
                  </>
                ),
              },
              ...(oldSecretEndsAt === null
                ? []
                : [{ label: "Old secret", value: <>signs until {<Time at={oldSecretEndsAt} now={now} show="both" />}</> }]),
            ]}
          />
          <Form method="post" className="flex flex-wrap gap-2 pt-4">
            <Button name="intent" value={isEnabled ? "disable" : "enable"}>
              {isEnabled ? "Disable" : "Enable"}
            </Button>
            <ConfirmButton
              name="intent"
              value="remove"
              variant="danger"
              title="Remove this webhook?"
              description="Nothing more is sent to it, including pending deliveries. Its secret is deleted."
              confirmLabel="Remove webhook"
            >
              Remove
            </ConfirmButton>
          </Form>
        </Section>
        <Section
          title="Deliveries"
          description="Kept for 30 days. Events of a tenant are sent in order: one that fails holds back the next ones of its tenant."
          flush
          actions={
            <Tabs
              label="State of deliveries"
              className="mb-0!"
              tabs={states.map(([value, label]) => ({
                label,
                to: paths.webhook(id, { state: value }),
                isCurrent: value === (state ?? null),
              }))}
            />
          }
        >
          <DeliveryTable
            rows={rows}
            empty={
              <EmptyState icon={Send} title={state ? "No such deliveries" : "Nothing was sent yet"}>
                {state ? "Choose another state." : "Send a test to see whether the address answers."}
              </EmptyState>
            }
          />
        </Section>
        {next !== null && (
          <div className="flex justify-end">
            <LinkButton to={paths.webhook(id, { state, before: next })}>Older deliveries</LinkButton>
          </div>
        )}
      </div>
    </>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
