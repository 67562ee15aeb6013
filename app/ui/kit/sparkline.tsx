import type { ColumnDrawing } from "~/core/charts/drawings";
import { cx } from "./cx";

/** Counts per day as thin bars, oldest first. `label` says in words what it shows. */
export function Sparkline({ drawing, label, className }: { drawing: ColumnDrawing; label: string; className?: string }) {
  const [width, height] = drawing.size;
  return (
    <svg
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
      className={cx("shrink-0", className ?? "h-5 w-28")}
    >
      <title>{label}</title>
      <line x1="0" x2={width} y1={height} y2={height} vectorEffect="non-scaling-stroke" className="stroke-line-strong" />
      {drawing.columns.map(([x, y, tall]) => (
        <rect key={x} x={x} width={drawing.width} y={y} height={tall} className="fill-ink-faint" />
      ))}
    </svg>
  );
}
