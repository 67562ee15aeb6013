import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { ChartNoAxesColumn } from "lucide-react";
import { monthNames } from "~/core/time";
import { monthAfter } from "~/core/trials/months";
import { monthOf } from "~/core/trials/trial-chains";
import { maxReportMonths } from "~/forms/trials/trial-filters";
import { readTrialReportQuery } from "~/forms/trials/trial-report-query";
import { requireAdmin } from "~/server/admins/sessions.server";
import { readTrialReport } from "~/server/trials/trial-report.server";
import { Section } from "~/ui/kit/card";
import { EmptyState } from "~/ui/kit/empty-state";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { FilterBar, FilterSelect } from "~/ui/kit/filters";
import { ComputedNotice } from "~/ui/trials/computed-notice";
import { TrialFunnel, TrialReportTable } from "~/ui/trials/trial-report";
import { TrialsHeader } from "~/ui/trials/trial-tabs";

export const meta: MetaFunction = () => [{ title: "Report · Trials · Latchkey" }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  await requireAdmin(request, context, "read");
  const { from, to } = readTrialReportQuery(new URL(request.url).searchParams, context.now());
  return { ...(await readTrialReport(context, { from, to })), from, to };
}

const monthWords = (month: string) => `${monthNames[Number(month.slice(5)) - 1]} ${month.slice(0, 4)}`;

export default function TrialsReport() {
  const { total, groups, from, to, computedAt, isOld, now } = useLoaderData<typeof loader>();
  const range = { from, to };
  const months = Array.from({ length: maxReportMonths }, (_, i) => monthAfter(monthOf(now), -i));
  const { medianDaysToUse: days } = total;
  return (
    <>
      <TrialsHeader current="report" />
      <FilterBar names={["from", "to"]} className="mb-3">
        <FilterSelect
          name="from"
          label={`From ${monthWords(from)}`}
          options={months.map((month) => [month, `From ${monthWords(month)}`])}
        />
        <FilterSelect name="to" label={`To ${monthWords(to)}`} options={months.map((month) => [month, `To ${monthWords(month)}`])} />
      </FilterBar>
      <div className="grid gap-6">
        <Section
          title={`Trials that started from ${monthWords(from)} to ${monthWords(to)}`}
          description="A trial with all its extensions counts once, in the month of its start. Converted: within 30 days of the end the plan or an add-on gave the feature. Used: checked by name between start and end."
        >
          {total.granted === 0 ? (
            <EmptyState icon={ChartNoAxesColumn} title="No trial started in these months" className="py-6">
              Choose other months, or grant a trial on the page of a tenant.
            </EmptyState>
          ) : (
            <>
              <TrialFunnel total={total} range={range} />
              <p className="mt-4 text-ink-muted text-sm">
                {days === null
                  ? "None of them was used."
                  : `Median time to the first use: ${days === 0 ? "less than a day" : days === 1 ? "1 day" : `${days} days`}.`}
              </p>
            </>
          )}
          <ComputedNotice computedAt={computedAt} isOld={isOld} now={now} />
        </Section>
        {total.granted > 0 && (
          <>
            <TrialReportTable group="feature" {...groups.feature} range={range} />
            <TrialReportTable group="person" {...groups.person} range={range} />
            <TrialReportTable group="month" {...groups.month} range={range} />
          </>
        )}
      </div>
    </>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
