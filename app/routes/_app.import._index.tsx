import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { Download } from "lucide-react";
import { mayAct } from "~/core/permissions";
import { paths } from "~/paths";
import { requireAdmin } from "~/server/admins/sessions.server";
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

export default function Import() {
  const { canChange } = useLoaderData<typeof loader>();
  return (
    <>
      <PageHeader title="Import/export" />
      <div className="grid max-w-5xl items-start gap-6 lg:grid-cols-[minmax(0,1fr)_20rem]">
        <Section
          title="Import"
          description="The file is the whole catalogue: features and plans that it does not name are archived, never deleted. Tenants that it does not name stay as they are."
          bare
        >
          <PermissionNotice canChange={canChange} act="data.import" />
          {canChange && (
            <Card>
              <ImportForm />
            </Card>
          )}
        </Section>
        <Section title="Export" description="A file that imports to the same state.">
          <ul className="flex flex-col gap-2">
            {files.map(({ label, to }) => (
              <li key={to}>
                {/* Not a Remix page: the browser must request it. */}
                <a href={to} download className={buttonLook({ className: "w-full justify-start" })}>
                  <Download aria-hidden="true" />
                  {label}
                </a>
              </li>
            ))}
          </ul>
          <p className="mt-3 text-ink-muted text-xs">
            On the command line: <Code>npx latchkey import</Code>, <Code>npx latchkey export</Code>.
          </p>
        </Section>
      </div>
    </>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
