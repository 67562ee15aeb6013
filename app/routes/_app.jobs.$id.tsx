import { type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction, redirect } from "@remix-run/node";
import { useLoaderData, useNavigation } from "@remix-run/react";
import type { BulkParams } from "~/core/bulk/bulk-act";
import type { CsvParams } from "~/core/import/csv-params";
import { isReasonUseful, rightOfJob } from "~/core/jobs/describe-job";
import { isJobOver } from "~/core/jobs/job";
import { jobForm } from "~/forms/jobs/job-form";
import { readJobPageQuery } from "~/forms/jobs/job-page-query";
import { paths } from "~/paths";
import { actorOf, requireAdmin } from "~/server/admins/sessions.server";
import { toWaitingRequest } from "~/server/approvals/approval-toast.server";
import { previewWithReason, runAgain, runPreview } from "~/server/bulk/bulk.server";
import { grantPreviewedRequest } from "~/server/bulk/bulk-approval.server";
import { readForm } from "~/server/http/form.server";
import { redirectWithToast } from "~/server/http/toast.server";
import { readJobPage, settleSoon } from "~/server/jobs/job-page.server";
import { findJob } from "~/server/jobs/job-reads.server";
import { cancelOneJob } from "~/server/jobs/jobs.server";
import { runCsvPreview } from "~/server/tenant-csv/csv-import.server";
import { grantPreviewedImport } from "~/server/tenant-csv/csv-request.server";
import { undoAgain } from "~/server/undo/undo-job.server";
import { undoOffer } from "~/server/undo/undo-offer.server";
import { JobActions } from "~/ui/jobs/job-actions";
import { JobImpact } from "~/ui/jobs/job-impact";
import { JobItems } from "~/ui/jobs/job-items";
import { JobProgress } from "~/ui/jobs/job-progress";
import { JobStateBadge } from "~/ui/jobs/job-table";
import { ReasonForm } from "~/ui/jobs/reason-form";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { PageHeader } from "~/ui/kit/page-header";
import { Time } from "~/ui/kit/time";

export const meta: MetaFunction<typeof loader> = ({ data }) => [{ title: `${data?.job.summary ?? "Job"} · Jobs · Latchkey` }];

const noJob = () => new Response("There is no such job. Previews are kept for a day, other jobs for 90 days.", { status: 404 });

export async function loader({ request, context, params }: LoaderFunctionArgs) {
  const admin = await requireAdmin(request, context, "read");
  const query = readJobPageQuery(new URL(request.url).searchParams);
  const page = await readJobPage(context, admin.role, params.id ?? "", query);
  if (!page) throw noJob();
  if (page.job.kind === "impact") throw redirect(paths.impact(page.job.id));
  const { job, canChange } = page;
  const undo = canChange && isJobOver(job) && job.done > 0 ? ((await undoOffer(context, { changeSet: job.id })) ?? null) : null;
  return { ...page, state: query.state ?? null, isFirst: query.after === undefined, undo };
}

export async function action({ request, context, params }: ActionFunctionArgs) {
  // What every job needs at least; each has its own right below.
  await requireAdmin(request, context, "trials.grant");
  const submission = await readForm(request, jobForm);
  const id = params.id ?? "";
  const job = await findJob(context, id);
  if (!job) throw noJob();
  const actor = actorOf(await requireAdmin(request, context, rightOfJob(job)));
  const refuse = (message: string) => redirectWithToast(paths.job(id), { kind: "error", message });
  if (submission.status !== "success") return refuse("Nothing was done. Press the button again.");
  const { value: form } = submission;
  if (form.intent === "cancel") {
    const result = await cancelOneJob(context, actor, id);
    if (result === null) throw noJob();
    return result.ok ? redirect(paths.job(id)) : refuse(result.message);
  }
  if (form.intent === "reason") {
    if (!job.isPreview || !isReasonUseful(job)) return refuse("A reason changes nothing here.");
    const preview = await previewWithReason(context, actor, job, form.reason);
    if (!preview.ok) return refuse(preview.message);
    await settleSoon(context, preview.job.id);
    return redirect(paths.job(preview.job.id));
  }
  if (form.intent === "run" && !(job.isPreview && job.state === "done")) return refuse("This preview is not complete. Make a new one.");
  if (form.intent === "again" && job.isPreview) return refuse("This is a preview: nothing was changed yet.");
  const approved = form.intent === "run" ? (job.params as BulkParams | CsvParams).request : undefined;
  if (approved !== undefined) {
    const approver = actorOf(await requireAdmin(request, context, "requests.approve"));
    const isImport = job.kind === "tenant_csv";
    const grant = () => grantPreviewedRequest(context, approver, job.params as BulkParams);
    const granted = isImport ? await grantPreviewedImport(context, approver, job) : await grant();
    if (!granted.ok) return refuse(granted.message);
    return redirect(paths.job(granted.job.id));
  }
  // Rows that were refused are mended in the file, which is uploaded again.
  if (form.intent === "again" && (job.kind === "tenant_csv" || job.kind === "catalogue_import"))
    return refuse("An import is not repeated. Upload the file again.");
  const run = job.kind === "tenant_csv" ? runCsvPreview : runPreview;
  const repeat = job.kind === "undo" ? undoAgain : runAgain;
  const created = form.intent === "run" ? await run(context, actor, job) : await repeat(context, actor, job, form.state);
  if (!created.ok && created.request) return toWaitingRequest(created);
  if (!created.ok) return refuse(created.message);
  await settleSoon(context, created.job.id);
  return redirect(paths.job(created.job.id));
}

export default function JobDetails() {
  const { job, rows, next, impact, state, isFirst, right, canChange, canGiveReason, undo, now } = useLoaderData<typeof loader>();
  const busy = useNavigation().formMethod === "POST";
  return (
    <>
      <PageHeader
        title={job.summary}
        breadcrumbs={[{ label: "Jobs", to: paths.jobs() }]}
        badges={job.isPreview ? undefined : <JobStateBadge {...job} />}
        description={
          <>
            {job.isPreview ? "Preview: nothing is changed yet. " : ""}
            {job.by} created it <Time at={job.createdAt} now={now} />.{job.note === null ? "" : ` “${job.note}”`}
          </>
        }
      />
      <div className="grid gap-6">
        <JobProgress job={job} />
        {impact && <JobImpact id={job.id} counts={impact} />}
        <JobActions job={job} right={right} canChange={canChange} undo={undo} busy={busy} />
        {canGiveReason && <ReasonForm busy={busy} />}
        <JobItems job={job} rows={rows} next={next} state={state} isFirst={isFirst} />
      </div>
    </>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
