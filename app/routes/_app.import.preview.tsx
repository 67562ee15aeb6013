import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction, redirect } from "@remix-run/node";
import { Form, useActionData, useLoaderData, useNavigation } from "@remix-run/react";
import { FileCheck2 } from "lucide-react";
import { mayAct } from "~/core/permissions";
import { paths } from "~/paths";
import { requireAdmin } from "~/server/admins/sessions.server";
import { applySent, readImportForm, showImport } from "~/server/catalogue/import-page.server";
import { redirectWithToast } from "~/server/http/toast.server";
import { newAct, undoOffer } from "~/server/undo/undo-offer.server";
import { EffectsOnTenants } from "~/ui/catalogue/effects-on-tenants";
import { FindingList } from "~/ui/catalogue/finding-list";
import { ImpactLink } from "~/ui/catalogue/impact-form";
import { ImportDiffList } from "~/ui/import/import-diff";
import { ImportForm } from "~/ui/import/import-form";
import { LinkButton } from "~/ui/kit/button";
import { Card } from "~/ui/kit/card";
import { EmptyState } from "~/ui/kit/empty-state";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { Notice } from "~/ui/kit/notice";
import { PageHeader } from "~/ui/kit/page-header";
import { PermissionNotice } from "~/ui/kit/permission-notice";
import { SubmitRow } from "~/ui/kit/submit-row";
import { ScheduledForPlans } from "~/ui/schedules/scheduled-for-plans";

export const meta: MetaFunction = () => [{ title: "Import · Latchkey" }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  const admin = await requireAdmin(request, context, "read");
  return { canChange: mayAct(admin.role, "data.import") };
}

export async function action({ request, context }: ActionFunctionArgs) {
  const admin = await requireAdmin(request, context, "data.import");
  const sent = await readImportForm(request);
  if (!sent.ok) return data({ step: "unread" as const, message: sent.message }, { status: 422 });
  const { signal } = request;
  const isFirst = sent.revision === undefined;
  const actor = newAct(context, admin);
  const page = isFirst ? await showImport(context, sent, actor, signal) : await applySent(context, sent, actor, signal);
  if (page.step === "queued") return redirect(paths.job(page.job));
  if (page.step === "applied") {
    const message = `${page.name} is imported: it ${page.summary}.`;
    return redirectWithToast(paths.plans(), { message, undo: await undoOffer(context, actor) });
  }
  return data(page, { status: page.step === "refused" ? 422 : page.moved ? 409 : 200 });
}

export default function ImportPreview() {
  const { canChange } = useLoaderData<typeof loader>();
  const page = useActionData<typeof action>();
  return (
    <>
      <PageHeader title="What the import changes" breadcrumbs={[{ label: "Import/export", to: paths.importCatalogue() }]} />
      <div className="max-w-3xl">
        <PermissionNotice canChange={canChange} act="data.import" />
        {page?.step === "preview" ? <Preview page={page} /> : canChange && <Again page={page} />}
      </div>
    </>
  );
}

type Page = NonNullable<ReturnType<typeof useActionData<typeof action>>>;

/** Nothing was sent yet, or it cannot be imported. */
function Again({ page }: { page: Exclude<Page, { step: "preview" }> | undefined }) {
  const refused = page?.step === "refused" ? page : null;
  return (
    <>
      {refused && (
        <Notice kind="error" role="alert" title={`${refused.name} cannot be imported, and nothing was changed`} className="mb-4">
          <ul className="mt-1 flex flex-col gap-0.5 font-mono text-xs">
            {refused.problems.map((problem) => (
              <li key={problem}>{problem}</li>
            ))}
          </ul>
        </Notice>
      )}
      <Card>
        <ImportForm text={refused?.text} errors={page?.step === "unread" ? [page.message] : undefined} />
      </Card>
    </>
  );
}

function Preview({ page }: { page: Extract<Page, { step: "preview" }> }) {
  const { name, text, revision, summary, sections, moved, warnings, effects, impact, scheduled } = page;
  const busy = useNavigation().formMethod === "POST";
  if (summary === null) {
    return (
      <Card flush>
        {sections.length > 0 && <ImportDiffList sections={sections} />}
        <EmptyState icon={FileCheck2} title="Nothing to change" action={<LinkButton to={paths.plans()}>Show the plans</LinkButton>}>
          All is already as {name} says.
        </EmptyState>
      </Card>
    );
  }
  return (
    <>
      {moved && (
        <Notice kind="warning" role="alert" title="The catalogue was changed since you looked" className="mb-4">
          Nothing was imported. Below stands what {name} would do now.
        </Notice>
      )}
      <p className="mb-3 text-sm">
        <span className="font-medium">{name}</span> {summary}.
      </p>
      <Card flush>
        <ImportDiffList sections={sections} />
      </Card>
      {effects && (
        <EffectsOnTenants effects={effects} noun="a feature" className="mt-3">
          {impact !== null && <ImpactLink id={impact} />}
        </EffectsOnTenants>
      )}
      <ScheduledForPlans scheduled={scheduled} className="mt-3" title="scheduled to get a plan that this archives">
        These changes will have no effect
      </ScheduledForPlans>
      {warnings.length > 0 && (
        <Notice kind="warning" title="PostHog flags to look at" className="mt-3">
          <FindingList findings={warnings} />
        </Notice>
      )}
      <Form method="post" action={paths.importPreview()} encType="multipart/form-data" className="mt-3">
        <input type="hidden" name="name" value={name} />
        <input type="hidden" name="text" value={text} />
        <input type="hidden" name="revision" value={revision} />
        <SubmitRow busy={busy} cancelTo={paths.importCatalogue()} cancelLabel="Choose another file">
          Import
        </SubmitRow>
      </Form>
    </>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
