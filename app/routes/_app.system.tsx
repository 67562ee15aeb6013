import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import type { ReactNode } from "react";
import { paths } from "~/paths";
import { requireAdmin } from "~/server/admins/sessions.server";
import { readSystem } from "~/server/system/system-page.server";
import { Section } from "~/ui/kit/card";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { KeyValue } from "~/ui/kit/key-value";
import { PageHeader } from "~/ui/kit/page-header";
import { Time } from "~/ui/kit/time";
import { DatabasePart, LoadPart, NodesPart, PassesPart, ProcessesPart, RetentionPart } from "~/ui/system/system-sections";
import { EnvironmentPart, PosthogPart } from "~/ui/system/system-settings";

export const meta: MetaFunction = () => [{ title: "System · Latchkey" }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  await requireAdmin(request, context, "system.read");
  return readSystem(context);
}

export default function System() {
  const system = useLoaderData<typeof loader>();
  const { now, version, node, engine, server, processes, worker, database, nodes, posthog, passes, retention, hasMetrics, variables } =
    system;
  return (
    <>
      <PageHeader title="System" description="The state of this installation. Reload the page for newer figures." />
      <div className="grid items-start gap-6 lg:grid-cols-2">
        <div className="grid min-w-0 gap-6">
          <Section title="Latchkey">
            <KeyValue
              items={[
                { label: "Version", value: version },
                { label: "Node.js", value: node },
                {
                  label: "Started",
                  value: server ? <Time at={server.process.startedAt} now={now} show="both" /> : "Not known: the server did not answer",
                },
                {
                  label: "For programs",
                  value: (
                    <span className="flex flex-wrap gap-x-4 gap-y-1">
                      <PlainLink to="/healthz">/healthz</PlainLink>
                      <PlainLink to="/readyz">/readyz</PlainLink>
                      <span>{hasMetrics ? "/metrics, with METRICS_TOKEN" : "/metrics is off: METRICS_TOKEN is not set"}</span>
                      <PlainLink to={paths.apiReference()}>API reference</PlainLink>
                    </span>
                  ),
                },
              ]}
            />
          </Section>
          <ProcessesPart processes={processes} worker={worker} now={now} />
          <LoadPart load={server?.load ?? null} />
        </div>
        <div className="grid min-w-0 gap-6">
          <DatabasePart engine={engine} database={database} now={now} />
          {engine === "postgres" && <NodesPart nodes={nodes} now={now} />}
          <PosthogPart posthog={posthog} now={now} />
          <PassesPart passes={passes} now={now} />
          <RetentionPart retention={retention} cleanedAt={server?.cleanedAt ?? null} now={now} />
        </div>
      </div>
      <div className="mt-6">
        <EnvironmentPart variables={variables} />
      </div>
    </>
  );
}

/** To an address of the API, which is no page. */
const PlainLink = ({ to, children }: { to: string; children: ReactNode }) => (
  <a href={to} className="rounded-sm text-accent underline decoration-accent/35 underline-offset-[3px] hover:decoration-accent">
    {children}
  </a>
);

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
