import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { actionWords } from "~/core/audit-words";
import { paths } from "~/paths";
import { readAuditEntry } from "~/server/audit-pages.server";
import { requireAdmin } from "~/server/sessions.server";
import { AuditLine } from "~/ui/audit-list";
import { Card } from "~/ui/card";
import { Code } from "~/ui/code";
import { Diff } from "~/ui/diff";
import { RouteErrorPage } from "~/ui/error-page";
import { PageHeader } from "~/ui/page-header";
import { count } from "~/ui/pagination";

export const meta: MetaFunction<typeof loader> = ({ data }) => [
  { title: `${data ? actionWords(data.entry.action) : "Audit log"} · Latchkey` },
];

export async function loader({ request, context, params }: LoaderFunctionArgs) {
  await requireAdmin(request, context);
  return readAuditEntry(context, Number(params.seq));
}

export default function AuditEntryPage() {
  const { entry, now } = useLoaderData<typeof loader>();
  return (
    <>
      <PageHeader title={actionWords(entry.action)} breadcrumbs={[{ label: "Audit log", to: paths.audit() }]} />
      <Card>
        <AuditLine entry={entry} now={now} />
        <div className="mt-3">
          {entry.before === undefined && entry.after === undefined && entry.values > 0 ? (
            <p className="text-ink-muted text-sm">
              {count(entry.values)} values changed, too many for a page. <Code>{`GET /api/audit/${entry.seq}`}</Code> has all of them.
            </p>
          ) : (
            <Diff before={entry.before} after={entry.after} />
          )}
        </div>
      </Card>
    </>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
