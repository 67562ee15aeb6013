import type { ReactNode } from "react";
import type { Instant } from "~/core/model";
import type { TrialOutcome } from "~/core/trials/trial-chains";
import { paths } from "~/paths";
import { withPickBox } from "~/ui/bulk/pick";
import { Badge } from "~/ui/kit/badge";
import { LinkButton, TextLink } from "~/ui/kit/button";
import { type Column, DataTable, NameCell } from "~/ui/kit/data-table";
import { count } from "~/ui/kit/pagination";
import { Time } from "~/ui/kit/time";
import { outcomeLooks } from "./trial-words";

type Row = {
  id: string;
  tenant: { key: string; name: string };
  feature: { key: string; name: string };
  gives: string | null;
  plan: { key: string; name: string } | null;
  givenBy: string;
  startsAt: Instant;
  endsAt: Instant;
  state: "live" | "upcoming" | "ended";
  outcome: TrialOutcome | null;
  endedEarly: boolean;
  canConvert: boolean;
  checks: number;
  firstUsedAt: Instant | null;
  note: string | null;
  /** `features`: how many the line is about, or null if it is about this feature alone. */
  bundle: { plan: string; features: number | null; isMixed: boolean } | null;
  now: Instant;
};

type Props = {
  rows: readonly Row[];
  sort: { id: string; desc: boolean };
  /** Columns that the list can be sorted by. */
  sortable: readonly string[];
  showOutcome: boolean;
  canChange: boolean;
  canChangePlans: boolean;
  empty: ReactNode;
};

export function TrialTable({ rows, sort, sortable, showOutcome, canChange, canChangePlans, empty }: Props) {
  const columns: Column<Row>[] = [
    {
      id: "tenant",
      header: "Tenant",
      primary: true,
      cell: ({ tenant }) =>
        withPickBox(<NameCell to={paths.tenantGrants(tenant.key)} name={tenant.name} detail={tenant.key} />, tenant, canChange),
      className: "md:max-w-44 2xl:max-w-56",
    },
    { id: "feature", header: "Feature", cell: (row) => <FeatureCell row={row} />, className: "md:max-w-48 2xl:max-w-64" },
    { id: "plan", header: "Plan", cell: ({ plan }) => <PlanCell plan={plan} />, className: "md:max-w-26" },
    {
      id: "ends",
      header: "Ends",
      sortable: sortable.includes("ends"),
      cell: (row) => (
        <Stacked below={<Time at={row.endsAt} now={row.now} show="date" />}>
          <Time at={row.endsAt} now={row.now} />
        </Stacked>
      ),
    },
    {
      id: "starts",
      header: "From",
      sortable: sortable.includes("starts"),
      cell: (row) => (
        <Stacked
          below={
            <span title={row.givenBy} className="block truncate">
              by {row.givenBy}
            </span>
          }
        >
          <Time at={row.startsAt} now={row.now} show="date" />
        </Stacked>
      ),
      className: "md:max-w-34",
    },
    { id: "used", header: "Used", cell: (row) => <UsedCell row={row} /> },
  ];
  if (showOutcome) columns.splice(4, 0, { id: "outcome", header: "Outcome", card: "corner", cell: (row) => <OutcomeCell row={row} /> });
  if (canChange && rows.some(({ state }) => state !== "ended"))
    columns.push({
      id: "actions",
      header: "",
      card: "line",
      align: "right",
      cell: (row) => <Actions row={row} canConvert={canChangePlans && row.canConvert} />,
    });
  return <DataTable rows={rows} columns={columns} rowKey={(row) => row.id} caption="Trials" sort={sort} empty={empty} />;
}

/** On a phone both stand in one line. */
function Stacked({ children, below }: { children: ReactNode; below: ReactNode }) {
  return (
    <span className="min-w-0 max-md:inline-flex max-md:items-baseline max-md:gap-1.5 md:block">
      <span className="block whitespace-nowrap">{children}</span>
      <span className="block min-w-0 text-ink-muted text-xs">{below}</span>
    </span>
  );
}

