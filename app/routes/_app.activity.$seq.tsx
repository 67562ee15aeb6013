import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { actionWords } from "~/core/audit/action-words";
import { readTimeZone } from "~/forms/time-zone";
import { paths } from "~/paths";
import { requireAdmin } from "~/server/admins/sessions.server";
import { readAuditEntry } from "~/server/audit/audit-pages.server";
import { AuditLine } from "~/ui/audit/audit-list";
import { ChangeTable, RawDocuments } from "~/ui/audit/change-table";
import { LinkButton } from "~/ui/kit/button";
import { Card } from "~/ui/kit/card";
import { Code } from "~/ui/kit/code";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { PageHeader } from "~/ui/kit/page-header";
import { count } from "~/ui/kit/pagination";

export const meta: MetaFunction<typeof loader> = ({ data }) => [
  { title: `${data ? actionWords(data.entry.action) : "Activity"} · Latchkey` },
];

export async function loader({ request, context, params }: LoaderFunctionArgs) {
  await requireAdmin(request, context, "read");
  return readAuditEntry(context, Number(params.seq), readTimeZone(request.headers.get("Cookie")) ?? "UTC");
}

export default function AuditEntryPage() {
  const { entry, lines, moreLines, isTooLarge, documents, now } = useLoaderData<typeof loader>();
  const api = <Code>{`GET /api/audit/${entry.seq}`}</Code>;
  return (
    <>
      <PageHeader
        title={actionWords(entry.action)}
        breadcrumbs={[{ label: "Activity", to: paths.audit() }]}
        actions={
          entry.canUndo && (
            <LinkButton to={paths.auditUndo(entry.seq)} variant="secondary">
              Undo
            </LinkButton>
          )
        }
      />
      <Card>
        <AuditLine entry={{ ...entry, canUndo: false }} now={now} />
        <div className="mt-4">
          {isTooLarge ? (
            <p className="text-ink-muted text-sm">This change is too large for a page. {api} has all of it.</p>
          ) : lines.length === 0 ? (
            <p className="text-ink-muted text-sm">No field was changed.</p>
          ) : (
            <ChangeTable lines={lines} />
          )}
          {moreLines > 0 && (
            <p className="mt-2 text-ink-muted text-sm">
              {count(moreLines)} more fields changed. {api} has all of them.
            </p>
          )}
          {documents && <RawDocuments before={documents.before} after={documents.after} />}
        </div>
      </Card>
    </>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
