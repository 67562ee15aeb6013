import type { ColumnDrawing } from "~/core/charts/drawings";
import { limitWords } from "~/core/decision/reason-message";
import type { Instant } from "~/core/model";
import { shortDate } from "~/core/time";
import { zonedDateTime } from "~/core/zoned-time";
import { paths } from "~/paths";
import { Section } from "~/ui/kit/card";
import { type Column, DataTable, NameCell } from "~/ui/kit/data-table";
import { count } from "~/ui/kit/pagination";
import { Time } from "~/ui/kit/time";
import { LimitBar, Projection } from "~/ui/usage/usage-table";
import type { ConsumedFeatureRow } from "./consumption";

type Period = { start: Instant | null; used: number };
export type LimitListRow = ConsumedFeatureRow & {
  fill: number;
  projected: number | null;
  previous: number | null;
  history: Period[];
  /** Of the history. */
  drawing: ColumnDrawing;
  resetsAt?: string | null;
  resetPeriod?: string;
};

/** Use of each limit in the current period, with the 12 last periods. */
export function LimitList({ rows, now }: { rows: readonly LimitListRow[]; now: Instant }) {
  if (rows.length === 0) return null;
  return (
    <Section title="Limits" flush description="Metered features used in their current period, the fullest first.">
      <DataTable
        rows={rows.map((row) => ({ ...row, now }))}
        columns={columns}
        rowKey={(row) => row.feature}
        caption="Limits"
        empty={null}
      />
    </Section>
  );
}

type Row = LimitListRow & { now: Instant };

const columns: Column<Row>[] = [
  {
    id: "feature",
    header: "Feature",
    primary: true,
    cell: (row) => <NameCell to={paths.feature(row.feature)} name={row.name} detail={row.unit ?? undefined} />,
    className: "sm:w-1/5",
  },
  {
    id: "fill",
    header: "Of limit",
    card: "line",
    cell: (row) => <LimitBar used={row.used} limit={row.limit} fill={row.fill} feature={row} />,
    className: "md:min-w-40",
  },
  { id: "used", header: "Used", align: "right", cell: (row) => count(row.used) },
  { id: "limit", header: "Limit", align: "right", cell: (row) => limitWords(row.limit) },
  { id: "projected", header: "Projected", align: "right", cell: (row) => <Projection projected={row.projected} limit={row.limit} /> },
  { id: "history", header: "Last periods", card: "line", cell: (row) => <History {...row} /> },
  {
    id: "resets",
    header: "Resets",
    cell: (row) => (row.resetsAt ? <Time at={Date.parse(row.resetsAt)} now={row.now} className="text-ink-muted" /> : null),
  },
];

function labelOf({ start }: Period, resetPeriod: string | undefined): string {
  if (start === null) return "since the start";
  return resetPeriod === "hour" ? zonedDateTime(start, "UTC") : shortDate(start);
}

/** A bar per period, and a table behind it. */
function History({ history, drawing, name, resetPeriod }: Row) {
  if (history.length < 2) return <span className="text-ink-faint">no reset</span>;
  const [width, height] = drawing.size;
  return (
    <details className="min-w-0">
      <summary className="w-fit rounded-sm" aria-label={`Last ${history.length} periods of ${name}, as a table`}>
        <svg viewBox={`0 0 ${width} ${height}`} className="h-7 w-[7.5rem]" aria-hidden="true">
          <line x1="0" x2={width} y1={height - 0.5} y2={height - 0.5} className="stroke-line-strong" />
          {history.map((period, i) => (
            <rect
              key={period.start}
              x={drawing.columns[i]?.[0]}
              width={drawing.width}
              y={drawing.columns[i]?.[1]}
              height={drawing.columns[i]?.[2]}
              className={i === history.length - 1 ? "fill-warn-bold" : "fill-accent"}
            >
              <title>{`${labelOf(period, resetPeriod)}: ${count(period.used)}`}</title>
            </rect>
          ))}
        </svg>
      </summary>
      <table className="mt-1 text-xs">
        <caption className="sr-only">{`Use of ${name} by period, in UTC`}</caption>
        <thead className="sr-only">
          <tr>
            <th scope="col">Period from</th>
            <th scope="col">Used</th>
          </tr>
        </thead>
        <tbody>
          {[...history].reverse().map((period) => (
            <tr key={period.start}>
              <th scope="row" className="pr-3 text-left font-normal text-ink-muted">
                {labelOf(period, resetPeriod)}
              </th>
              <td className="text-right">{count(period.used)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}
