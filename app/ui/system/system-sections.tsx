import type { ReactNode } from "react";
import type { Instant } from "~/core/model";
import { PartFailed } from "~/ui/home/needs-you";
import { Section } from "~/ui/kit/card";
import { Code } from "~/ui/kit/code";
import { type Column, DataTable } from "~/ui/kit/data-table";
import { KeyValue, type KeyValueItem } from "~/ui/kit/key-value";
import { count } from "~/ui/kit/pagination";
import { Time } from "~/ui/kit/time";
import { bytesText } from "./bytes";

type Process = { name: "server" | "pages" | "worker"; pid: number; startedAt: Instant; residentBytes: number; heapBytes: number };
type Database = {
  version: string;
  bytes: number;
  migrations: { count: number; newestAt: Instant };
  copiedAt: Instant | null;
} | null;

type PartProps = { title: string; what: string; description?: ReactNode; items: KeyValueItem[] | null };

/** A part of the page as terms and values, or a sentence if it could not be read. */
function Part({ title, what, description, items }: PartProps) {
  if (items === null) {
    return (
      <Section title={title} flush>
        <PartFailed what={what} />
      </Section>
    );
  }
  return (
    <Section title={title} description={description}>
      <KeyValue items={items} />
    </Section>
  );
}

const engineNames = { sqlite: "SQLite", postgres: "PostgreSQL" };

export function DatabasePart({ engine, database, now }: { engine: keyof typeof engineNames; database: Database; now: Instant }) {
  const items = database && [
    { label: "Engine", value: `${engineNames[engine]} ${database.version}` },
    { label: "Size", value: bytesText(database.bytes) },
    {
      label: "Schema",
      value: (
        <>
          {count(database.migrations.count)} migrations, the newest of <Time at={database.migrations.newestAt} now={now} show="date" />
        </>
      ),
    },
    {
      label: "Last copy",
      value:
        database.copiedAt === null ? (
          "Unknown. Latchkey does not make backups. See docs/operations.md."
        ) : (
          <>
            <Time at={database.copiedAt} now={now} show="both" />, before a migration. For backups see docs/operations.md.
          </>
        ),
    },
  ];
  return <Part title="Database" what="The database" items={items} />;
}

const processNames = { server: "Server", pages: "Pages", worker: "Worker" };
const processTasks = { server: "checks and the API", pages: "these pages", worker: "long tasks and PostHog" };

type ProcessRow = Process & { now: Instant };
const processColumns: Column<ProcessRow>[] = [
  {
    id: "name",
    header: "Process",
    primary: true,
    className: "md:min-w-30",
    cell: ({ name }) => (
      <>
        <span className="font-medium text-ink">{processNames[name]}</span>
        <span className="block text-ink-muted text-xs">{processTasks[name]}</span>
      </>
    ),
  },
  { id: "pid", header: "PID", align: "right", cell: ({ pid }) => pid },
  { id: "memory", header: "Memory", align: "right", className: "whitespace-nowrap", cell: ({ residentBytes }) => bytesText(residentBytes) },
  { id: "heap", header: "JavaScript", align: "right", className: "whitespace-nowrap", cell: ({ heapBytes }) => bytesText(heapBytes) },
  { id: "started", header: "Started", cell: ({ startedAt, now }) => <Time at={startedAt} now={now} /> },
];

type ProcessesProps = { processes: readonly Process[] | null; worker: Process | "none" | null; now: Instant };

export function ProcessesPart({ processes, worker, now }: ProcessesProps) {
  const known = [...(processes ?? []), ...(worker === null || worker === "none" ? [] : [worker])];
  return (
    <Section title="Processes" flush description="Processes of this node. Memory is what each uses in RAM.">
      {processes === null && <PartFailed what="The server's process" />}
      {known.length > 0 && (
        <DataTable
          rows={known.map((row) => ({ ...row, now }))}
          columns={processColumns}
          rowKey={({ name }) => name}
          caption="Processes of this node"
          empty={null}
        />
      )}
      {worker === null && (
        <p className="border-line border-t px-4 py-3 md:max-2xl:px-2.5 text-ink-muted text-sm">
          The worker process did not answer within a second. It is busy with a long task, or is restarting.
        </p>
      )}
    </Section>
  );
}

