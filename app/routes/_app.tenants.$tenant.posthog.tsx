import { type ActionFunctionArgs, type LoaderFunctionArgs, redirect } from "@remix-run/node";
import { Form, useLoaderData, useNavigation } from "@remix-run/react";
import { keyOf, paths } from "~/paths";
import { resyncTenants } from "~/server/posthog/resync.server";
import { tenantSync } from "~/server/posthog/sync-status.server";
import { tenantFlags } from "~/server/posthog/tenant-flags.server";
import { actorOf } from "~/server/sessions.server";
import { requireTenant } from "~/server/tenants.server";
import { redirectWithToast } from "~/server/toast.server";
import { AutoRefresh } from "~/ui/auto-refresh";
import { Button } from "~/ui/button";
import { Section } from "~/ui/card";
import { Code, CodeBlock } from "~/ui/code";
import { Diff } from "~/ui/diff";
import { RouteErrorPage } from "~/ui/error-page";
import { FlagTrouble } from "~/ui/flag-trouble";
import { KeyValue } from "~/ui/key-value";
import { count } from "~/ui/pagination";
import { SyncState } from "~/ui/sync-state";
import { TenantFlags } from "~/ui/tenant-flags";
import { Time } from "~/ui/time";

export async function loader({ request, context, params }: LoaderFunctionArgs) {
  const tenant = await requireTenant(request, context, keyOf(params.tenant));
  const sync = await tenantSync(context, tenant);
  if (!sync || !context.posthog) throw redirect(paths.posthog());
  const status = context.posthog.flags.status(tenant.facts.key);
  return { sync, status, flags: tenantFlags(tenant), tenant: tenant.facts.key, now: tenant.now, canChange: tenant.canChange };
}

export async function action({ request, context, params }: ActionFunctionArgs) {
  const { admin, facts } = await requireTenant(request, context, keyOf(params.tenant), "admin");
  await resyncTenants(context, actorOf(admin), [facts.key]);
  return redirectWithToast(paths.tenantPosthog(facts.key), { message: `${facts.name} is sent again.` });
}

export default function TenantPosthog() {
  const { sync, status, flags, tenant, now, canChange } = useLoaderData<typeof loader>();
  const busy = useNavigation().formMethod === "POST";
  const { state, sentAt, sent, news, nextTry } = sync;
  const isMoving = state === "pending" || state === "failing";
  return (
    <div className="grid gap-6">
      {isMoving && <AutoRefresh reload />}
      <FlagTrouble status={status} now={now} />
      <Section
        title="Group sync"
        actions={
          canChange && (
            <Form method="post">
              <Button size="sm" busy={busy}>
                Resync
              </Button>
            </Form>
          )
        }
      >
        <KeyValue
          items={[
            { label: "State", value: <SyncState state={state} /> },
            { label: "Group", value: <Code>{`${sync.groupType}: ${tenant}`}</Code> },
            { label: "Last sent", value: sentAt === null ? "Never" : <Time at={sentAt} now={now} show="both" /> },
            ...(sync.since === null ? [] : [{ label: "Waits since", value: <Time at={sync.since} now={now} /> }]),
            ...(sync.attempts === 0 ? [] : [{ label: "Attempts", value: count(sync.attempts) }]),
            ...(sync.lastError === null ? [] : [{ label: "Last error", value: sync.lastError }]),
            ...(nextTry === null ? [] : [{ label: "Next try", value: nextTry <= now ? "now" : <Time at={nextTry} now={now} /> }]),
          ]}
        />
      </Section>
      {state !== "in_sync" && (
        <Section title="What will be sent" description={sent ? "What differs from what PostHog has." : "All of it is new to PostHog."} bare>
          <Diff before={sent ?? {}} after={news} />
        </Section>
      )}
      <Section title="What was sent" description="Exactly what PostHog accepted last, as properties of the group." bare>
        {sent ? (
          <CodeBlock text={JSON.stringify(sent, null, 2)} label="$group_set" />
        ) : (
          <p className="text-ink-muted text-sm">Nothing yet.</p>
        )}
      </Section>
      {flags.length > 0 && <TenantFlags flags={flags} now={now} />}
    </div>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
