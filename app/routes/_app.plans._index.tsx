import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import { useFetcher, useLoaderData, useSearchParams } from "@remix-run/react";
import { Layers, SearchX } from "lucide-react";
import { maxColumns } from "~/core/catalogue/plan-grid";
import { mayAct } from "~/core/permissions";
import { gridEditForm } from "~/forms/catalogue/draft";
import { readFeatureFilter, readPage } from "~/forms/catalogue/feature-filter";
import { paths } from "~/paths";
import { actorOf, requireAdmin } from "~/server/admins/sessions.server";
import { readPlanGrid } from "~/server/catalogue/catalogue-pages.server";
import { draftsForGrid, editTypedCells } from "~/server/catalogue/draft-page.server";
import { readForm } from "~/server/http/form.server";
import { DraftBar } from "~/ui/catalogue/draft-bar";
import { FeatureFilters } from "~/ui/catalogue/feature-filters";
import type { SaveCells } from "~/ui/catalogue/grid-edit";
import { PlanGrid } from "~/ui/catalogue/plan-grid";
import { LinkButton, TextLink } from "~/ui/kit/button";
import { Card } from "~/ui/kit/card";
import { EmptyState } from "~/ui/kit/empty-state";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { FormErrors } from "~/ui/kit/notice";
import { PageHeader } from "~/ui/kit/page-header";
import { count, Pagination } from "~/ui/kit/pagination";

export const meta: MetaFunction = () => [{ title: "Plans · Latchkey" }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  const admin = await requireAdmin(request, context, "read");
  const { searchParams } = new URL(request.url);
  const window = { page: readPage(searchParams), columnPage: readPage(searchParams, "plans") };
  const { own, others } = await draftsForGrid(context, admin.id);
  const grid = await readPlanGrid(context, readFeatureFilter(searchParams), window, own);
  const draft = own && { id: own.id, name: own.name, version: own.version, changes: own.cells.length };
  return { ...grid, draft, others, mayEdit: mayAct(admin.role, "catalogue.change") };
}

/** Cells that were edited in the grid, which go to the person's draft. */
export async function action({ request, context }: ActionFunctionArgs) {
  const admin = await requireAdmin(request, context, "catalogue.change");
  const submission = await readForm(request, gridEditForm);
  if (submission.status !== "success") return data({ message: submission.error?.cells?.[0] ?? "Nothing was sent." }, { status: 400 });
  const saved = await editTypedCells(context, actorOf(admin), submission.value.cells);
  // Not a status of its own: the browser would log an error for a value that was typed wrong.
  return { message: saved.ok ? null : saved.message };
}

export default function Plans() {
  const { columns, sections, shown, total, plans, window, groups, archived, moreArchived, mayEdit, draft, others } =
    useLoaderData<typeof loader>();
  const [params] = useSearchParams();
  const { submit, data: answer, state } = useFetcher<typeof action>();
  const save: SaveCells = (cells) => submit({ cells: JSON.stringify(cells) }, { method: "post", action: "/plans?index" });
  const refused = state === "idle" ? (answer?.message ?? null) : null;
  return (
    <>
      <PageHeader
        title="Plans"
        actions={
          mayEdit &&
          columns.length > 0 && (
            <LinkButton to={paths.planNew()} variant="primary">
              New plan
            </LinkButton>
          )
        }
      />
      {columns.length === 0 ? (
        <Card flush>
          <EmptyState
            icon={Layers}
            title="No plans yet"
            action={
              mayEdit && (
                <>
                  <LinkButton to={paths.planNew()} variant="primary">
                    New plan
                  </LinkButton>
                  <LinkButton to={paths.welcome()}>Start from a catalogue</LinkButton>
                </>
              )
            }
          >
            A plan is a named bundle of features with values and limits. Write one, or import a catalogue.
          </EmptyState>
        </Card>
      ) : (
        <>
          <div className="mb-3 flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
            <FeatureFilters groups={groups} />
            <p className="text-ink-muted text-xs" aria-live="polite">
              {shown === total ? count(total) : `${count(shown)} of ${count(total)}`} {total === 1 ? "feature" : "features"}
              <span className="max-xl:hidden">
                . Arrow keys move between cells, Enter opens one.{mayEdit && " Space, typing or pasting edits it in your draft."}
              </span>
            </p>
          </div>
          <FormErrors errors={refused === null ? undefined : [`${refused} Nothing was added to your draft.`]} />
          <Card flush>
            {shown > 0 ? (
              <>
                {plans > maxColumns && (
                  <Pagination
                    name="plans"
                    page={window.columnPage}
                    pageSize={maxColumns}
                    total={plans}
                    noun="plans"
                    label="Pages of plans"
                  />
                )}
                <PlanGrid columns={columns} sections={sections} query={params.toString()} onEdit={mayEdit ? save : undefined} />
                {shown > window.pageSize && (
                  <Pagination page={window.page} pageSize={window.pageSize} total={shown} noun="features" label="Pages of features" />
                )}
              </>
            ) : total === 0 ? (
              <EmptyState
                icon={Layers}
                title="No features yet"
                action={mayEdit && <LinkButton to={paths.featureNew()}>New feature</LinkButton>}
              >
                {count(plans)} {plans === 1 ? "plan stands" : "plans stand"} ready. Features become rows here.
              </EmptyState>
            ) : (
              <EmptyState icon={SearchX} title="No feature fits" action={<LinkButton to={paths.plans()}>Show all features</LinkButton>}>
                Try another word, group or type.
              </EmptyState>
            )}
          </Card>
        </>
      )}
      {draft && <DraftBar draft={draft} />}
      {others.length > 0 && (
        <p className="mt-3 text-ink-muted text-xs wrap-anywhere">
          Drafts of others:{" "}
          {others.map((other, i) => (
            <span key={other.id}>
              {i > 0 && ", "}
              <TextLink to={paths.draft(other.id)}>{other.name}</TextLink> ({other.ownerName}, {count(other.changes)}{" "}
              {other.changes === 1 ? "change" : "changes"})
            </span>
          ))}
        </p>
      )}
      {archived.length > 0 && (
        <p className="mt-3 text-ink-muted text-xs">
          Archived:{" "}
          {archived.map((plan, i) => (
            <span key={plan.key}>
              {i > 0 && ", "}
              <TextLink to={paths.plan(plan.key)}>{plan.name}</TextLink>
              {plan.tenants > 0 && ` (${count(plan.tenants)} ${plan.tenants === 1 ? "tenant" : "tenants"})`}
            </span>
          ))}
          {moreArchived > 0 && ` and ${count(moreArchived)} more`}
        </p>
      )}
    </>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
