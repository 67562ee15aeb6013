import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { Flag } from "lucide-react";
import { paths } from "~/paths";
import { flagHygiene } from "~/server/flag-hygiene.server";
import { requireAdmin } from "~/server/sessions.server";
import { Badge } from "~/ui/badge";
import { LinkButton, TextLink } from "~/ui/button";
import { Card } from "~/ui/card";
import { Code } from "~/ui/code";
import { EmptyState } from "~/ui/empty-state";
import { RouteErrorPage } from "~/ui/error-page";
import { Notice } from "~/ui/notice";
import { PageHeader } from "~/ui/page-header";

export const meta: MetaFunction = () => [{ title: "Flags – Latchkey" }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  await requireAdmin(request, context);
  return flagHygiene(context);
}

type Row = Awaited<ReturnType<typeof flagHygiene>>["rows"][number];

export default function FlagsPage() {
  const { rows, trouble } = useLoaderData<typeof loader>();
  return (
    <>
      <PageHeader title="Flags" description="Features that are tied to a PostHog flag, and ties that have outlived their use." />
      {trouble && rows.length > 0 ? <Notice kind="info">{trouble}</Notice> : null}
      {rows.length === 0 ? (
        <EmptyState icon={Flag} title="No feature is tied to a flag" action={<LinkButton to={paths.features()}>Open features</LinkButton>}>
          Open a feature and name a PostHog flag: it can add to the plan, or switch the feature off.
        </EmptyState>
      ) : (
        <Card flush>
          <ul className="divide-y divide-line">
            {rows.map((row) => (
              <FlagRow key={row.key} row={row} />
            ))}
          </ul>
        </Card>
      )}
    </>
  );
}

function FlagRow({ row }: { row: Row }) {
  return (
    <li className="grid gap-x-6 gap-y-2 px-4 py-3 md:grid-cols-[minmax(0,1fr)_minmax(0,2fr)]">
      <div className="min-w-0">
        <div className="truncate font-medium" title={row.name}>
          <TextLink to={paths.feature(row.key)}>{row.name}</TextLink>
        </div>
        <div className="flex flex-wrap items-center gap-2 text-sm text-ink-muted">
          <Code>{row.flag}</Code>
          <Badge tone="flag">{row.rule}</Badge>
        </div>
      </div>
      {row.findings.length === 0 ? (
        <p className="text-sm text-ink-muted">Nothing to do.</p>
      ) : (
        <ul className="grid gap-2 text-sm">
          {row.findings.map((finding) => (
            <li key={finding.code}>
              <span className="text-ink">{finding.says}</span> <span className="text-ink-muted">{finding.todo}</span>
            </li>
          ))}
        </ul>
      )}
    </li>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
