import { type ActionFunctionArgs, type LoaderFunctionArgs, redirect } from "@remix-run/node";
import { Form, useLoaderData, useNavigation } from "@remix-run/react";
import { keyOf, paths } from "~/paths";
import { actorOf } from "~/server/admins/sessions.server";
import { redirectWithToast } from "~/server/http/toast.server";
import { resyncTenants } from "~/server/posthog/jobs/resync.server";
import { tenantSync } from "~/server/tenants/posthog-status.server";
import { tenantFlags } from "~/server/tenants/tenant-flags.server";
import { requireTenant } from "~/server/tenants/tenants.server";
import { FlagTroubleNotice } from "~/ui/catalogue/flag-trouble";
import { AutoRefresh } from "~/ui/kit/auto-refresh";
import { Button } from "~/ui/kit/button";
import { Section } from "~/ui/kit/card";
import { Code, CodeBlock } from "~/ui/kit/code";
import { Diff } from "~/ui/kit/diff";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { KeyValue } from "~/ui/kit/key-value";
import { count } from "~/ui/kit/pagination";
import { Time } from "~/ui/kit/time";
import { SyncState } from "~/ui/posthog/sync-state";
import { TenantFlags } from "~/ui/tenants/tenant-flags";

export async function loader({ request, context, params }: LoaderFunctionArgs) {
  const tenant = await requireTenant(request, context, keyOf(params.tenant), "read");
  const sync = await tenantSync(context, tenant);
  if (!sync || !context.posthog) throw redirect(paths.posthog());
  const { status } = await context.posthog.flagReport(tenant.facts.key);
  return { sync, status, flags: tenantFlags(tenant), tenant: tenant.facts.key, now: tenant.now, canChange: tenant.may("posthog.change") };
}

export async function action({ request, context, params }: ActionFunctionArgs) {
  const { admin, facts } = await requireTenant(request, context, keyOf(params.tenant), "posthog.change");
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
      <FlagTroubleNotice status={status} now={now} />
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
            ...(sync.since === null ? [] : [{ label: "Queued", value: <Time at={sync.since} now={now} /> }]),
            ...(sync.attempts === 0 ? [] : [{ label: "Attempts", value: count(sync.attempts) }]),
            ...(sync.lastError === null ? [] : [{ label: "Last error", value: sync.lastError }]),
            ...(nextTry === null ? [] : [{ label: "Next attempt", value: nextTry <= now ? "now" : <Time at={nextTry} now={now} /> }]),
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
