import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { CalendarClock } from "lucide-react";
import { mayAct } from "~/core/permissions";
import { cursorOf } from "~/forms/pagination";
import { readComingPlace } from "~/forms/schedules/coming-query";
import { paths } from "~/paths";
import { requireAdmin } from "~/server/admins/sessions.server";
import { comingPublications } from "~/server/catalogue/coming-publications.server";
import { comingChangesPage } from "~/server/schedules/coming-rows.server";
import { LinkButton, TextLink } from "~/ui/kit/button";
import { Section } from "~/ui/kit/card";
import { EmptyState } from "~/ui/kit/empty-state";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { PageHeader } from "~/ui/kit/page-header";
import { TenantChanges } from "~/ui/schedules/coming-changes";
import { ComingPublications } from "~/ui/schedules/coming-publications";

export const meta: MetaFunction = () => [{ title: "Coming changes · Latchkey" }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  const admin = await requireAdmin(request, context, "read");
  const after = readComingPlace(new URL(request.url).searchParams);
  const { next, ...page } = await comingChangesPage(context, after);
  return {
    ...page,
    publications: after === undefined ? await comingPublications(context) : [],
    next: next && cursorOf(next.at, next.id),
    isFirst: after === undefined,
    canChange: mayAct(admin.role, "tenants.change"),
  };
}

export default function ComingChangesPage() {
  const { now, publications, inTrouble, hasMoreInTrouble, rows, next, isFirst, canChange } = useLoaderData<typeof loader>();
  const shared = { now, canChange };
  return (
    <>
      <PageHeader
        title="Coming changes"
        description="Changes of plan, add-ons or status that tenants are scheduled for, and publications of plans, by their time."
      />
      <div className="grid max-w-3xl gap-6">
        <ComingPublications rows={publications} now={now} />
        {inTrouble.length > 0 && (
          <Section
            title="Without effect"
            description={hasMoreInTrouble ? "The first of them. Move or cancel these to see the others." : undefined}
            flush
          >
            <TenantChanges rows={inTrouble} {...shared} />
          </Section>
        )}
        <Section title="Next" flush>
          {rows.length === 0 ? (
            <EmptyState icon={CalendarClock} title={isFirst ? "Nothing is scheduled" : "No more changes"} className="py-8">
              A tenant's forms for plan and status ask when: now, or on a date.
            </EmptyState>
          ) : (
            <TenantChanges rows={rows} {...shared} />
          )}
        </Section>
        {(next || !isFirst) && (
          <nav aria-label="Pages" className="flex items-center justify-between gap-3">
            {isFirst ? <span /> : <TextLink to={paths.comingChanges()}>First page</TextLink>}
            {next && <LinkButton to={paths.comingChanges({ page: next })}>Later changes</LinkButton>}
          </nav>
        )}
      </div>
    </>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
