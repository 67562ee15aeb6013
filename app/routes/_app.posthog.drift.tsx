import { type ActionFunctionArgs, type LoaderFunctionArgs, redirect } from "@remix-run/node";
import { Form, useLoaderData, useNavigation } from "@remix-run/react";
import { CircleCheck, GitCompareArrows } from "lucide-react";
import { mayAct } from "~/core/permissions";
import { paths } from "~/paths";
import { actorOf, requireAdmin } from "~/server/admins/sessions.server";
import { redirectWithToast } from "~/server/http/toast.server";
import { driftStatus, startDrift } from "~/server/posthog/jobs/drift.server";
import { AutoRefresh } from "~/ui/kit/auto-refresh";
import { Button, TextLink } from "~/ui/kit/button";
import { Card, Section } from "~/ui/kit/card";
import { EmptyState } from "~/ui/kit/empty-state";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { Stat, StatRow } from "~/ui/kit/key-value";
import { Notice } from "~/ui/kit/notice";
import { count } from "~/ui/kit/pagination";
import { Time } from "~/ui/kit/time";
import { DriftRows } from "~/ui/posthog/drift-rows";

export async function loader({ request, context }: LoaderFunctionArgs) {
  const me = await requireAdmin(request, context, "read");
  if (!context.posthog) throw redirect(paths.posthog());
  return { ...(await driftStatus(context.posthog.settings, context.db)), now: context.now(), canChange: mayAct(me.role, "posthog.change") };
}

export async function action({ request, context }: ActionFunctionArgs) {
  const me = await requireAdmin(request, context, "posthog.change");
  if (!context.posthog) throw redirect(paths.posthog());
  const started = await startDrift(context, actorOf(me));
  if (!started.ok) return redirectWithToast(paths.posthogDrift(), { kind: "info", message: started.message });
  return redirect(paths.posthogDrift());
}

export default function Drift() {
  const { result, isRunning, whyNot, now, canChange } = useLoaderData<typeof loader>();
  const busy = useNavigation().formMethod === "POST";
  if (whyNot) {
    return (
      <Card flush>
        <EmptyState icon={GitCompareArrows} title="PostHog's groups cannot be looked up">
          {whyNot}
        </EmptyState>
      </Card>
    );
  }
  const compare = canChange && (
    <Form method="post">
      <Button variant={result ? "secondary" : "primary"} busy={busy} disabled={isRunning}>
        Compare now
      </Button>
    </Form>
  );
  if (!result) {
    return (
      <Card flush>
        <EmptyState icon={GitCompareArrows} title="Not compared yet" action={compare}>
          Reads PostHog's groups and shows where they say something else than the tenants here. Nothing is changed.
        </EmptyState>
      </Card>
    );
  }
  const found = result.missing + result.unknown + result.different;
  return (
    <div className="grid gap-6">
      {isRunning && <AutoRefresh reload />}
      <Section
        title="Comparison"
        description={
          <>
            {result.by} started it <Time at={result.startedAt} now={now} />.{" "}
            <TextLink to={paths.job(result.job)}>Job and its results</TextLink>
          </>
        }
        actions={compare}
        bare
      >
        {result.error && <Notice kind="error">{result.error}</Notice>}
        {isRunning && (
          <Notice kind="info" role="status">
            {count(result.read)} groups read so far.
          </Notice>
        )}
        {result.isCut && (
          <Notice kind="warning" className="mt-2">
            PostHog has more groups than the {count(result.read)} that were compared, so tenants that it lacks were not looked for.
          </Notice>
        )}
      </Section>
      <StatRow>
        <Stat label="Same" value={count(result.same)} hint={result.waiting > 0 ? `${count(result.waiting)} wait to be sent` : undefined} />
        <Stat label="Different" value={count(result.different)} />
        <Stat label="Missing in PostHog" value={count(result.missing)} />
        <Stat label="Unknown here" value={count(result.unknown)} />
      </StatRow>
      {found > 0 ? (
        <DriftRows rows={result.rows} found={found} job={result.job} canChange={canChange} />
      ) : (
        result.finishedAt !== null &&
        !result.error && (
          <Card flush>
            <EmptyState icon={CircleCheck} title="No differences">
              PostHog has the expected properties of every tenant.
            </EmptyState>
          </Card>
        )
      )}
    </div>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
