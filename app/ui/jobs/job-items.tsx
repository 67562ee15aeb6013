import type { JobItemState, JobKind } from "~/core/jobs/job";
import { paths } from "~/paths";
import { Badge, type Tone } from "~/ui/kit/badge";
import { LinkButton } from "~/ui/kit/button";
import { Card } from "~/ui/kit/card";
import { type Column, DataTable, NameCell } from "~/ui/kit/data-table";
import { Tabs } from "~/ui/kit/tabs";
import type { ShownJob } from "./job-progress";

/** `name`: null for a tenant that does not exist. `subject` is empty for the catalogue. */
type Row = { seq: number; subject: string; name: string | null; state: JobItemState; message: string };

const looks: Record<JobItemState, { tone: Tone; done: string; preview: string }> = {
  done: { tone: "yes", done: "Changed", preview: "Will change" },
  skipped: { tone: "neutral", done: "Skipped", preview: "Skipped" },
  failed: { tone: "no", done: "Failed", preview: "Failed" },
};

/** Of an imported file: a row that is skipped is so already, and one that fails has a mistake. */
const rowWords: Partial<Record<JobItemState, string>> = { skipped: "Unchanged", failed: "Refused" };

const columnsFor = (kind: JobKind, isPreview: boolean): Column<Row>[] => [
  {
    id: "tenant",
    header: "Tenant",
    primary: true,
    cell: ({ subject, name }) => (
      <NameCell
        to={name === null ? undefined : paths.tenant(subject)}
        name={name ?? (subject || (kind === "undo" ? "Catalogue" : "No key"))}
        detail={name === null ? undefined : subject}
      />
    ),
    className: "md:w-[30%] md:max-w-0",
  },
  {
    id: "message",
    header: isPreview ? "What changes, or why not" : "What changed, or why not",
    card: "line",
    cell: ({ message }) => <span className="text-ink-muted wrap-anywhere">{message}</span>,
  },
  {
    id: "state",
    header: "Result",
    card: "corner",
    cell: ({ state }) => (
      <Badge tone={looks[state].tone}>{(kind === "tenant_csv" && rowWords[state]) || looks[state][isPreview ? "preview" : "done"]}</Badge>
    ),
  },
];

type Props = { job: ShownJob; rows: Row[]; next: number | null; state: JobItemState | null; isFirst: boolean };

/** The results of a job by name, one page at a time. */
export function JobItems({ job, rows, next, state, isFirst }: Props) {
  const { id, kind, isPreview, done, skipped, failed, processed } = job;
  const words = kind === "tenant_csv" ? rowWords : {};
  const tab = (label: string, count: number, of?: JobItemState) => ({
    label,
    count,
    to: paths.job(id, { state: of }),
    isCurrent: (of ?? null) === state,
  });
  const tabs = [
    tab("All", processed),
    tab(isPreview ? "Will change" : "Changed", done, "done"),
    tab(words.skipped ?? "Skipped", skipped, "skipped"),
    ...(failed > 0 || state === "failed" ? [tab(words.failed ?? "Failed", failed, "failed")] : []),
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
