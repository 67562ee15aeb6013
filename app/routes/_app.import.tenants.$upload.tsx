import { type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction, redirect } from "@remix-run/node";
import { useActionData, useLoaderData, useNavigation } from "@remix-run/react";
import { guessColumns, headOf } from "~/core/import/csv-columns";
import { mayAct } from "~/core/permissions";
import { shorten } from "~/core/text";
import { csvMappingForm } from "~/forms/import/csv-mapping-form";
import { paths } from "~/paths";
import { actorOf, requireAdmin } from "~/server/admins/sessions.server";
import { invalid, readForm, refused } from "~/server/http/form.server";
import { settleSoon } from "~/server/jobs/job-page.server";
import { createCsvImport, csvStart } from "~/server/tenant-csv/csv-import.server";
import { CsvMappingForm } from "~/ui/import/csv-mapping-form";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { PageHeader } from "~/ui/kit/page-header";
import { PermissionNotice } from "~/ui/kit/permission-notice";

export const meta: MetaFunction = () => [{ title: "Columns of the file · Latchkey" }];

const maxSample = 40;

export async function loader({ request, context, params }: LoaderFunctionArgs) {
  const admin = await requireAdmin(request, context, "read");
  const found = await csvStart(context, params.upload ?? "");
  if (!found)
    throw new Response("This file is no longer here: it was imported, or uploaded over a day ago. Upload it again.", { status: 404 });
  const { upload, rows } = found;
  const guessed = guessColumns(upload.heads);
  const columns = upload.heads.map((_, column) => ({
    head: shorten(headOf(upload.heads, column), maxSample),
    target: guessed[column] ?? null,
    field: upload.heads[column]?.trim().slice(0, 100) ?? "",
    samples: rows.slice(0, 3).map(({ cells }) => shorten(cells[column] ?? "", maxSample)),
  }));
  const { name, rows: total } = upload;
  return { canChange: mayAct(admin.role, "data.import"), name, total, columns };
}

export async function action({ request, context, params }: ActionFunctionArgs) {
  const admin = await requireAdmin(request, context, "data.import");
  const submission = await readForm(request, csvMappingForm);
  if (submission.status !== "success") return invalid(submission);
  const { mapping, note } = submission.value;
  const created = await createCsvImport(context, actorOf(admin), { upload: params.upload ?? "", mapping, note, isPreview: true });
  if (!created.ok) return refused(submission, created, {});
  await settleSoon(context, created.job.id);
  return redirect(paths.job(created.job.id));
}

export default function ImportTenantsMapping() {
  const { canChange, name, total, columns } = useLoaderData<typeof loader>();
  const sent = useActionData<typeof action>();
  const busy = useNavigation().formMethod === "POST";
  return (
    <>
      <PageHeader
        title="What the columns hold"
        breadcrumbs={[
          { label: "Import/export", to: paths.importCatalogue() },
          { label: "Tenants from CSV", to: paths.importTenants() },
        ]}
        description={`${name}: ${total.toLocaleString("en")} ${total === 1 ? "row" : "rows"}. The file is kept for a day, or until it is imported.`}
      />
      <PermissionNotice canChange={canChange} act="data.import" />
      {canChange && <CsvMappingForm columns={columns} result={sent?.result} busy={busy} />}
    </>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
