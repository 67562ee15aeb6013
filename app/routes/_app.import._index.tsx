import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { Download } from "lucide-react";
import { mayAct } from "~/core/permissions";
import { paths } from "~/paths";
import { requireAdmin } from "~/server/admins/sessions.server";
import { CsvForm } from "~/ui/import/csv-form";
import { ImportForm } from "~/ui/import/import-form";
import { buttonLook } from "~/ui/kit/button";
import { Card, Section } from "~/ui/kit/card";
import { Code } from "~/ui/kit/code";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { PageHeader } from "~/ui/kit/page-header";
import { PermissionNotice } from "~/ui/kit/permission-notice";

export const meta: MetaFunction = () => [{ title: "Import/export · Latchkey" }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  const admin = await requireAdmin(request, context, "read");
  return { canChange: mayAct(admin.role, "data.import") };
}

const files = [
  { label: "Catalogue, YAML", to: paths.exportCatalogue("yaml") },
  { label: "Catalogue, JSON", to: paths.exportCatalogue("json") },
  { label: "With tenants, YAML", to: paths.exportCatalogue("yaml", true) },
  { label: "With tenants, JSON", to: paths.exportCatalogue("json", true) },
];

const lists = (["tenants", "plans", "features", "keys", "people"] as const).map((list) => ({
  label: { tenants: "Tenants", plans: "Plans", features: "Features", keys: "API keys", people: "People" }[list],
  csv: paths.listFile(list, { format: "csv" }),
  json: paths.listFile(list, { format: "json" }),
}));

export default function Import() {
  const { canChange } = useLoaderData<typeof loader>();
  return (
    <>
      <PageHeader title="Import/export" />
      <div className="grid max-w-5xl items-start gap-6 lg:grid-cols-[minmax(0,1fr)_20rem]">
        <div className="grid gap-6">
          <Section
            title="Import"
            description="The file is the whole catalogue: features and plans that it does not name are archived, never deleted. Tenants that it does not name stay as they are. A file of tenants alone leaves the catalogue as it is."
            bare
          >
            <PermissionNotice canChange={canChange} act="data.import" />
            {canChange && (
              <Card>
                <ImportForm />
              </Card>
            )}
          </Section>
          {canChange && (
            <Section
              title="Tenants from CSV"
              description="A row creates a tenant, or changes the one with its key. What each row would do is shown first."
              bare
            >
              <Card>
                <CsvForm />
              </Card>
            </Section>
          )}
        </div>
        <Section title="Export" description="A file that imports to the same state.">
          <ul className="flex flex-col gap-2">
            {files.map(({ label, to }) => (
              <li key={to}>
                {/* Not a Remix page: the browser must request it. */}
                <a href={to} download className={buttonLook({ className: "w-full justify-start!" })}>
                  <Download aria-hidden="true" />
                  {label}
                </a>
              </li>
            ))}
          </ul>
          <h3 className="mt-5 mb-2 font-medium text-ink text-sm">Lists</h3>
          <ul className="flex flex-col gap-1 text-sm">
            {lists.map(({ label, csv, json }) => (
              <li key={label} className="flex items-center justify-between gap-3">
                {label}
                <span className="flex gap-2">
                  <a href={csv} download aria-label={`${label}, CSV`} className={buttonLook({ size: "sm" })}>
                    CSV
                  </a>
                  <a href={json} download aria-label={`${label}, JSON`} className={buttonLook({ size: "sm" })}>
                    JSON
                  </a>
                </span>
              </li>
            ))}
          </ul>
          <p className="mt-3 text-ink-muted text-xs">
            On the command line: <Code>npx latchkey import</Code>, <Code>plan</Code>, <Code>apply</Code>, <Code>export</Code>.
          </p>
        </Section>
      </div>
    </>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