type Node = { host: string; pid: number; connections: number; connectedSince: Instant | null };
type NodeRow = Node & { now: Instant };
const nodeColumns: Column<NodeRow>[] = [
  { id: "host", header: "Host", primary: true, cell: ({ host }) => <span className="font-medium text-ink">{host}</span> },
  { id: "pid", header: "Server process", align: "right", cell: ({ pid }) => pid },
  { id: "connections", header: "Connections", align: "right", cell: ({ connections }) => count(connections) },
  {
    id: "since",
    header: "Connected",
    cell: ({ connectedSince, now }) => (connectedSince === null ? null : <Time at={connectedSince} now={now} />),
  },
];

export function NodesPart({ nodes, now }: { nodes: readonly Node[] | null; now: Instant }) {
  return (
    <Section title="Nodes" flush description="Connected to this database now.">
      {nodes === null ? (
        <PartFailed what="The nodes" />
      ) : (
        <DataTable
          rows={nodes.map((node) => ({ ...node, now }))}
          columns={nodeColumns}
          rowKey={({ host, pid }) => `${host}/${pid}`}
          caption="Nodes that are connected to this database"
          empty={
            <p className="px-4 py-5 text-ink-muted text-sm">
              Not known: <Code>DATABASE_URL</Code> gives the connections a name of its own.
            </p>
          }
        />
      )}
    </Section>
  );
}

const loadKindNames = { check: "Checks", request: "API requests", file: "Files", page: "Pages" } as const;
type Load = { [part in "inFlight" | "refused"]: Record<keyof typeof loadKindNames, number> };

export function LoadPart({ load }: { load: Load | null }) {
  const kinds = Object.keys(loadKindNames) as (keyof typeof loadKindNames)[];
  const items =
    load &&
    kinds.map((kind) => ({
      label: loadKindNames[kind],
      value: `${count(load.inFlight[kind])} at work, ${load.refused[kind] === 0 ? "none" : count(load.refused[kind])} refused since the start`,
    }));
  const description = "Requests that could not be answered in time are refused with 503, pages before checks.";
  return <Part title="Load" what="The load" description={description} items={items} />;
}

type Retention = { checkCountDays: number; usageEventDays: number; feedDays: number; unsentDays: number; answerHours: number };

export function RetentionPart({ retention, cleanedAt, now }: { retention: Retention; cleanedAt: Instant | null; now: Instant }) {
  const { checkCountDays, usageEventDays, feedDays, unsentDays, answerHours } = retention;
  return (
    <Part
      title="Retention"
      what="Retention"
      items={[
        { label: "Counts of checks", value: `${count(checkCountDays)} days` },
        { label: "Usage events", value: `${count(usageEventDays)} days; their totals stay` },
        { label: "Change feed", value: `${count(feedDays)} days; what PostHog has not received, ${count(unsentDays)} days` },
        { label: "Answers to repeated writes", value: `${count(answerHours)} hours` },
        { label: "Audit log, history, grants", value: "Never deleted" },
        {
          label: "Last cleanup",
          value:
            cleanedAt === null ? (
              "None since the start. The first runs after a minute, then one every hour."
            ) : (
              <Time at={cleanedAt} now={now} show="both" />
            ),
        },
      ]}
    />
  );
}

type Passes = { trialsAt: Instant | null; figuresAt: Instant | null } | null;

export function PassesPart({ passes, now }: { passes: Passes; now: Instant }) {
  const done = (at: Instant | null) => (at === null ? "Not yet" : <Time at={at} now={now} show="both" />);
  const items = passes && [
    { label: "Outcomes of trials", value: done(passes.trialsAt) },
    { label: "Figures of usage", value: done(passes.figuresAt) },
  ];
  return <Part title="Background passes" what="Background passes" description="When each was last complete." items={items} />;
}
