import type { BarDrawing } from "~/core/charts/drawings";
import { utcDate } from "~/core/time";
import { ChartTable } from "./chart-table";
import { cx } from "./cx";
import { count } from "./pagination";

/** `label`: a day of UTC, "2026-12-13". */
export type Bar = { label: string; allowed: number; refused: number };
type Series<Row> = { key: keyof Row & string; label: string; look: "main" | "second" };

/** User units of the drawing, which is stretched to its place. */
const [width, height] = [1_000, 100];

const outcomes: Series<Bar>[] = [
  { key: "allowed", label: "Allowed", look: "main" },
  { key: "refused", label: "Refused", look: "second" },
];

/** Colours that differ in hue and lightness for every kind of colour vision. */
const looks = { main: { fill: "fill-accent", box: "bg-accent" }, second: { fill: "fill-warn-bold", box: "bg-warn-bold" } };

/** Allowed and denied checks per day, stacked. SVG rendered on the server; a table below has the same numbers. */
export function BarChart(props: { bars: readonly Bar[]; drawing: BarDrawing; caption: string; unit?: string; className?: string }) {
  return <StackedBars {...props} series={outcomes} />;
}

type StackedBarsProps<Row> = {
  bars: readonly Row[];
  /** The parts of each bar in the order of `series`. */
  drawing: BarDrawing;
  series: readonly Series<Row>[];
  caption: string;
  unit?: string;
  className?: string;
};

/** Bars per day with a shared scale. One series has no legend, because the caption names it. */
export function StackedBars<Row extends { label: string }>({ bars, drawing, series, caption, unit, className }: StackedBarsProps<Row>) {
  const value = (row: Row, key: string) => Math.max(0, Number(row[key as keyof Row]));
  const { ticks } = drawing;
  return (
    <figure className={cx("min-w-0", className)}>
      <figcaption className="mb-3 flex flex-wrap items-center justify-between gap-x-4 gap-y-1 text-ink-muted text-xs">
        <span>{caption}</span>
        {series.length > 1 && (
          <span className="flex items-center gap-3">
            {series.map(({ key, label, look }) => (
              <Legend key={key} className={looks[look].box} label={label} />
            ))}
          </span>
        )}
      </figcaption>
      <div className="grid grid-cols-[auto_1fr] gap-x-2" aria-hidden="true">
        <svg
          className="h-36 overflow-visible fill-ink-faint text-[0.6875rem]"
          width={`${ticks.at(-1)?.label.length ?? 1}ch`}
          aria-hidden="true"
        >
          {ticks.map(({ y, label }) => (
            <text key={label} x="100%" y={`${y}%`} textAnchor="end" dominantBaseline="middle">
              {label}
            </text>
          ))}
        </svg>
        <svg viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" className="h-36 w-full overflow-visible" aria-hidden="true">
          {ticks.map(({ y, label }) => (
            <line key={label} x1="0" x2={width} y1={y} y2={y} vectorEffect="non-scaling-stroke" className="stroke-line" />
          ))}
          {bars.map((bar, i) => (
            <g key={bar.label} className="group">
              <title>{`${utcDate(bar.label)}: ${series.map(({ key, label }) => `${count(value(bar, key))} ${label.toLowerCase()}`).join(", ")}`}</title>
              <rect x={drawing.bars[i]?.x} width={drawing.step} height={height} className="fill-transparent group-hover:fill-sunken" />
              {drawing.bars[i]?.parts.map(([y, tall], of) => (
                <rect
                  key={series[of]?.key}
                  x={drawing.bars[i]?.x}
                  width={drawing.width}
                  y={y}
                  height={tall}
                  className={looks[series[of]?.look ?? "main"].fill}
                />
              ))}
            </g>
          ))}
        </svg>
        <span />
        <div className="mt-1.5 flex justify-between text-[0.6875rem] text-ink-faint">
          <span>{bars[0] && utcDate(bars[0].label)}</span>
          <span>{bars.length > 1 && utcDate((bars.at(-1) as Row).label)}</span>
        </div>
      </div>
      <ChartTable caption={unit ? `${caption}, ${unit}` : caption} heads={["Day", ...series.map(({ label }) => label)]}>
        {bars.map((bar) => (
          <tr key={bar.label}>
            <th scope="row" className="py-1 font-normal">
              {utcDate(bar.label)}
            </th>
            {series.map(({ key }) => (
              <td key={key} className="py-1 text-right">
                {count(Number(bar[key]))}
              </td>
            ))}
          </tr>
        ))}
      </ChartTable>
    </figure>
  );
}

function Legend({ className, label }: { className: string; label: string }) {
  return (
    <span className="flex items-center gap-1.5">
      <span className={cx("size-2 rounded-[2px]", className)} aria-hidden="true" />
      {label}
    </span>
  );
}
