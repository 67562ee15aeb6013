import type { ReactNode } from "react";
import type { JobKind, JobState } from "~/core/jobs/job";
import type { Instant } from "~/core/model";
import { paths } from "~/paths";
import { Badge, type Tone } from "~/ui/kit/badge";
import { type Column, DataTable, NameCell } from "~/ui/kit/data-table";
import { count } from "~/ui/kit/pagination";
import { Time } from "~/ui/kit/time";
import { wordsOfResults } from "./job-words";

export type ListedJob = {
  id: string;
  kind: JobKind;
  summary: string;
  by: string;
  state: JobState;
  cancelRequested: boolean;
  processed: number;
  total: number | null;
  skipped: number;
  failed: number;
  createdAt: Instant;
};
type Row = ListedJob & { now: Instant };

const looks: Record<JobState, { tone: Tone; label: string }> = {
  queued: { tone: "neutral", label: "Waits" },
  running: { tone: "accent", label: "Runs" },
  done: { tone: "yes", label: "Done" },
  failed: { tone: "no", label: "Failed" },
  cancelled: { tone: "warn", label: "Cancelled" },
};

export function JobStateBadge({ state, cancelRequested }: { state: JobState; cancelRequested?: boolean }) {
  const { tone, label } = looks[state];
  return (
    <Badge tone={tone} dot>
      {state === "running" && cancelRequested ? "Is being cancelled" : label}
    </Badge>
  );
}

const columns: Column<Row>[] = [
  {
    id: "what",
    header: "What",
    primary: true,
    cell: ({ id, summary, by }) => <NameCell to={paths.job(id)} name={summary} detail={by} />,
    className: "md:w-[45%] md:max-w-0",
  },
  {
    id: "tenants",
    header: "Tenants",
    cell: ({ processed, total, state }) => (
      <span className="whitespace-nowrap tabular-nums">
        {state === "done" || total === null ? count(processed) : `${count(processed)} of ${count(total)}`}
      </span>
    ),
  },
  {
    id: "left",
    header: "Not changed",
    cell: ({ kind, skipped, failed }) => {
      const words = wordsOfResults(kind);
      const parts = (["skipped", "failed"] as const).flatMap((state) => {
        const n = state === "skipped" ? skipped : failed;
        return n > 0 ? [`${count(n)} ${words[state].toLowerCase()}`] : [];
      });
      return parts.length > 0 && <span className="whitespace-nowrap text-ink-muted">{parts.join(", ")}</span>;
    },
  },
  { id: "state", header: "State", card: "corner", cell: (row) => <JobStateBadge {...row} /> },
  { id: "created", header: "Created", cell: ({ createdAt, now }) => <Time at={createdAt} now={now} className="text-ink-muted" /> },
];

export function JobTable({ jobs, now, empty }: { jobs: ListedJob[]; now: Instant; empty: ReactNode }) {
  return <DataTable rows={jobs.map((job) => ({ ...job, now }))} columns={columns} rowKey={({ id }) => id} caption="Jobs" empty={empty} />;
}
