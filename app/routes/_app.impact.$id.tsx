import { type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction, redirect } from "@remix-run/node";
import { Form, useLoaderData, useNavigation } from "@remix-run/react";
import { isJobOver } from "~/core/jobs/job";
import { mayAct } from "~/core/permissions";
import { readImpactQuery } from "~/forms/catalogue/impact";
import { paths, safePath } from "~/paths";
import { actorOf, requireAdmin } from "~/server/admins/sessions.server";
import { readImpactView } from "~/server/catalogue/impact-page.server";
import { redirectWithToast } from "~/server/http/toast.server";
import { findJob } from "~/server/jobs/job-reads.server";
import { cancelOneJob } from "~/server/jobs/jobs.server";
import { ImpactProgress } from "~/ui/catalogue/impact-progress";
import { ImpactTenants } from "~/ui/catalogue/impact-tenants";
import { Button, LinkButton } from "~/ui/kit/button";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { PageHeader } from "~/ui/kit/page-header";
import { Time } from "~/ui/kit/time";
import { FileLinks } from "~/ui/lists/file-links";

export const meta: MetaFunction<typeof loader> = ({ data }) => [{ title: `${data?.job.summary ?? "Impact"} · Latchkey` }];

const noImpact = () => new Response("There is no such impact. It is kept for a day: look at the change again.", { status: 404 });

export async function loader({ request, context, params }: LoaderFunctionArgs) {
  const admin = await requireAdmin(request, context, "read");
  const query = readImpactQuery(new URL(request.url).searchParams);
  const view = await readImpactView(context, params.id ?? "", query);
  if (!view) throw noImpact();
  const isOfJob = view.job.kind !== "impact";
  const back = safePath(query.back, isOfJob ? paths.job(view.job.id) : paths.plans());
  return {
    ...view,
    back,
    isFirst: query.after === undefined,
    canCancel: !isOfJob && mayAct(admin.role, "catalogue.change"),
    now: context.now(),
  };
}

export async function action({ request, context, params }: ActionFunctionArgs) {
  const admin = await requireAdmin(request, context, "catalogue.change");
  const id = params.id ?? "";
  const { back } = readImpactQuery(new URL(request.url).searchParams);
  const here = paths.impact(id, { back });
  // A preview of a bulk act is cancelled on its own page.
  if ((await findJob(context, id))?.kind !== "impact") throw noImpact();
  const result = await cancelOneJob(context, actorOf(admin), id);
  if (result === null) throw noImpact();
  return result.ok ? redirect(here) : redirectWithToast(here, { kind: "error", message: result.message });
}

export default function ImpactOfChange() {
  const { job, counts, effect, rows, next, isFirst, back, canCancel, now } = useLoaderData<typeof loader>();
  const busy = useNavigation().formMethod === "POST";
  return (
    <>
      <PageHeader
        title={job.summary}
        breadcrumbs={[{ label: "Change", to: back }]}
        description={
          <>
            What this would do to each tenant. Nothing is changed. {job.by} looked at it <Time at={job.createdAt} now={now} />.
          </>
        }
        actions={
          <>
            {canCancel && !isJobOver(job) && (
              <Form method="post">
                <Button busy={busy} disabled={job.cancelRequested}>
                  Cancel
                </Button>
              </Form>
            )}
            <FileLinks to={(format) => paths.impactFile(job.id, format)} />
            <LinkButton to={back}>Back to the change</LinkButton>
          </>
        }
      />
      <div className="grid gap-6">
        <ImpactProgress job={job} />
        <ImpactTenants
          pathOf={(query) => paths.impact(job.id, { ...query, back })}
          counts={counts}
          effect={effect}
          rows={rows}
          next={next}
          isFirst={isFirst}
          isOver={isJobOver(job)}
        />
      </div>
    </>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
