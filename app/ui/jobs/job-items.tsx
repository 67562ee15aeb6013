import type { JobItemState, JobKind } from "~/core/jobs/job";
import { paths } from "~/paths";
import { Badge, type Tone } from "~/ui/kit/badge";
import { LinkButton } from "~/ui/kit/button";
import { Card } from "~/ui/kit/card";
import { type Column, DataTable, NameCell } from "~/ui/kit/data-table";
import { Tabs } from "~/ui/kit/tabs";
import type { ShownJob } from "./job-progress";
import { wordsOfResults } from "./job-words";

/** `name`: null for a tenant that does not exist. `subject` is empty for the catalogue. */
type Row = { seq: number; subject: string; name: string | null; state: JobItemState; message: string };

const tones: Record<JobItemState, Tone> = { done: "yes", skipped: "neutral", failed: "no" };

const wordOf = (kind: JobKind, state: JobItemState, isPreview: boolean) =>
  isPreview && state === "done" ? "Will change" : wordsOfResults(kind)[state];

const messageHeader = (kind: JobKind, isPreview: boolean) =>
  kind === "drift" ? "What PostHog has" : isPreview ? "What changes, or why not" : "What changed, or why not";

const columnsFor = (kind: JobKind, isPreview: boolean): Column<Row>[] => [
  {
    id: "tenant",
    header: "Tenant",
    primary: true,
    cell: ({ subject, name }) => (
      <NameCell
        to={name === null ? undefined : paths.tenant(subject)}
        name={name ?? (subject || (kind === "undo" || kind === "catalogue_import" ? "Catalogue" : "No key"))}
        detail={name === null ? undefined : subject}
      />
    ),
    className: "md:w-[30%] md:max-w-0",
  },
  {
    id: "message",
    header: messageHeader(kind, isPreview),
    card: "line",
    cell: ({ message }) => <span className="text-ink-muted wrap-anywhere">{message}</span>,
  },
  {
    id: "state",
    header: "Result",
    card: "corner",
    cell: ({ state }) => <Badge tone={tones[state]}>{wordOf(kind, state, isPreview)}</Badge>,
  },
];

type Props = { job: ShownJob; rows: Row[]; next: number | null; state: JobItemState | null; isFirst: boolean };

/** The results of a job by name, one page at a time. */
export function JobItems({ job, rows, next, state, isFirst }: Props) {
  const { id, kind, isPreview, done, skipped, failed, processed } = job;
  const tab = (label: string, count: number, of?: JobItemState) => ({
    label,
    count,
    to: paths.job(id, { state: of }),
    isCurrent: (of ?? null) === state,
  });
  const tabs = [
    tab("All", processed),
    tab(wordOf(kind, "done", isPreview), done, "done"),
    tab(wordOf(kind, "skipped", isPreview), skipped, "skipped"),
    ...(failed > 0 || state === "failed" ? [tab(wordOf(kind, "failed", isPreview), failed, "failed")] : []),
  ];
  return (
    <section aria-label="Results">
      <Tabs label="Results" tabs={tabs} />
      <Card flush>
        <DataTable
          rows={rows}
          columns={columnsFor(kind, isPreview)}
          rowKey={({ seq }) => String(seq)}
          caption="Results"
          empty={<p className="px-4 py-8 text-center text-ink-muted text-sm">{processed === 0 ? "No tenant yet." : "No tenant here."}</p>}
        />
      </Card>
      {(next !== null || !isFirst) && (
        <nav aria-label="Pages" className="mt-3 flex justify-between gap-2">
          {isFirst ? <span /> : <LinkButton to={paths.job(id, { state })}>First page</LinkButton>}
          {next !== null && <LinkButton to={paths.job(id, { state, after: next })}>Next page</LinkButton>}
        </nav>
      )}
    </section>
  );
}
