import { Link } from "@remix-run/react";
import { type ReactNode, useMemo } from "react";
import { limitWords } from "~/core/decision/reason-message";
import type { Instant, Limit, TenantStatus } from "~/core/model";
import { metadataKeyOf, type TenantColumn, type TenantDensity } from "~/core/tenants/tenant-columns";
import type { TenantSort } from "~/core/tenants/tenant-filter";
import { day } from "~/core/time";
import { fullLimit, nearLimit, percentText } from "~/core/usage/limit-fill";
import { paths } from "~/paths";
import { withPickBox } from "~/ui/bulk/pick";
import { Badge } from "~/ui/kit/badge";
import { TextLink } from "~/ui/kit/button";
import { cx } from "~/ui/kit/cx";
import { type Column, DataTable } from "~/ui/kit/data-table";
import { Meter } from "~/ui/kit/meter";
import { count } from "~/ui/kit/pagination";
import { StatusPill } from "~/ui/kit/status";
import { Time } from "~/ui/kit/time";
import { RowMenu, type RowMenuRights } from "./row-menu";

export type TenantTableRow = {
  key: string;
  name: string;
  status: TenantStatus;
  plan: string | null;
  addOns: string[];
  /** Those that end first. */
  trials: { id: string; feature: string; endsAt: Instant }[];
  trialCount: number;
  limit: { feature: string; used: number; limit: Limit; fill: number } | null;
  refused: number;
  changedAt: Instant | null;
  createdAt: Instant;
  /** Values of the metadata columns, in their order. */
  metadata: (string | null)[];
};
type Row = TenantTableRow & { now: Instant; isUp: boolean };

/** Trials that end within this time are marked, in ms. */
const markedWithinMs = 3 * day;
/** Rows at the end of the table whose menus open upwards. */
const rowsUp = 4;

export const columnWords = {
  plan: "Plan",
  trials: "Trials",
  limit: "Fullest limit",
  refused: "Refused, 30 d",
  status: "Status",
  changed: "Changed",
  created: "Created",
};
export const columnLabel = (column: TenantColumn): string => metadataKeyOf(column) ?? columnWords[column as keyof typeof columnWords];

const sortIds: { [column: string]: string } = { trials: "trial" };

const cells: { [column: string]: Omit<Column<Row>, "id" | "header"> } = {
  plan: { cell: (row) => <PlanCell row={row} />, className: "md:w-[15%] md:max-w-0 xl:min-w-32" },
  trials: { cell: (row) => <TrialsCell row={row} />, className: "md:w-[25%] md:max-w-0 xl:min-w-44" },
  limit: { cell: (row) => <LimitCell row={row} />, className: "md:w-[13%] md:max-w-0 xl:min-w-30" },
  refused: { align: "right", cell: (row) => <RefusedCell row={row} /> },
  status: { card: "corner", cell: (row) => (row.status === "active" ? null : <StatusPill status={row.status} />) },
  changed: { cell: ({ changedAt, now }) => changedAt !== null && <Time at={changedAt} now={now} className="text-ink-muted" /> },
  created: { cell: ({ createdAt, now }) => <Time at={createdAt} now={now} show="date" className="text-ink-muted" /> },
};

function columnsOf(shown: readonly TenantColumn[], rights: RowMenuRights, density: TenantDensity, canPick: boolean): Column<Row>[] {
  const metadata = shown.filter((column) => metadataKeyOf(column) !== null);
  return [
    {
      id: "name",
      header: "Tenant",
      sortable: true,
      primary: true,
      cell: (row) => <TenantCell row={row} isRoomy={density === "roomy"} canPick={canPick} />,
      className: "md:w-[30%] md:max-w-0 xl:min-w-48",
    },
    ...shown.map((column): Column<Row> => {
      const place = metadata.indexOf(column);
      if (place >= 0) return { id: column, header: columnLabel(column), cell: (row) => <ValueCell value={row.metadata[place] ?? null} /> };
      return { id: sortIds[column] ?? column, header: columnLabel(column), sortable: true, ...(cells[column] as (typeof cells)[string]) };
    }),
    {
      id: "menu",
      header: "",
      align: "right",
      card: "menu",
      cell: (row) => <RowMenu tenant={row} trial={row.trials[0]} rights={rights} isUp={row.isUp} />,
      className: "md:w-12 md:px-2",
    },
  ];
}

