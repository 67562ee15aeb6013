import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData, useSearchParams } from "@remix-run/react";
import { ScrollText, SearchX } from "lucide-react";
import { actionWords } from "~/core/audit/action-words";
import { actorValue, auditSubjects, readAuditQuery } from "~/forms/audit/audit-filter";
import { readTimeZone } from "~/forms/time-zone";
import { paths } from "~/paths";
import { requireAdmin } from "~/server/admins/sessions.server";
import { readAuditPage } from "~/server/audit/audit-pages.server";
import { AuditList } from "~/ui/audit/audit-list";
import { LinkButton, TextLink } from "~/ui/kit/button";
import { Card } from "~/ui/kit/card";
import { Code } from "~/ui/kit/code";
import { EmptyState } from "~/ui/kit/empty-state";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { FilterBar, FilterSelect } from "~/ui/kit/filters";
import { PageHeader } from "~/ui/kit/page-header";

export const meta: MetaFunction = () => [{ title: "Activity · Latchkey" }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  await requireAdmin(request, context, "read");
  const zone = readTimeZone(request.headers.get("Cookie")) ?? "UTC";
  return readAuditPage(context, readAuditQuery(new URL(request.url).searchParams), { zone });
}

const kindWords = {
  tenant: "Tenants",
  feature: "Features",
  plan: "Plans",
  catalogue: "Catalogue",
  api_key: "API keys",
  admin: "People",
  settings: "Settings",
};
const kinds = auditSubjects.map((kind) => [kind, kindWords[kind]] as const);

export default function ActivityLog() {
  const { entries, older, actors, actions, now } = useLoaderData<typeof loader>();
  const [params] = useSearchParams();
  const query = Object.fromEntries(params);
  const isFiltered = ["actor", "action", "kind", "subject"].some((name) => params.get(name));
  return (
    <>
      <PageHeader title="Activity" description="Every change, with who made it, and what was before and after." />
      <FilterBar names={["actor", "action", "kind", "before"]} className="mb-3">
        <FilterSelect name="kind" label="All subjects" options={kinds} />
        <FilterSelect name="action" label="All actions" options={actions.map((action) => [action, actionWords(action)])} />
        <FilterSelect name="actor" label="All admins" options={actors.map((actor) => [actorValue(actor), actor.name])} />
      </FilterBar>
      {query.subject && (
        <p className="mb-3 text-ink-muted text-sm">
          Only what is about <Code>{query.subject}</Code>.{" "}
          <TextLink to={paths.audit({ ...query, subject: null, before: null })}>Show all</TextLink>
        </p>
      )}
      <Card flush>
        {entries.length > 0 ? (
          <AuditList entries={entries} now={now} />
        ) : isFiltered || params.has("before") ? (
          <EmptyState icon={SearchX} title="No entry fits" action={<LinkButton to={paths.audit()}>Show the whole log</LinkButton>}>
            Try another person, action or kind.
          </EmptyState>
        ) : (
          <EmptyState icon={ScrollText} title="Nothing has been changed yet">
            Changes by people and programs will appear here.
          </EmptyState>
        )}
      </Card>
      <nav aria-label="Pages" className="mt-3 flex justify-between gap-2">
        {params.has("before") ? <LinkButton to={paths.audit({ ...query, before: null })}>Newest</LinkButton> : <span />}
        {older !== null && <LinkButton to={paths.audit({ ...query, before: older })}>Older</LinkButton>}
      </nav>
    </>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
