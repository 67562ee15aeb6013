import { ScrollText, SearchX } from "lucide-react";
import type { Instant } from "~/core/model";
import { paths } from "~/paths";
import { LinkButton } from "~/ui/kit/button";
import { EmptyState } from "~/ui/kit/empty-state";
import { Time } from "~/ui/kit/time";

type Props = {
  isFiltered: boolean;
  /** Set if older entries were not looked at. */
  searchedBackTo: Instant | null;
  now: Instant;
};

export function NoActivity({ isFiltered, searchedBackTo, now }: Props) {
  if (searchedBackTo !== null) {
    return (
      <EmptyState icon={SearchX} title="No entry matches so far">
        The log was searched back to <Time at={searchedBackTo} now={now} show="exact" />. Search older entries below, or choose a range of
        dates.
      </EmptyState>
    );
  }
  if (isFiltered) {
    return (
      <EmptyState icon={SearchX} title="No entry matches" action={<LinkButton to={paths.audit()}>Show the whole log</LinkButton>}>
        Try another person, action or range of dates.
      </EmptyState>
    );
  }
  return (
    <EmptyState icon={ScrollText} title="Nothing has been changed yet">
      Changes by people and programs will appear here.
    </EmptyState>
  );
}

type EndProps = { query: Record<string, string>; older: number | null; searchedBackTo: Instant | null; now: Instant };

/** Links to the other pages of the log, and how far a search went. */
export function ActivityEnd({ query, older, searchedBackTo, now }: EndProps) {
  return (
    <>
      {searchedBackTo !== null && (
        <p className="mt-2 px-1 text-ink-muted text-xs">
          Searched back to <Time at={searchedBackTo} now={now} show="exact" />.
        </p>
      )}
      <nav aria-label="Pages" className="mt-3 flex justify-between gap-2 empty:hidden">
        {query.before !== undefined ? <LinkButton to={paths.audit({ ...query, before: null })}>Newest</LinkButton> : <span />}
        {older !== null && (
          <LinkButton to={paths.audit({ ...query, before: older })}>
            {searchedBackTo === null ? "Older" : "Search older entries"}
          </LinkButton>
        )}
      </nav>
    </>
  );
}
