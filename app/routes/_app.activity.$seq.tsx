import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { actionWords } from "~/core/audit/action-words";
import { readTimeZone } from "~/forms/time-zone";
import { paths } from "~/paths";
import { requireAdmin } from "~/server/admins/sessions.server";
import { readAuditEntry } from "~/server/audit/audit-pages.server";
import { AuditLine } from "~/ui/audit/audit-list";
import { Card } from "~/ui/kit/card";
import { Code } from "~/ui/kit/code";
import { Diff } from "~/ui/kit/diff";
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
  const { entry, now } = useLoaderData<typeof loader>();
  return (
    <>
      <PageHeader title={actionWords(entry.action)} breadcrumbs={[{ label: "Activity", to: paths.audit() }]} />
      <Card>
        <AuditLine entry={entry} now={now} />
        <div className="mt-3">
          {entry.before === undefined && entry.after === undefined && entry.values !== 0 ? (
            <p className="text-ink-muted text-sm">
              {entry.values === null
                ? "This change is too large for a page."
                : `${count(entry.values)} values changed, too many for a page.`}{" "}
              <Code>{`GET /api/audit/${entry.seq}`}</Code> has all of them.
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
