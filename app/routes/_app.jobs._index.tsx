import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { ListChecks } from "lucide-react";
import { readJobsCursor } from "~/forms/jobs/job-page-query";
import { cursorOf } from "~/forms/pagination";
import { paths } from "~/paths";
import { requireAdmin } from "~/server/admins/sessions.server";
import { jobList } from "~/server/jobs/job-page.server";
import { JobTable } from "~/ui/jobs/job-table";
import { AutoRefresh } from "~/ui/kit/auto-refresh";
import { LinkButton } from "~/ui/kit/button";
import { Card } from "~/ui/kit/card";
import { EmptyState } from "~/ui/kit/empty-state";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { PageHeader } from "~/ui/kit/page-header";

export const meta: MetaFunction = () => [{ title: "Jobs · Latchkey" }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  await requireAdmin(request, context, "read");
  const { searchParams } = new URL(request.url);
  const { jobs, next } = await jobList(context, readJobsCursor(searchParams));
  const isLive = jobs.some(({ state }) => state === "queued" || state === "running");
  return {
    jobs,
    next: next && cursorOf(next.createdAt, next.id),
    isFirst: !searchParams.has("cursor"),
    isLive,
    now: context.now(),
  };
}

export default function Jobs() {
  const { jobs, next, isFirst, isLive, now } = useLoaderData<typeof loader>();
  return (
    <>
      {isLive && <AutoRefresh reload />}
      <PageHeader
        title="Jobs"
        description="Long work on many tenants, done in the background. Kept for 90 days."
        actions={<LinkButton to={paths.bulk()}>Change many tenants</LinkButton>}
      />
      <Card flush>
        <JobTable
          jobs={jobs}
          now={now}
          empty={
            <EmptyState icon={ListChecks} title={isFirst ? "No jobs yet" : "No earlier jobs"}>
              Choose tenants in their list, or paste keys, to change many at once.
            </EmptyState>
          }
        />
      </Card>
      {(next !== null || !isFirst) && (
        <nav aria-label="Pages" className="mt-3 flex justify-between gap-2">
          {isFirst ? <span /> : <LinkButton to={paths.jobs()}>First page</LinkButton>}
          {next !== null && <LinkButton to={paths.jobs({ cursor: next })}>Next page</LinkButton>}
        </nav>
      )}
    </>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