type TenantTableProps = {
  rows: TenantTableRow[];
  columns: readonly TenantColumn[];
  density: TenantDensity;
  sort: TenantSort[];
  rights: RowMenuRights;
  /** Rows have boxes to tick. */
  canPick: boolean;
  now: Instant;
  empty: ReactNode;
};

export function TenantTable({ rows, columns, density, sort, rights, canPick, now, empty }: TenantTableProps) {
  const { canGrant, canExtend, canChange } = rights;
  const shown = columns.join("\n");
  // A cell is a component: another function in its place would close the row's menu and take the focus away.
  const defs = useMemo(
    () => columnsOf(shown.split("\n") as TenantColumn[], { canGrant, canExtend, canChange }, density, canPick),
    [shown, canGrant, canExtend, canChange, density, canPick],
  );
  return (
    <DataTable
      rows={rows.map((row, i) => ({ ...row, now, isUp: i >= rowsUp && i >= rows.length - rowsUp }))}
      columns={defs}
      rowKey={(row) => row.key}
      caption="Tenants"
      sort={sort}
      density={density}
      empty={empty}
      // Room for the menu of a short list.
      className="md:has-[[data-row-menu][open]]:min-h-64"
    />
  );
}

function TenantCell({ row: { key, name }, isRoomy, canPick }: { row: Row; isRoomy: boolean; canPick: boolean }) {
  const names = (
    <span className="flex min-w-0 flex-col">
      <Link to={paths.tenant(key)} data-row="" prefetch="intent" discover="none" title={name} className="cell-name">
        {name}
      </Link>
      <span title={key} className={cx("cell-key", !isRoomy && "md:sr-only")}>
        {key}
      </span>
    </span>
  );
  return withPickBox(names, { key, name }, canPick);
}

function PlanCell({ row: { plan, addOns } }: { row: Row }) {
  return (
    <span className="cell-line">
      {plan === null ? (
        <span className="whitespace-nowrap text-ink-faint">No plan</span>
      ) : (
        <span className="truncate" title={plan}>
          {plan}
        </span>
      )}
      {addOns.length > 0 && (
        <Badge title={addOns.join(", ")} className="shrink-0">
          {`+${addOns.length}`}
          <span className="sr-only">{addOns.length === 1 ? "add-on" : "add-ons"}</span>
        </Badge>
      )}
    </span>
  );
}

/** Features by name, with the end that comes first. */
function TrialsCell({ row: { trials, trialCount, now } }: { row: Row }) {
  const [first] = trials;
  if (!first) return null;
  const names = trials.map(({ feature }) => feature).join(", ");
  const more = trialCount - trials.length;
  return (
    <span className="cell-line">
      <Badge tone="trial" title={names}>
        {names}
      </Badge>
      {more > 0 && <span className="shrink-0 text-ink-muted text-xs">{`+${more}`}</span>}
      <span className={cx("shrink-0 text-xs", first.endsAt - now <= markedWithinMs ? "font-medium text-warn" : "text-ink-muted")}>
        <span className="sr-only">{trialCount > 1 ? "next ends " : "ends "}</span>
        <Time at={first.endsAt} now={now} />
      </span>
    </span>
  );
}

function LimitCell({ row: { limit } }: { row: Row }) {
  if (!limit) return null;
  const { feature, used, fill } = limit;
  const percent = percentText(fill);
  const words = `${feature}: ${count(used)} of ${limitWords(limit.limit, null)}`;
  return (
    <span className="flex min-w-0 items-center gap-2" title={words}>
      <Meter value={fill} of={fullLimit} label={`${percent} of the limit of ${feature}`} className="w-14 shrink-0" />
      <span
        className={cx(
          "shrink-0 tabular-nums text-xs",
          fill >= fullLimit ? "font-semibold text-no" : fill >= nearLimit ? "font-medium text-warn" : "text-ink-muted",
        )}
      >
        {percent}
      </span>
      <span className="truncate text-ink-faint text-xs md:max-2xl:hidden">{feature}</span>
    </span>
  );
}

function RefusedCell({ row: { refused, key } }: { row: Row }) {
  if (refused === 0) return null;
  return (
    <TextLink to={paths.tenantUsage(key)} className="tabular-nums">
      {count(refused)}
    </TextLink>
  );
}

function ValueCell({ value }: { value: string | null }) {
  return value === null ? null : (
    <span className="block truncate text-ink-muted" title={value}>
      {value}
    </span>
  );
}
