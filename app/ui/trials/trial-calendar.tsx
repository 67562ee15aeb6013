import { Link } from "@remix-run/react";
import type { Instant } from "~/core/model";
import { isoDay, longDate } from "~/core/time";
import { paths } from "~/paths";
import { cx } from "~/ui/kit/cx";
import { count } from "~/ui/kit/pagination";

type Day = {
  from: Instant;
  to: Instant;
  count: number;
  isCut: boolean;
  first: { id: string; tenant: { key: string; name: string }; what: string; endsAt: Instant }[];
};
type Props = { days: readonly Day[]; now: Instant };

const weekdays = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
/** Monday is 0. */
const weekdayOf = (at: Instant) => (new Date(at).getUTCDay() + 6) % 7;
/** A month as a grid of weeks; on a phone a list of the days that have ends. */
export function TrialCalendar({ days, now }: Props) {
  const before = weekdays.slice(0, weekdayOf(days[0]?.from ?? now));
  const after = weekdays.slice(weekdayOf(days.at(-1)?.from ?? now) + 1);
  return (
    <div>
      <div className="hidden grid-cols-7 border-line border-b bg-sunken/50 md:grid" aria-hidden="true">
        {weekdays.map((name) => (
          <span key={name} className="px-2.5 py-2 font-medium text-ink-muted text-xs">
            {name.slice(0, 3)}
          </span>
        ))}
      </div>
      <ol className="divide-y divide-line md:grid md:grid-cols-7 md:gap-px md:divide-y-0 md:bg-line">
        {before.map((name) => (
          <li key={`before ${name}`} aria-hidden="true" className="bg-sunken max-md:hidden" />
        ))}
        {days.map((day) => (
          <DayCell key={day.from} day={day} now={now} />
        ))}
        {after.map((name) => (
          <li key={`after ${name}`} aria-hidden="true" className="bg-sunken max-md:hidden" />
        ))}
      </ol>
    </div>
  );
}

function DayCell({ day, now }: { day: Day; now: Instant }) {
  const { from, to, count: ends, isCut, first } = day;
  const isToday = from <= now && now < to;
  const isPast = to <= now;
  const more = ends - first.length;
  const number = new Date(from).getUTCDate();
  const ofAll = `${count(ends)}${isCut ? "+" : ""}`;
  return (
    <li className={cx("min-w-0 bg-surface px-4 py-3 md:min-h-28 md:px-2.5 md:py-2", ends === 0 && "max-md:hidden")}>
      <div className="flex items-baseline justify-between gap-2">
        <time
          dateTime={isoDay(from)}
          aria-current={isToday ? "date" : undefined}
          className={cx(
            "text-sm",
            isToday ? "rounded-full bg-accent px-1.5 font-semibold text-accent-on" : isPast ? "text-ink-faint" : "font-medium text-ink",
          )}
        >
          <span className="md:hidden">{weekdays[weekdayOf(from)]} </span>
          {number}
          <span className="sr-only"> {longDate(from).replace(/^\d+ /, "")}</span>
        </time>
        {ends > 0 && (
          <Link
            to={paths.trials({ ends: isoDay(from) })}
            className="rounded-sm text-accent text-xs underline decoration-accent/35 underline-offset-[3px] hover:decoration-accent"
          >
            {ofAll}{" "}
            <span className="sr-only">
              that {isPast ? "ended" : "end"} on {longDate(from)}
            </span>
            <span aria-hidden="true">{ends === 1 ? "end" : "ends"}</span>
          </Link>
        )}
      </div>
      {first.length > 0 && (
        <ul className="mt-1 grid gap-0.5">
          {first.map(({ id, tenant, what }) => (
            <li key={id} title={`${tenant.name}: ${what}`} className={cx("truncate text-xs", isPast ? "text-ink-muted" : "text-ink")}>
              {tenant.name} <span className="text-ink-muted">{what}</span>
            </li>
          ))}
          {more > 0 && <li className="text-ink-muted text-xs">{`and ${count(more)}${isCut ? "+" : ""} more`}</li>}
        </ul>
      )}
    </li>
  );
}
