import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Form, Link, useLoaderData, useRouteLoaderData } from "@remix-run/react";
import { Search, SearchX } from "lucide-react";
import { readSearchQuery } from "~/forms/search/search-query";
import { readTimeZone } from "~/forms/time-zone";
import { requireAdmin } from "~/server/admins/sessions.server";
import { readSearch } from "~/server/search/search-page.server";
import { Button } from "~/ui/kit/button";
import { Card, Section } from "~/ui/kit/card";
import { EmptyState } from "~/ui/kit/empty-state";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { TextInput } from "~/ui/kit/inputs";
import { Notice } from "~/ui/kit/notice";
import { PageHeader } from "~/ui/kit/page-header";
import { CommandCard } from "~/ui/search/command-card";
import { findPages } from "~/ui/search/pages";
import { type ResultRow, resultGroups } from "~/ui/search/result-rows";
import { navItems } from "~/ui/shell/nav";
import type { loader as shellLoader } from "./_app";

export const meta: MetaFunction<typeof loader> = ({ data }) => [{ title: `${data?.q ? `${data.q} · ` : ""}Search · Latchkey` }];

/** The palette reads it too. */
export async function loader({ request, context }: LoaderFunctionArgs) {
  const admin = await requireAdmin(request, context, "read");
  const query = readSearchQuery(new URL(request.url).searchParams);
  const zone = readTimeZone(request.headers.get("Cookie")) ?? "UTC";
  return readSearch(context, query, { role: admin.role, zone });
}

export default function SearchPage() {
  const { q, words, problem, results, near, command, now } = useLoaderData<typeof loader>();
  const shell = useRouteLoaderData<typeof shellLoader>("routes/_app");
  const pages = shell && words.length > 0 && !problem ? findPages(navItems(shell.hasPosthog, shell.admin.role), words) : [];
  const groups = resultGroups(results);
  const isEmpty = words.length === 0 && !problem;
  const isNothing = !isEmpty && !problem && groups.length === 0 && pages.length === 0;
  return (
    <div className="max-w-3xl">
      <PageHeader title="Search" />
      <Form method="get" role="search" className="mb-5 flex gap-2">
        <TextInput
          key={q}
          name="q"
          type="search"
          aria-label="Search"
          defaultValue={q}
          maxLength={200}
          className="flex-1"
          autoComplete="off"
        />
        <Button type="submit">Search</Button>
      </Form>
      {problem && <Notice kind="error" title={problem} role="alert" />}
      {command && <CommandCard answer={command} now={now} />}
      {isEmpty && (
        <Card>
          <EmptyState icon={Search} title="Find tenants, features, plans and pages">
            Type parts of names or keys, in any order. Tenants are also found by their metadata.
          </EmptyState>
        </Card>
      )}
      {isNothing && !command && (
        <Card>
          <EmptyState icon={SearchX} title={`Nothing matches “${q}”`}>
            {near ? "These come near." : "Check the spelling, or type a shorter part of the name."}
          </EmptyState>
        </Card>
      )}
      <div className="mt-5 flex flex-col gap-5">
        {[...groups, ...(near ? resultGroups(near) : [])].map(({ heading, rows, hasMore }) => (
          <Section key={heading} title={heading} flush id={heading.toLowerCase()}>
            <ResultList rows={rows} />
            {hasMore && (
              <p className="border-line border-t px-4 py-2.5 text-ink-muted text-xs">
                {heading === "Tenants"
                  ? "More tenants match. Type more of the name."
                  : `More ${heading.toLowerCase()} match. Type more of the name.`}
              </p>
            )}
          </Section>
        ))}
        {pages.length > 0 && (
          <Section title="Pages" flush id="pages">
            <ResultList rows={pages.map(({ label, to }) => ({ to, name: label, detail: "", note: null }))} />
          </Section>
        )}
      </div>
    </div>
  );
}

function ResultList({ rows }: { rows: ResultRow[] }) {
  return (
    <ul className="divide-y divide-line">
      {rows.map(({ to, name, detail, note }) => (
        <li key={to}>
          <Link to={to} className="flex min-h-11 items-center justify-between gap-3 px-4 py-1.5 text-sm hover:bg-sunken">
            <span className="min-w-0">
              <span title={name} className="block truncate font-medium text-ink">
                {name}
              </span>
              {detail && (
                <span title={detail} className="block truncate font-mono text-ink-faint text-xs">
                  {detail}
                </span>
              )}
            </span>
            {note && <span className="max-w-[40%] shrink-0 truncate text-ink-muted text-xs">{note}</span>}
          </Link>
        </li>
      ))}
    </ul>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
