import { cx } from "./cx";

const slot = 4;
const height = 20;

/** Counts per day as thin bars, oldest first. `label` says in words what it shows. */
export function Sparkline({ values, label, className }: { values: readonly number[]; label: string; className?: string }) {
  const max = Math.max(1, ...values);
  return (
    <svg
      viewBox={`0 0 ${values.length * slot} ${height}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
      className={cx("h-5 w-28 shrink-0", className)}
    >
      <title>{label}</title>
      <line x1="0" x2={values.length * slot} y1={height} y2={height} vectorEffect="non-scaling-stroke" className="stroke-line-strong" />
      {values.map((value, index) => {
        const tall = value === 0 ? 0 : Math.max(2, (value / max) * height);
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: a day has no other name here.
          <rect key={index} x={index * slot} width={slot - 1} y={height - tall} height={tall} className="fill-ink-faint" />
        );
      })}
    </svg>
  );
}
