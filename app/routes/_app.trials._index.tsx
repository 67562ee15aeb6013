import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData, useSearchParams } from "@remix-run/react";
import { Hourglass, SearchX } from "lucide-react";
import { mayAct } from "~/core/permissions";
import { isoDay, longDate } from "~/core/time";
import { endedFilters, endingWithin, type TrialTab } from "~/forms/trials/trial-filters";
import { readTrialListQuery } from "~/forms/trials/trial-list-query";
import { paths } from "~/paths";
import { requireAdmin } from "~/server/admins/sessions.server";
import { readTrialList } from "~/server/trials/trial-list.server";
import { PickForm } from "~/ui/bulk/pick";
import { LinkButton, TextLink } from "~/ui/kit/button";
import { Card } from "~/ui/kit/card";
import { EmptyState } from "~/ui/kit/empty-state";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { FilterBar, FilterSelect, SearchBox } from "~/ui/kit/filters";
import { ExportLinks } from "~/ui/lists/export-links";
import { ComputedNotice } from "~/ui/trials/computed-notice";
import { TrialTable } from "~/ui/trials/trial-table";
import { TrialsHeader } from "~/ui/trials/trial-tabs";
import { outcomeLooks, trialTabWords } from "~/ui/trials/trial-words";

export const meta: MetaFunction<typeof loader> = ({ data }) => [
  { title: `${data ? trialTabWords[data.tab] : "Trials"} · Trials · Latchkey` },
];

const filters = ["q", "feature", "by", "outcome"] as const;

export async function loader({ request, context }: LoaderFunctionArgs) {
  const admin = await requireAdmin(request, context, "read");
  const { searchParams } = new URL(request.url);
  const query = readTrialListQuery(searchParams);
  const list = await readTrialList(context, query);
  const { tab, ends = null, within, from = null, to = null } = query;
  const isFiltered = filters.some((name) => searchParams.get(name));
  return {
    ...list,
    tab,
    ends,
    within,
    from,
    to,
    isFiltered,
    canChange: mayAct(admin.role, "trials.extend"),
    canChangePlans: mayAct(admin.role, "tenants.change"),
  };
}

export default function Trials() {
  const {
    rows,
    next,
    sort,
    features,
    people,
    tab,
    ends,
    within,
    from,
    to,
    isFiltered,
    hasAny,
    computedAt,
    isOld,
    now,
    canChange,
    canChangePlans,
  } = useLoaderData<typeof loader>();
  const [params] = useSearchParams();
  const query = Object.fromEntries(params);
  const isDay = ends !== null;
  const isEndedTab = tab === "ended" && !isDay;
  const sortable = isDay ? ["ends"] : isEndedTab ? (query.outcome ? [] : ["ends"]) : ["ends", "starts"];
  return (
    <>
      <TrialsHeader current={isDay ? "calendar" : tab} />
      {isDay && (
        <p className="mb-3 text-sm">
          Trials that end on <strong>{longDate(ends)}</strong> (UTC).{" "}
          <TextLink to={paths.trialCalendar(isoDay(ends).slice(0, 7))}>Back to the calendar</TextLink>
        </p>
      )}
      {(hasAny || isFiltered) && (
        <FilterBar names={isDay || !isEndedTab ? [...filters, ...(tab === "ending" ? ["within"] : [])] : filters} className="mb-3">
          <SearchBox label="Search tenant" className="sm:w-56" />
          <FilterSelect name="feature" label="All features" options={features.map(({ key, name }) => [key, name])} />
          <FilterSelect name="by" label="Given by anyone" options={people.map((name) => [name, name])} />
          {isEndedTab && (
            <FilterSelect
              name="outcome"
              label="All outcomes"
              options={endedFilters.map((key) => [key, key === "early" ? "Ended early" : outcomeLooks[key].label])}
            />
          )}
          {tab === "ending" && !isDay && (
            <FilterSelect
              name="within"
              label="Ends within 7 days"
              options={endingWithin.filter((days) => days !== "7").map((days) => [days, `Ends within ${days} days`])}
            />
          )}
        </FilterBar>
      )}
      {isEndedTab && query.outcome && (from || to) && (
        <p className="mb-3 text-ink-muted text-sm">
          Only trials that started {from === to ? `in ${from}` : [from && `from ${from}`, to && `up to ${to}`].filter(Boolean).join(" ")}.{" "}
          <TextLink to={paths.trials({ ...query, from: null, to: null, page: null })}>Show all</TextLink>
        </p>
      )}
      <Card flush>
        <TrialTable
          rows={rows}
          sort={sort}
          sortable={sortable}
          showOutcome={isEndedTab || isDay}
          canChange={canChange}
          canChangePlans={canChangePlans}
          empty={<Empty tab={tab} within={within} isDay={isDay} isFiltered={isFiltered} hasAny={hasAny} />}
        />
        {canChange && rows.length > 0 && (
          <PickForm act={tab === "ended" && !isDay ? "grant_trial" : "extend_trial"} feature={params.get("feature")}>
            <LinkButton size="sm" variant="ghost" to={paths.bulk({ ...query, sort: null, page: null, all: 1, list: "trials" })}>
              Change all that match
            </LinkButton>
          </PickForm>
        )}
      </Card>
      {rows.length > 0 && (
        <div className="mt-3 flex justify-end">
          <ExportLinks list="trials" query={{ ...query, page: null }} />
        </div>
      )}
      {(isEndedTab || isDay) && <ComputedNotice computedAt={computedAt} isOld={isOld} now={now} />}
      {(next !== null || params.has("page")) && (
        <nav aria-label="Pages" className="mt-3 flex justify-between gap-2">
          {params.has("page") ? <LinkButton to={paths.trials({ ...query, page: null })}>First page</LinkButton> : <span />}
          {next !== null && <LinkButton to={paths.trials({ ...query, page: next })}>Next page</LinkButton>}
        </nav>
      )}
    </>
  );
}

const emptyWords: Record<TrialTab, { title: string; text: string }> = {
  ending: { title: "No trial ends soon", text: "Choose a longer time above, or see all that run." },
  running: { title: "No trial is running", text: "Trials appear here from their start until their end." },
  upcoming: { title: "No trial is upcoming", text: "Trials with a start in the future appear here." },
  ended: { title: "No trial has ended yet", text: "Trials appear here from their end, with what came of them." },
};

type EmptyProps = { tab: TrialTab; within: number; isDay: boolean; isFiltered: boolean; hasAny: boolean };

function Empty({ tab, within, isDay, isFiltered, hasAny }: EmptyProps) {
  if (isFiltered) {
    return (
      <EmptyState icon={SearchX} title="No trial matches">
        Search by part of a tenant's name or key, or clear the filters above.
      </EmptyState>
    );
  }
  if (!hasAny) {
    return (
      <EmptyState icon={Hourglass} title="No trials yet" action={<LinkButton to={paths.tenants()}>Show tenants</LinkButton>}>
        A trial gives a tenant a feature for some days. Grant one on the page of a tenant, or let your app do it through the API.
      </EmptyState>
    );
  }
  if (isDay) {
    return (
      <EmptyState icon={Hourglass} title="No trial ends on this day">
        Choose another day in the calendar.
      </EmptyState>
    );
  }
  const { title, text } = emptyWords[tab];
  return (
    <EmptyState icon={Hourglass} title={tab === "ending" ? `No trial ends within ${within} days` : title}>
      {text}
    </EmptyState>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
