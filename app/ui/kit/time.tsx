import type { Instant } from "~/core/model";
import { isoTime } from "~/core/time";
import { zonedDate, zonedDateTime } from "~/core/zoned-time";
import { cx } from "./cx";
import { exactTime, relativeTime } from "./time-words";
import { useTimeZone } from "./time-zone";

type TimeProps = {
  at: Instant;
  /** The loader's clock, so that server and browser render the same text. */
  now: Instant;
  /**
   * `relative` "in 3 days" (default), `date` "4 Dec 2026", `exact` "4 Dec, 18:12 CET", `both` "4 Dec, 18:12 CET, in 3
   * days". The instant in the reader's zone and in UTC is on hover.
   */
  show?: "relative" | "date" | "exact" | "both";
  className?: string;
};

export function Time({ at, now, show = "relative", className }: TimeProps) {
  const { name: zone } = useTimeZone();
  const relative = relativeTime(at, now);
  const exact = zonedDateTime(at, zone, now);
  const text = { relative, date: zonedDate(at, zone), exact, both: `${exact}, ${relative}` }[show];
  const utc = exactTime(at);
  return (
    // The names of zones may differ between server and browser.
    <time
      dateTime={isoTime(at)}
      title={zone === "UTC" ? utc : `${exact}\n${utc}`}
      suppressHydrationWarning
      className={cx(show !== "both" && "whitespace-nowrap", className)}
    >
      {text}
    </time>
  );
}
