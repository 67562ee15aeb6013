import { type ActionFunctionArgs, data, type LoaderFunctionArgs } from "@remix-run/node";
import { Form, useActionData, useLoaderData, useNavigation } from "@remix-run/react";
import { CircleCheck } from "lucide-react";
import { mayAct } from "~/core/permissions";
import { resyncForm } from "~/forms/posthog/posthog-page";
import { paths } from "~/paths";
import { actorOf, requireAdmin } from "~/server/admins/sessions.server";
import { readForm } from "~/server/http/form.server";
import { redirectWithToast } from "~/server/http/toast.server";
import { resyncAll, resyncNamed, resyncSummary, resyncTenants } from "~/server/posthog/jobs/resync.server";
import { syncStatus } from "~/server/tenants/posthog-status.server";
import { AutoRefresh } from "~/ui/kit/auto-refresh";
import { Button, TextLink } from "~/ui/kit/button";
import { Card, Section } from "~/ui/kit/card";
import { type Column, DataTable, NameCell } from "~/ui/kit/data-table";
import { Details } from "~/ui/kit/details";
import { EmptyState } from "~/ui/kit/empty-state";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { Field } from "~/ui/kit/field";
import { Textarea } from "~/ui/kit/inputs";
import { Stat, StatRow } from "~/ui/kit/key-value";
import { FormErrors } from "~/ui/kit/notice";
import { count } from "~/ui/kit/pagination";
import { Progress } from "~/ui/kit/progress";
import { Time } from "~/ui/kit/time";
import { SyncConnection, SyncTrouble } from "~/ui/posthog/sync-connection";
import { SyncState } from "~/ui/posthog/sync-state";

export async function loader({ request, context }: LoaderFunctionArgs) {
  const me = await requireAdmin(request, context, "read");
  return { status: await syncStatus(context), canChange: mayAct(me.role, "posthog.change") };
}

export async function action({ request, context }: ActionFunctionArgs) {
  const me = await requireAdmin(request, context, "posthog.change");
  const submission = await readForm(request, resyncForm);
  if (submission.status !== "success") {
    const errors = Object.values(submission.reply().error ?? {}).flatMap((e) => e ?? []);
    return refuse(errors, submission.payload.keys);
  }
  const { value } = submission;
  const started =
    value.what === "all"
      ? await resyncAll(context, actorOf(me))
      : value.what === "chosen"
        ? await resyncTenants(context, actorOf(me), value.tenant)
        : await resyncNamed(context, actorOf(me), value.keys);
  if (!started.ok) return refuse([started.message], submission.payload.keys);
  const { tenants: n } = resyncSummary(started);
  return redirectWithToast(paths.posthog(), { message: n === 1 ? "One tenant is sent again." : `${count(n)} tenants are sent again.` });
}

/** With the typed keys, so that they can be corrected. */
const refuse = (errors: string[], keys: unknown) => data({ errors, keys: typeof keys === "string" ? keys : "" }, { status: 422 });

