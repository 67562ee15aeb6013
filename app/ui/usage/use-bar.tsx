import { fullLimit, nearLimit } from "~/core/usage/limit-fill";

/** `bar` and `mark`: places of what is used and of the limit, in per cent of a scale that several bars share. */
export type SharedUse = {
  used: string | null;
  /** Null: not included. */
  limit: string | null;
  percent: string | null;
  fill: number;
  bar: number;
  mark: number | null;
};

export function UseBar({ use: { used, limit, percent, fill, bar, mark } }: { use: SharedUse }) {
  const look = fill >= fullLimit ? "fill-no-bold" : fill >= nearLimit ? "fill-warn-bold" : "fill-accent";
  const words = fill >= fullLimit ? "font-semibold text-no" : fill >= nearLimit ? "font-medium text-warn" : "text-ink-muted";
  return (
    <span className="block min-w-0">
      <svg viewBox="0 0 100 10" preserveAspectRatio="none" className="h-2.5 w-full overflow-visible" aria-hidden="true">
        <rect y="2" width="100" height="6" className="fill-line" />
        <rect y="2" width={bar} height="6" className={look} />
        {mark !== null && (
          <line x1={mark} x2={mark} y1="0" y2="10" strokeWidth="2" vectorEffect="non-scaling-stroke" className="stroke-ink" />
        )}
      </svg>
      <span className="mt-0.5 flex flex-wrap gap-x-2 text-xs">
        <span>{used ?? "not known"}</span>
        <span className="text-ink-muted">{limit === null ? "not included" : `of ${limit}`}</span>
        {percent !== null && <span className={words}>{percent}</span>}
      </span>
    </span>
  );
}
