import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction, redirect } from "@remix-run/node";
import { useActionData, useLoaderData } from "@remix-run/react";
import { mayAct } from "~/core/permissions";
import { paths } from "~/paths";
import { requireAdmin } from "~/server/admins/sessions.server";
import { readFileUpload } from "~/server/http/file-upload.server";
import { discardOlderCsv, storeCsv } from "~/server/tenant-csv/csv-upload.server";
import { CsvForm } from "~/ui/import/csv-form";
import { Card } from "~/ui/kit/card";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { PageHeader } from "~/ui/kit/page-header";
import { PermissionNotice } from "~/ui/kit/permission-notice";

export const meta: MetaFunction = () => [{ title: "Import tenants · Latchkey" }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  const admin = await requireAdmin(request, context, "read");
  return { canChange: mayAct(admin.role, "data.import") };
}

export async function action({ request, context }: ActionFunctionArgs) {
  const { id } = await requireAdmin(request, context, "data.import");
  const stored = await readFileUpload(request, (name, file) => storeCsv(context, id, name, file));
  if (stored === null) return data({ message: "Choose a file, or paste its text." }, { status: 422 });
  if (!stored.ok) return data({ message: stored.message }, { status: 422 });
  await discardOlderCsv(context, stored.upload);
  return redirect(paths.importTenantsMapping(stored.upload.id));
}

export default function ImportTenants() {
  const { canChange } = useLoaderData<typeof loader>();
  const sent = useActionData<typeof action>();
  return (
    <>
      <PageHeader title="Import tenants from CSV" breadcrumbs={[{ label: "Import/export", to: paths.importCatalogue() }]} />
      <div className="max-w-3xl">
        <PermissionNotice canChange={canChange} act="data.import" />
        {canChange && (
          <Card>
            <CsvForm errors={sent ? [sent.message] : undefined} />
          </Card>
        )}
      </div>
    </>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
