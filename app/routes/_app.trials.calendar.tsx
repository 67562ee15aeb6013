import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { CalendarDays, ChevronLeft, ChevronRight } from "lucide-react";
import { monthNames } from "~/core/time";
import { monthAfter } from "~/core/trials/months";
import { monthOf } from "~/core/trials/trial-chains";
import { readCalendarMonth } from "~/forms/trials/trial-report-query";
import { paths } from "~/paths";
import { requireAdmin } from "~/server/admins/sessions.server";
import { readTrialCalendar } from "~/server/trials/trial-calendar.server";
import { LinkButton } from "~/ui/kit/button";
import { Card } from "~/ui/kit/card";
import { EmptyState } from "~/ui/kit/empty-state";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { TrialCalendar } from "~/ui/trials/trial-calendar";
import { TrialsHeader } from "~/ui/trials/trial-tabs";

const monthWords = (month: string) => `${monthNames[Number(month.slice(5)) - 1]} ${month.slice(0, 4)}`;

export const meta: MetaFunction<typeof loader> = ({ data }) => [
  { title: `${data ? monthWords(data.month) : "Calendar"} · Trials · Latchkey` },
];

export async function loader({ request, context }: LoaderFunctionArgs) {
  await requireAdmin(request, context, "read");
  const month = readCalendarMonth(new URL(request.url).searchParams, context.now());
  const { days, now } = await readTrialCalendar(context, month);
  return { month, days, now };
}

export default function TrialsCalendar() {
  const { month, days, now } = useLoaderData<typeof loader>();
  const [before, after] = [monthAfter(month, -1), monthAfter(month, 1)];
  const hasEnds = days.some(({ count }) => count > 0);
  return (
    <>
      <TrialsHeader current="calendar" />
      <div className="mb-3 flex flex-wrap items-center justify-between gap-2">
        <h2 className="font-semibold text-base text-ink">Ends in {monthWords(month)}</h2>
        <nav aria-label="Months" className="flex items-center gap-1.5">
          <LinkButton to={paths.trialCalendar(before)} size="icon" aria-label={monthWords(before)} title={monthWords(before)}>
            <ChevronLeft aria-hidden="true" />
          </LinkButton>
          {month !== monthOf(now) && <LinkButton to={paths.trialCalendar()}>This month</LinkButton>}
          <LinkButton to={paths.trialCalendar(after)} size="icon" aria-label={monthWords(after)} title={monthWords(after)}>
            <ChevronRight aria-hidden="true" />
          </LinkButton>
        </nav>
      </div>
      <Card flush>
        {!hasEnds && (
          <EmptyState icon={CalendarDays} title={`No trial ends in ${monthWords(month)}`} className="py-8 md:border-line md:border-b">
            Trials that were extended appear on the day of their new end.
          </EmptyState>
        )}
        <TrialCalendar days={days} now={now} />
      </Card>
      <p className="mt-2 text-ink-muted text-xs">Days are in UTC. Trials that were extended appear on the day of their new end.</p>
    </>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
