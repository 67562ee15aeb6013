import { cx } from "./cx";

/** A share as a thin bar: used of a limit. The text beside it says the same. `className` sets the width. */
export function Meter({ value, of, label, className = "w-full" }: { value: number; of: number; label: string; className?: string }) {
  const share = of > 0 ? Math.min(1, value / of) : 1;
  return (
    <svg
      viewBox="0 0 100 4"
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
      className={cx("h-1.5 overflow-hidden rounded-full", className)}
    >
      <rect width="100" height="4" className="fill-line" />
      <rect width={share * 100} height="4" className={share >= 1 ? "fill-no-bold" : share >= 0.8 ? "fill-warn-bold" : "fill-accent"} />
    </svg>
  );
}
