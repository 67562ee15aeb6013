import { limitWords } from "~/core/decision/reason-message";
import type { Instant, Limit } from "~/core/model";
import { paths } from "~/paths";
import { TextLink } from "~/ui/kit/button";
import { Section } from "~/ui/kit/card";
import { type Column, DataTable, NameCell } from "~/ui/kit/data-table";
import { count } from "~/ui/kit/pagination";
import { Time } from "~/ui/kit/time";

type SentBy = { id: string; name: string } | null;
export type ConsumedFeatureRow = {
  feature: string;
  name: string;
  unit: string | null;
  limit: Limit;
  used: number;
  setAt: Instant | null;
  setBy: SentBy;
};
export type ConsumedEventRow = {
  time: Instant;
  recordedAt: Instant;
  action: "add" | "set" | "consume";
  quantity: number;
  added: number | null;
  idempotencyKey: string | null;
  apiKey: SentBy;
};

type Props = {
  tenant: string;
  consumption: readonly ConsumedFeatureRow[];
  events: readonly ConsumedEventRow[];
  /** The feature whose events are shown, or null if none was requested. */
  feature: string | null;
  now: Instant;
};

/** Usage in the current periods, and the API keys that sent it. */
export function ConsumptionTable({ tenant, consumption, events, feature, now }: Props) {
  const rows = consumption.map((row) => ({ ...row, tenant, now }));
  const chosen = consumption.find((row) => row.feature === feature);
  return (
    <>
      {rows.length > 0 && (
        <Section title="Events" flush description="Who set each total last, and the events of each feature.">
          <DataTable rows={rows} columns={columns} rowKey={(row) => row.feature} caption="Consumption by feature" empty={null} />
        </Section>
      )}
      {chosen && (
        <Section
          title={`Events of ${chosen.name}`}
          flush
          description="The newest 100 of the present period, with the API key that sent each. Events are kept for eight days."
        >
          <DataTable
            rows={events.map((event, index) => ({ ...event, index, now }))}
            columns={eventColumns}
            rowKey={(row) => String(row.index)}
            caption={`Events of ${chosen.name}`}
            empty={<p className="p-4 text-ink-muted text-sm">No events of the present period are kept.</p>}
          />
        </Section>
      )}
    </>
  );
}

type Row = ConsumedFeatureRow & { tenant: string; now: Instant };

const columns: Column<Row>[] = [
  {
    id: "feature",
    header: "Feature",
    primary: true,
    cell: (row) => <NameCell to={paths.feature(row.feature)} name={row.name} detail={row.feature} />,
    className: "sm:w-2/5",
  },
  { id: "used", header: "Used", align: "right", cell: (row) => count(row.used) },
  { id: "limit", header: "Limit", align: "right", cell: (row) => limitWords(row.limit) },
  {
    id: "set",
    header: "Last set",
    cell: (row) =>
      row.setAt === null ? (
        <span className="text-ink-faint">never</span>
      ) : (
        <span className="text-ink-muted">
          <Time at={row.setAt} now={row.now} />
          {row.setBy && ` by ${row.setBy.name}`}
        </span>
      ),
  },
  {
    id: "events",
    header: "Events",
    card: "bare",
    cell: (row) => <TextLink to={paths.tenantUsage(row.tenant, { feature: row.feature })}>Show events</TextLink>,
  },
];

type EventRow = ConsumedEventRow & { index: number; now: Instant };

function actionOf({ action, quantity, added }: EventRow): string {
  if (action === "set") return `Set to ${count(quantity)}`;
  if (action === "add") return `Add ${count(quantity)}`;
  return added === null ? `Consume ${count(quantity)}, refused` : `Consume ${count(quantity)}`;
}

const eventColumns: Column<EventRow>[] = [
  { id: "action", header: "Event", primary: true, cell: actionOf },
  { id: "time", header: "Time", cell: (row) => <Time at={row.time} now={row.now} className="text-ink-muted" /> },
  {
    id: "key",
    header: "API key",
    cell: (row) =>
      row.apiKey ? <NameCell name={row.apiKey.name} detail={row.apiKey.id} /> : <span className="text-ink-faint">not known</span>,
  },
  {
    id: "idempotency",
    header: "Idempotency key",
    cell: (row) => <span className="font-mono text-ink-muted text-xs wrap-anywhere">{row.idempotencyKey ?? ""}</span>,
  },
];
