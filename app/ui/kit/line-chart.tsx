import type { LineDrawing } from "~/core/charts/drawings";
import { utcDate } from "~/core/time";
import { ChartTable } from "./chart-table";
import { count } from "./pagination";

/** Lines differ in colour and in their dashes, so that they are distinguished without colours. */
const lines = [
  { stroke: "stroke-accent", dashes: undefined },
  { stroke: "stroke-warn-bold", dashes: "7 4" },
  { stroke: "stroke-trial", dashes: "2 3" },
  { stroke: "stroke-ink-muted", dashes: "10 3 2 3" },
];

type Props = {
  drawing: LineDrawing;
  days: readonly string[];
  series: readonly { name: string; values: readonly number[] }[];
  caption: string;
};

/** Counts per day of up to four series on one scale, with a table of the same numbers. */
export function LineChart({ drawing, days, series, caption }: Props) {
  return (
    <figure className="min-w-0">
      <figcaption className="mb-3 flex flex-wrap items-center justify-between gap-x-4 gap-y-1 text-ink-muted text-xs">
        <span>{caption}</span>
        <span className="flex min-w-0 flex-wrap items-center gap-x-4 gap-y-1">
          {series.map(({ name }, i) => (
            <span key={name} className="flex min-w-0 items-center gap-1.5">
              <svg width="28" height="6" className="shrink-0" aria-hidden="true">
                <path d="M0 3H28" fill="none" strokeWidth="2" className={lines[i]?.stroke} strokeDasharray={lines[i]?.dashes} />
              </svg>
              <span title={name} className="max-w-40 truncate">
                {name}
              </span>
            </span>
          ))}
        </span>
      </figcaption>
      <div className="grid grid-cols-[auto_1fr] gap-x-2" aria-hidden="true">
        <svg
          className="h-40 overflow-visible fill-ink-faint text-[0.6875rem]"
          width={`${drawing.ticks.at(-1)?.label.length ?? 1}ch`}
          aria-hidden="true"
        >
          {drawing.ticks.map(({ y, label }) => (
            <text key={label} x="100%" y={`${y}%`} textAnchor="end" dominantBaseline="middle">
              {label}
            </text>
          ))}
        </svg>
        <svg viewBox="0 0 1000 1000" preserveAspectRatio="none" className="h-40 w-full overflow-visible" aria-hidden="true">
          {drawing.ticks.map(({ y, label }) => (
            <line key={label} x1="0" x2="1000" y1={10 * y} y2={10 * y} vectorEffect="non-scaling-stroke" className="stroke-line" />
          ))}
          {drawing.paths.map((path, i) => (
            <path
              key={series[i]?.name}
              d={path}
              fill="none"
              strokeWidth="2"
              strokeLinejoin="round"
              vectorEffect="non-scaling-stroke"
              strokeDasharray={lines[i]?.dashes}
              className={lines[i]?.stroke}
            />
          ))}
        </svg>
        <span />
        <div className="relative mt-1.5 h-4 text-[0.6875rem] text-ink-faint">
          {drawing.days.map(({ x, label }) => (
            <span key={label} className="absolute -translate-x-1/2 whitespace-nowrap first:translate-x-0" style={{ left: `${x}%` }}>
              {label}
            </span>
          ))}
        </div>
      </div>
      <ChartTable caption={caption} heads={["Day", ...series.map(({ name }) => name)]}>
        {days.map((day, at) => (
          <tr key={day}>
            <th scope="row" className="py-1 font-normal">
              {utcDate(day)}
            </th>
            {series.map(({ name, values }) => (
              <td key={name} className="py-1 text-right">
                {count(values[at] ?? 0)}
              </td>
            ))}
          </tr>
        ))}
      </ChartTable>
    </figure>
  );
}
