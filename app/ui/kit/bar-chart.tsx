import { cx } from "./cx";
import { count } from "./pagination";

export type Bar = { label: string; allowed: number; refused: number };

const slot = 10;
const height = 100;

/** Allowed and denied checks per day, stacked. SVG rendered on the server; a table below has the same numbers. */
export function BarChart({
  bars,
  caption,
  unit = "checks",
  className,
}: {
  bars: Bar[];
  caption: string;
  unit?: string;
  className?: string;
}) {
  const top = niceTop(Math.max(...bars.map((bar) => bar.allowed + bar.refused), 1));
  const first = bars[0];
  const last = bars.at(-1);
  return (
    <figure className={cx("min-w-0", className)}>
      <figcaption className="mb-3 flex flex-wrap items-center justify-between gap-x-4 gap-y-1 text-ink-muted text-xs">
        <span>{caption}</span>
        <span className="flex items-center gap-3">
          <Legend className="bg-yes-bold" label="Allowed" />
          <Legend className="bg-no-bold" label="Refused" />
        </span>
      </figcaption>
      <div className="grid grid-cols-[auto_1fr] gap-x-2" aria-hidden="true">
        <div className="flex h-36 flex-col justify-between text-right text-[0.6875rem] text-ink-faint leading-none">
          <span>{count(top)}</span>
          <span>{count(top / 2)}</span>
          <span>0</span>
        </div>
        <svg
          viewBox={`0 0 ${bars.length * slot} ${height}`}
          preserveAspectRatio="none"
          className="h-36 w-full overflow-visible"
          aria-hidden="true"
        >
          {[0, 0.5, 1].map((share) => (
            <line
              key={share}
              x1="0"
              x2={bars.length * slot}
              y1={height * share}
              y2={height * share}
              vectorEffect="non-scaling-stroke"
              className="stroke-line"
            />
          ))}
          {bars.map((bar, i) => {
            const yes = (bar.allowed / top) * height;
            const no = (bar.refused / top) * height;
            return (
              <g key={bar.label} className="group">
                <title>{`${bar.label}: ${count(bar.allowed)} allowed, ${count(bar.refused)} refused`}</title>
                <rect x={i * slot} width={slot} height={height} className="fill-transparent group-hover:fill-sunken" />
                <rect x={i * slot + 1.5} y={height - yes} width={slot - 3} height={yes} className="fill-yes-bold" />
                <rect x={i * slot + 1.5} y={height - yes - no} width={slot - 3} height={no} className="fill-no-bold" />
              </g>
            );
          })}
        </svg>
        <span />
        <div className="mt-1.5 flex justify-between text-[0.6875rem] text-ink-faint">
          <span>{first?.label}</span>
          <span>{last !== first && last?.label}</span>
        </div>
      </div>
      <details className="mt-3 text-xs">
        <summary className="w-fit rounded-sm text-ink-muted underline decoration-line-strong underline-offset-4 hover:text-ink">
          Show as a table
        </summary>
        <div className="mt-2 max-h-72 overflow-y-auto">
          <table className="w-full max-w-md text-left">
            <caption className="sr-only">
              {caption}, {unit}
            </caption>
            <thead className="text-ink-muted">
              <tr>
                <th scope="col" className="py-1 font-medium">
                  Day
                </th>
                <th scope="col" className="py-1 text-right font-medium">
                  Allowed
                </th>
                <th scope="col" className="py-1 text-right font-medium">
                  Refused
                </th>
              </tr>
            </thead>
            <tbody className="divide-y divide-line">
              {bars.map((bar) => (
                <tr key={bar.label}>
                  <th scope="row" className="py-1 font-normal">
                    {bar.label}
                  </th>
                  <td className="py-1 text-right">{count(bar.allowed)}</td>
                  <td className="py-1 text-right">{count(bar.refused)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </figure>
  );
}

/** A share as a thin bar: used of a limit. */
export function Meter({ value, of, label, className }: { value: number; of: number; label: string; className?: string }) {
  const share = of > 0 ? Math.min(1, value / of) : 1;
  return (
    <svg
      viewBox="0 0 100 4"
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
      className={cx("h-1 w-full overflow-hidden rounded-full", className)}
    >
      <rect width="100" height="4" className="fill-sunken" />
      <rect width={share * 100} height="4" className={share >= 1 ? "fill-no-bold" : share >= 0.8 ? "fill-warn-bold" : "fill-accent"} />
    </svg>
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

/** The next even number of the form 2, 4, 6 or 10 times a power of ten, so that its half is whole. */
function niceTop(max: number): number {
  const power = 10 ** Math.floor(Math.log10(max));
  const step = [1, 2, 4, 6, 8, 10].find((n) => n * power >= max) ?? 10;
  return Math.max(2, step * power);
}
