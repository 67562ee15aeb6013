import { Link } from "@remix-run/react";
import { cx } from "~/ui/kit/cx";

/** Links to the same page over other ranges. */
export function RangePicker({ days, choices, to }: { days: number; choices: readonly number[]; to: (days: number) => string }) {
  return (
    <nav aria-label="Range" className="print:hidden">
      <ul className="inline-flex rounded-control border border-line-strong bg-surface p-0.5 shadow-card">
        {choices.map((choice) => (
          <li key={choice}>
            <Link
              to={to(choice)}
              preventScrollReset
              aria-current={choice === days ? "true" : undefined}
              className={cx(
                "flex h-7 items-center rounded-[5px] px-2.5 font-medium text-xs max-sm:h-9",
                choice === days ? "bg-accent-soft text-accent" : "text-ink-muted hover:text-ink",
              )}
            >
              {`${choice} days`}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
