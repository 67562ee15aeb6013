import type { ReactNode } from "react";
import type { Instant } from "~/core/model";
import type { DeliveryState } from "~/core/webhooks/delivery-states";
import { paths } from "~/paths";
import { Badge } from "~/ui/kit/badge";
import { type Column, DataTable, NameCell } from "~/ui/kit/data-table";
import { Time } from "~/ui/kit/time";
import { deliveryLook } from "./webhook-words";

export type DeliveryRow = {
  id: string;
  seq: number;
  type: string;
  state: DeliveryState;
  isManual: boolean;
  attempts: number;
  status: number | null;
  error: string | null;
  createdAt: Instant;
  nextAttemptAt: Instant | null;
  attemptedAt: Instant | null;
  sentence: string | null;
  now: Instant;
};

const columns: Column<DeliveryRow>[] = [
  {
    id: "event",
    header: "Event",
    primary: true,
    className: "md:max-w-80",
    cell: ({ id, seq, type, sentence }) => (
      <NameCell to={paths.webhookDelivery(id, seq)} name={type} detail={sentence ?? "The event is no longer kept."} />
    ),
  },
  { id: "state", header: "State", card: "corner", cell: (row) => <DeliveryBadge row={row} /> },
  {
    id: "answer",
    header: "Answer",
    className: "md:max-w-56",
    cell: ({ status, error }) => {
      const text = error ?? (status === null ? "—" : String(status));
      return (
        <span title={text} className={error ? "block truncate text-ink-muted" : "text-ink"}>
          {text}
        </span>
      );
    },
  },
  { id: "attempts", header: "Attempts", align: "right", cell: ({ attempts }) => attempts },
  { id: "made", header: "Created", cell: ({ createdAt, now }) => <Time at={createdAt} now={now} /> },
];

function DeliveryBadge({ row }: { row: DeliveryRow }) {
  const { tone, label } = deliveryLook(row);
  return (
    <Badge tone={tone} dot>
      {row.isManual ? `${label} by hand` : label}
    </Badge>
  );
}

export function DeliveryTable({ rows, empty }: { rows: readonly DeliveryRow[]; empty: ReactNode }) {
  return <DataTable rows={rows} columns={columns} rowKey={({ seq }) => String(seq)} caption="Deliveries" empty={empty} />;
}
