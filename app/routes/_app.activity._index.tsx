import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData, useSearchParams } from "@remix-run/react";
import { readAuditQuery } from "~/forms/audit/audit-filter";
import { auditFilters } from "~/forms/audit/audit-names";
import { readTimeZone } from "~/forms/time-zone";
import { paths } from "~/paths";
import { requireAdmin } from "~/server/admins/sessions.server";
import { readAuditPage } from "~/server/audit/audit-pages.server";
import { tenantFilterNotice } from "~/server/tenants/near-tenants.server";
import { ActivityEnd, NoActivity } from "~/ui/audit/activity-ends";
import { ActivityFilters } from "~/ui/audit/activity-filters";
import { AuditList } from "~/ui/audit/audit-list";
import { TextLink } from "~/ui/kit/button";
import { Card } from "~/ui/kit/card";
import { Code } from "~/ui/kit/code";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { Notice } from "~/ui/kit/notice";
import { PageHeader } from "~/ui/kit/page-header";
import { FileLinks } from "~/ui/lists/file-links";
import { NearTenants } from "~/ui/tenants/near-tenants";

export const meta: MetaFunction = () => [{ title: "Activity · Latchkey" }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  await requireAdmin(request, context, "read");
  const zone = readTimeZone(request.headers.get("Cookie")) ?? "UTC";
  const query = readAuditQuery(new URL(request.url).searchParams, zone);
  const unknownTenant = query.tenant === undefined ? null : await tenantFilterNotice(context, query.tenant);
  return { ...(await readAuditPage(context, query, zone)), zone: query.zone, problems: query.problems, unknownTenant };
}

export default function ActivityLog() {
  const { entries, older, searchedBackTo, actors, actions, features, hasFeature, zone, problems, unknownTenant, now } =
    useLoaderData<typeof loader>();
  const [params] = useSearchParams();
  const query = Object.fromEntries(params);
  const isFiltered = [...auditFilters, "subject"].some((name) => params.get(name));
  return (
    <>
      <PageHeader
        title="Activity"
        description="Every change, with who made it, and what was before and after."
        actions={
          <FileLinks
            to={(format) => paths.auditExport({ ...query, before: null, format })}
            about="of the filtered list, up to 10,000 entries"
            look={{}}
          />
        }
      />
      <ActivityFilters actors={actors} actions={actions} features={features} zone={zone} />
      {problems.map((problem) => (
        <Notice key={problem} kind="warning" className="mb-3">
          {problem}
        </Notice>
      ))}
      {!hasFeature && (
        <Notice className="mb-3">
          The catalogue has no feature <Code>{query.feature ?? ""}</Code>. Entries about it are listed where they exist.
        </Notice>
      )}
      {unknownTenant && (
        <Notice kind="warning" className="mb-3" title={unknownTenant.sentence}>
          <NearTenants tenants={unknownTenant.near} to={(key) => paths.audit({ ...query, tenant: key, before: null })} />
        </Notice>
      )}
      {query.subject && !query.tenant && (
        <p className="mb-3 text-ink-muted text-sm">
          Only what is about <Code>{query.subject}</Code>.{" "}
          <TextLink to={paths.audit({ ...query, subject: null, before: null })}>Show all</TextLink>
        </p>
      )}
      <Card flush>
        {entries.length > 0 ? (
          <AuditList entries={entries} now={now} />
        ) : (
          <NoActivity isFiltered={isFiltered || params.has("before")} searchedBackTo={searchedBackTo} now={now} />
        )}
      </Card>
      <ActivityEnd query={query} older={older} searchedBackTo={entries.length > 0 ? searchedBackTo : null} now={now} />
    </>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
