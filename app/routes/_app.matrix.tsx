import { type LoaderFunctionArgs, type MetaFunction, redirect } from "@remix-run/node";
import { useLoaderData, useSearchParams } from "@remix-run/react";
import { Grid3x3, SearchX } from "lucide-react";
import { matrixFilterNames, matrixFilters } from "~/forms/matrix/matrix-params";
import { paths } from "~/paths";
import { requireAdmin } from "~/server/admins/sessions.server";
import { matrixPage } from "~/server/matrix/matrix.server";
import { LinkButton } from "~/ui/kit/button";
import { Card } from "~/ui/kit/card";
import { EmptyState } from "~/ui/kit/empty-state";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { PageHeader } from "~/ui/kit/page-header";
import { MatrixFilters } from "~/ui/matrix/matrix-filters";
import { MatrixLegend } from "~/ui/matrix/matrix-legend";
import { MatrixTable } from "~/ui/matrix/matrix-table";

export const meta: MetaFunction = () => [{ title: "Matrix · Latchkey" }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  await requireAdmin(request, context, "read");
  const { searchParams } = new URL(request.url);
  const { added, ...page } = await matrixPage(context, searchParams);
  if (added) throw redirect(paths.matrix(added, matrixFilters(searchParams)));
  return page;
}

export default function Matrix() {
  const { columns, rows, next, ...choice } = useLoaderData<typeof loader>();
  const [params] = useSearchParams();
  const isFiltered = params.has("after") || matrixFilterNames.some((name) => params.get(name));
  return (
    <>
      <PageHeader title="Matrix" description="What each tenant has of chosen features, and why." />
      {columns.length === 0 ? (
        <Card flush>
          <EmptyState icon={Grid3x3} title="No features yet" action={<LinkButton to={paths.features()}>Features</LinkButton>}>
            Once the catalogue has features, each is a column here.
          </EmptyState>
        </Card>
      ) : (
        <>
          <MatrixFilters columns={columns} {...choice} />
          {rows.length === 0 ? (
            <Card flush>
              <EmptyState icon={SearchX} title={isFiltered ? "No tenant matches" : "No tenants yet"}>
                {isFiltered ? "Search by part of a name or key, or clear the filters above." : "Each tenant is a row here."}
              </EmptyState>
            </Card>
          ) : (
            <>
              <MatrixLegend />
              <MatrixTable key={`${params}\n${columns.map(({ key }) => key)}`} columns={columns} rows={rows} next={next} />
            </>
          )}
        </>
      )}
    </>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
