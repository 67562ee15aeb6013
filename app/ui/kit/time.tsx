import type { Instant } from "~/core/model";
import { isoTime, shortDate } from "~/core/time";
import { cx } from "./cx";
import { exactTime, relativeTime } from "./time-words";

type TimeProps = {
  at: Instant;
  /** The loader's clock, so that server and browser render the same text. */
  now: Instant;
  /**
   * `relative` "in 3 days" (default), `date` "4 Dec 2026", `both` "4 Dec 2026, in 3 days". The exact instant is on
   * hover.
   */
  show?: "relative" | "date" | "both";
  className?: string;
};

export function Time({ at, now, show = "relative", className }: TimeProps) {
  const relative = relativeTime(at, now);
  const date = shortDate(at);
  return (
    <time dateTime={isoTime(at)} title={exactTime(at)} className={cx(show !== "both" && "whitespace-nowrap", className)}>
      {show === "relative" ? relative : show === "date" ? date : `${date}, ${relative}`}
    </time>
  );
}