/** True if the line is about all of a bundle. */
const isWhole = ({ bundle }: Pick<Row, "bundle">) => bundle !== null && bundle.features !== null;
const nameOf = (row: Row) => (row.bundle && isWhole(row) ? `Bundle ${row.bundle.plan}` : row.feature.name);

function FeatureCell({ row }: { row: Row }) {
  const { feature, note, bundle } = row;
  const features = bundle?.features ?? null;
  const part = bundle && features === null ? `Part of the bundle ${bundle.plan}` : null;
  const gives = features === null ? row.gives : `${count(features)} ${features === 1 ? "feature" : "features"}`;
  return (
    <span className="block min-w-0">
      <span title={isWhole(row) ? undefined : feature.key} className="block truncate">
        {nameOf(row)}
      </span>
      {gives !== null && (
        <span title={gives} className="block truncate text-ink-muted text-xs">
          {gives}
        </span>
      )}
      {part !== null && <span className="block truncate text-ink-muted text-xs">{part}</span>}
      {note && (
        <span title={note} className="line-clamp-2 text-ink-muted text-xs italic wrap-anywhere">
          {note}
        </span>
      )}
    </span>
  );
}

function PlanCell({ plan }: { plan: Row["plan"] }) {
  if (!plan) return <span className="text-ink-faint">No plan</span>;
  return (
    <span title={plan.key} className="block truncate">
      {plan.name}
    </span>
  );
}

function UsedCell({ row }: { row: Row }) {
  const { checks, firstUsedAt, state, tenant, now } = row;
  if (state === "upcoming") return <span className="text-ink-faint">Not started</span>;
  if (isWhole(row)) return <TextLink to={paths.tenantUsage(tenant.key)}>By feature</TextLink>;
  if (checks === 0 || firstUsedAt === null) return <span className="text-ink-faint">No checks</span>;
  return (
    <Stacked
      below={
        <span className="whitespace-nowrap">
          first <Time at={firstUsedAt} now={now} show="date" />
        </span>
      }
    >
      {checks === 1 ? "1 check" : `${count(checks)} checks`}
    </Stacked>
  );
}

function OutcomeCell({ row: { outcome, endedEarly, state, bundle } }: { row: Row }) {
  if (state !== "ended") return <Badge tone={state === "live" ? "trial" : "neutral"}>{state === "live" ? "Running" : "Upcoming"}</Badge>;
  const look = outcome && outcomeLooks[outcome];
  return (
    <span className="flex flex-wrap gap-1">
      {look ? (
        <Badge tone={look.tone} title={look.means}>
          {look.label}
        </Badge>
      ) : bundle?.isMixed ? (
        <Badge title="Choose an outcome above to see each feature.">By feature</Badge>
      ) : (
        <Badge title="The outcome is computed within a minute of the end.">Being computed</Badge>
      )}
      {endedEarly && <Badge title="It was ended before its planned end.">Ended early</Badge>}
    </span>
  );
}

function Actions({ row, canConvert }: { row: Row; canConvert: boolean }) {
  const { id, tenant, state } = row;
  if (state === "ended") return null;
  const about = `${nameOf(row)}, ${tenant.name}`;
  return (
    <span className="inline-flex gap-1.5">
      <LinkButton to={paths.grantExtend(tenant.key, id)} size="sm" aria-label={`Extend: ${about}`}>
        Extend
      </LinkButton>
      {canConvert && (
        <LinkButton to={paths.grantConvert(tenant.key, id)} size="sm" variant="ghost" aria-label={`Convert: ${about}`}>
          Convert
        </LinkButton>
      )}
      <LinkButton to={paths.grantEnd(tenant.key, id)} size="sm" variant="ghost" aria-label={`End now: ${about}`}>
        End
      </LinkButton>
    </span>
  );
}
