import { Link } from "@remix-run/react";
import type { ReactNode } from "react";
import type { ReportGroup, ReportRange } from "~/forms/trials/trial-report-query";
import { paths } from "~/paths";
import { TextLink } from "~/ui/kit/button";
import { Section } from "~/ui/kit/card";
import { type Column, DataTable } from "~/ui/kit/data-table";
import { count } from "~/ui/kit/pagination";
import { FileLinks } from "~/ui/lists/file-links";

type Row = {
  key: string;
  name: string;
  granted: number;
  used: number;
  converted: number;
  extended: number;
  lapsed: number;
  open: number;
  running: number;
  medianDaysToUse: number | null;
};

const share = (part: number, of: number) => (of === 0 ? "0 %" : `${Math.round((part / of) * 100)} %`);

/** The list behind a number of chains with this outcome. */
const listOf = (outcome: "converted" | "lapsed" | "open", range: ReportRange, more: { feature?: string; by?: string } = {}) =>
  paths.trials({ tab: "ended", outcome, ...range, ...more });

function NumberCell({ value, to, label }: { value: number; to?: string; label: string }) {
  if (value === 0) return <span className="text-ink-faint">0</span>;
  if (!to) return <>{count(value)}</>;
  return (
    <TextLink to={to} aria-label={`${count(value)} ${label}`}>
      {count(value)}
    </TextLink>
  );
}

type Step = { label: string; value: number; hint: ReactNode; to?: string };

/** Numbers of the whole range as bars, widest for all that were granted. */
export function TrialFunnel({ total, range }: { total: Row; range: ReportRange }) {
  const { granted, used, converted, extended, lapsed, open, running } = total;
  const of = (part: number) => `${share(part, granted)} of granted`;
  const steps: Step[] = [
    { label: "Granted", value: granted, hint: "trials that started" },
    { label: "Used", value: used, hint: of(used) },
    { label: "Converted", value: converted, hint: of(converted), to: listOf("converted", range) },
    { label: "Extended", value: extended, hint: of(extended) },
    { label: "Lapsed", value: lapsed, hint: of(lapsed), to: listOf("lapsed", range) },
    { label: "Open", value: open, hint: "ended, 30 days not over", to: listOf("open", range) },
    { label: "Running", value: running, hint: "not ended yet" },
  ];
  return (
    <dl className="grid gap-2.5">
      {steps.map(({ label, value, hint, to }) => (
        <div key={label} className="grid items-center gap-x-4 gap-y-1 sm:grid-cols-[6rem_minmax(0,1fr)_15rem]">
          <dt className="text-ink-muted text-sm">{label}</dt>
          <dd className="text-sm sm:col-start-3 sm:row-start-1">
            <span className="font-semibold text-ink">
              <NumberCell value={value} to={to} label={label.toLowerCase()} />
            </span>{" "}
            <span className="text-ink-muted text-xs">{hint}</span>
          </dd>
          <dd className="min-w-0">
            <svg
              viewBox="0 0 100 1"
              preserveAspectRatio="none"
              aria-hidden="true"
              className="block h-3 w-full overflow-hidden rounded-full bg-sunken"
            >
              <rect width={granted === 0 ? 0 : (value / granted) * 100} height="1" className="fill-accent" />
            </svg>
          </dd>
        </div>
      ))}
    </dl>
  );
}

const titles: Record<ReportGroup, string> = { feature: "By feature", person: "By person", month: "By month" };

type TableProps = { group: ReportGroup; rows: readonly Row[]; isCut: boolean; range: ReportRange };

export function TrialReportTable({ group, rows, isCut, range }: TableProps) {
  const behind = (outcome: "converted" | "lapsed" | "open", { key }: Row) =>
    group === "month"
      ? listOf(outcome, { from: key, to: key })
      : listOf(outcome, range, group === "feature" ? { feature: key } : { by: key });
  const number = (id: Exclude<keyof Row, "key" | "name" | "medianDaysToUse">, header: string, outcome?: "converted" | "lapsed" | "open") =>
    ({
      id,
      header,
      align: "right",
      cell: (row) => <NumberCell value={row[id]} to={outcome && behind(outcome, row)} label={`${header.toLowerCase()}, ${row.name}`} />,
    }) satisfies Column<Row>;
  const columns: Column<Row>[] = [
    {
      id: "name",
      header: group === "feature" ? "Feature" : group === "person" ? "Given by" : "Month of start",
      primary: true,
      cell: (row) => <GroupName group={group} row={row} />,
    },
    number("granted", "Granted"),
    number("used", "Used"),
    number("converted", "Converted", "converted"),
    number("extended", "Extended"),
    number("lapsed", "Lapsed", "lapsed"),
    number("open", "Open", "open"),
    number("running", "Running"),
    {
      id: "days",
      header: "Median days to use",
      align: "right",
      cell: ({ medianDaysToUse }) =>
        medianDaysToUse === null ? <span className="text-ink-faint">None used</span> : String(medianDaysToUse),
    },
  ];
  return (
    <Section
      title={titles[group]}
      flush
      description={isCut ? "The 20 with the most trials are shown. The files have all." : undefined}
      actions={
        <FileLinks
          to={(format) => paths.trialReportFile(format, { by: group, ...range })}
          about={titles[group].toLowerCase()}
          look={{ size: "sm" }}
        />
      }
    >
      <DataTable
        rows={rows}
        columns={columns}
        rowKey={(row) => row.key}
        caption={titles[group]}
        empty={<p className="px-4 py-6 text-center text-ink-muted text-sm">No trial started in these months.</p>}
      />
    </Section>
  );
}

function GroupName({ group, row }: { group: ReportGroup; row: Row }) {
  if (group !== "feature")
    return (
      <span title={row.name} className="block truncate font-medium text-ink">
        {row.name}
      </span>
    );
  return (
    <Link
      to={paths.feature(row.key)}
      title={row.key}
      className="block truncate rounded-sm font-medium text-ink hover:text-accent hover:underline"
    >
      {row.name}
    </Link>
  );
}