export default function GroupSyncPage() {
  const { status, canChange } = useLoaderData<typeof loader>();
  const answer = useActionData<typeof action>();
  const busy = useNavigation().formMethod === "POST";
  if (!status) return null;
  const { now, counts, health, resync } = status;
  const { unseen } = counts;
  const isMoving = counts.pending > 0 || counts.failing > 0 || unseen > 0 || resync?.doneAt === null;
  return (
    <div className="grid gap-6">
      {isMoving && <AutoRefresh reload={resync?.doneAt === null || unseen > 0} />}
      <SyncTrouble health={health} now={now} />
      <FormErrors errors={answer?.errors} />
      <StatRow>
        <Stat label="In sync" value={count(counts.inSync)} unit={`of ${count(counts.tenants)}`} />
        <Stat label="Pending" value={count(counts.pending)} hint={unseen > 0 ? `${count(unseen)} still to be looked at` : undefined} />
        <Stat label="Failing" value={count(counts.failing)} />
        <Stat label="Last sent" value={health.lastSentAt === null ? "Never" : <Time at={health.lastSentAt} now={now} />} />
      </StatRow>
      <Section
        title="Send again"
        description="Changes are sent by themselves. Send everything again when somebody changed or deleted groups in PostHog."
        actions={
          canChange && (
            <Form method="post">
              <Button name="what" value="all" busy={busy} disabled={resync?.doneAt === null}>
                Resync all tenants
              </Button>
            </Form>
          )
        }
        bare
      >
        {resync && (
          <Card>
            {resync.doneAt === null ? (
              <Progress label={`Resync that ${resync.by} started`} done={resync.done} total={resync.total} noun="tenants" />
            ) : (
              <p className="text-ink-muted text-sm">
                {resync.state === "done" ? (
                  <>
                    {resync.by} had {resync.total === 1 ? "the one tenant" : `all ${count(resync.total)} tenants`} sent again; it was done{" "}
                  </>
                ) : (
                  <>
                    {resync.by} had {count(resync.done)} of {count(resync.total)} tenants sent again; then it{" "}
                    {resync.state === "cancelled" ? "was cancelled" : "failed"}{" "}
                  </>
                )}
                <Time at={resync.doneAt} now={now} />.
              </p>
            )}
            <TextLink to={paths.job(resync.job)} className="mt-2 inline-block text-sm">
              Job and its results
            </TextLink>
          </Card>
        )}
        {canChange && (
          <Details summary="Some tenants only" open={Boolean(answer?.keys)} className={resync ? "mt-3" : "mt-1"}>
            <Form method="post" className="max-w-md">
              <Field label="Their keys" name="keys" hint="One on each line.">
                <Textarea rows={3} autoComplete="off" spellCheck={false} defaultValue={answer?.keys} className="font-mono" />
              </Field>
              <Button name="what" value="named" size="sm" busy={busy}>
                Resync these
              </Button>
            </Form>
          </Details>
        )}
      </Section>
      <Waiting canChange={canChange} busy={busy} />
      <SyncConnection status={status} />
    </div>
  );
}

type Row = NonNullable<ReturnType<typeof useLoaderData<typeof loader>>["status"]>["waiting"][number] & { now: number; canChange: boolean };

const columns: Column<Row>[] = [
  {
    id: "name",
    header: "Tenant",
    primary: true,
    cell: ({ key, name, canChange }) => (
      <span className="flex min-w-0 items-center gap-3">
        {canChange && <input type="checkbox" name="tenant" value={key} aria-label={`Choose ${name}`} className="size-4 shrink-0" />}
        <NameCell to={paths.tenantPosthog(key)} name={name} detail={key} />
      </span>
    ),
  },
  {
    id: "state",
    header: "State",
    card: "corner",
    cell: ({ nextAttemptAt }) => <SyncState state={nextAttemptAt === null ? "pending" : "failing"} />,
  },
  { id: "since", header: "Queued", cell: ({ since, now }) => <Time at={since} now={now} /> },
  { id: "attempts", header: "Attempts", align: "right", cell: ({ attempts }) => count(attempts) },
  {
    id: "next",
    header: "Next attempt",
    cell: ({ nextAttemptAt, now }) => (nextAttemptAt === null || nextAttemptAt <= now ? "now" : <Time at={nextAttemptAt} now={now} />),
  },
  {
    id: "error",
    header: "Last error",
    card: "line",
    className: "max-w-96 text-ink-muted text-xs",
    cell: ({ lastError }) => lastError && <span title={lastError}>{lastError}</span>,
  },
];

function Waiting({ canChange, busy }: { canChange: boolean; busy: boolean }) {
  const { status } = useLoaderData<typeof loader>();
  if (!status) return null;
  const { waiting, counts, now } = status;
  const all = counts.pending + counts.failing;
  return (
    <Form method="post">
      <Section
        title="Waiting"
        description={all > waiting.length ? `The first ${count(waiting.length)} of ${count(all)}, those that failed first.` : undefined}
        flush
        actions={
          canChange &&
          waiting.length > 0 && (
            <Button name="what" value="chosen" size="sm" busy={busy}>
              Resync the chosen
            </Button>
          )
        }
      >
        <DataTable
          rows={waiting.map((row) => ({ ...row, now, canChange }))}
          columns={columns}
          rowKey={({ key }) => key}
          caption="Tenants that wait to be sent"
          empty={
            <EmptyState icon={CircleCheck} title="Nothing waits">
              PostHog has the current properties of every tenant that was sent.
            </EmptyState>
          }
        />
      </Section>
    </Form>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
