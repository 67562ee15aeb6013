import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { CircleCheck, CircleDashed, ExternalLink, Flag, TriangleAlert } from "lucide-react";
import { paths } from "~/paths";
import { requireAdmin } from "~/server/admins/sessions.server";
import { findStaleFlags } from "~/server/catalogue/stale-flags.server";
import { Badge } from "~/ui/kit/badge";
import { LinkButton, TextLink } from "~/ui/kit/button";
import { Card } from "~/ui/kit/card";
import { Code } from "~/ui/kit/code";
import { EmptyState } from "~/ui/kit/empty-state";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { Notice } from "~/ui/kit/notice";
import { PageHeader } from "~/ui/kit/page-header";
import { count } from "~/ui/kit/pagination";

export const meta: MetaFunction = () => [{ title: "Flags · Latchkey" }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  await requireAdmin(request, context, "read");
  return findStaleFlags(context);
}

const ruleWords = { grant: "Grant", gate: "Gate", both: "Grant and gate" };

type Row = Awaited<ReturnType<typeof findStaleFlags>>["rows"][number];

export default function FlagsPage() {
  const { rows, trouble, isOff } = useLoaderData<typeof loader>();
  const found = rows.filter((row) => row.findings.length > 0).length;
  return (
    <>
      <PageHeader title="Flags" description="Features linked to a PostHog flag, and links that are no longer needed." />
      {trouble && (
        <Notice kind={isOff ? "info" : "warning"} className="mb-4">
          {trouble}
          {!isOff && rows.length > 0 && " What only PostHog knows of its flags is left out below."}
        </Notice>
      )}
      {rows.length === 0 ? (
        <Card flush>
          <EmptyState
            icon={Flag}
            title="No feature is linked to a flag"
            action={<LinkButton to={paths.features()}>Open features</LinkButton>}
          >
            Open a feature and name a PostHog flag: it can add to the plan, or switch the feature off.
          </EmptyState>
        </Card>
      ) : (
        <>
          <p className="mb-3 text-ink-muted text-xs">
            {rows.length === 1 ? "1 feature is" : `${count(rows.length)} features are`} linked to a flag,{" "}
            {found === 0 ? "with nothing to tidy up." : `${count(found)} with something to tidy up.`}
          </p>
          <Card flush>
            <ul className="divide-y divide-line">
              {rows.map((row) => (
                <FlagRow key={row.key} row={row} />
              ))}
            </ul>
          </Card>
        </>
      )}
    </>
  );
}

function FlagRow({ row }: { row: Row }) {
  return (
    <li className="grid gap-x-8 gap-y-3 px-4 py-3.5 md:grid-cols-[minmax(0,2fr)_minmax(0,3fr)]">
      <div className="min-w-0">
        <p className="truncate font-medium text-sm" title={row.name}>
          <TextLink to={paths.feature(row.key)}>{row.name}</TextLink>
        </p>
        <p className="mt-1 flex min-w-0 flex-wrap items-center gap-x-2 gap-y-1 text-ink-muted text-xs">
          <Badge tone="flag">{ruleWords[row.rule]}</Badge>
          <Code className="min-w-0 wrap-anywhere">{row.flag}</Code>
          {row.link && (
            <a href={row.link} target="_blank" rel="noreferrer" className="inline-flex items-center gap-1 text-accent hover:underline">
              Open in PostHog
              <ExternalLink className="size-3" aria-hidden="true" />
            </a>
          )}
        </p>
      </div>
      {row.findings.length === 0 ? (
        <p className="flex items-start gap-2 text-ink-muted text-sm">
          {row.isKnown ? (
            <CircleCheck className="mt-0.5 size-4 shrink-0 text-yes" aria-hidden="true" />
          ) : (
            <CircleDashed className="mt-0.5 size-4 shrink-0" aria-hidden="true" />
          )}
          {row.isKnown ? "Nothing to do" : "Nothing to do that is known without PostHog"}
        </p>
      ) : (
        <ul className="grid content-start gap-2.5 text-sm">
          {row.findings.map(({ code, says, todo }) => (
            <li key={code} className="flex items-start gap-2">
              <TriangleAlert className="mt-0.5 size-4 shrink-0 text-warn" aria-hidden="true" />
              <span className="min-w-0 wrap-anywhere">
                <span className="block text-ink">{says}</span>
                <span className="block text-ink-muted">{todo}</span>
              </span>
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
