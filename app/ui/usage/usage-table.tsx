import { limitWords } from "~/core/decision/reason-message";
import type { Instant, Limit } from "~/core/model";
import { fullLimit, nearLimit, noFill, percentText } from "~/core/usage/limit-fill";
import { paths } from "~/paths";
import { cx } from "~/ui/kit/cx";
import { type Column, NameCell } from "~/ui/kit/data-table";
import { Meter } from "~/ui/kit/meter";
import { count } from "~/ui/kit/pagination";
import { Time } from "~/ui/kit/time";

export type UsageTableRow = {
  tenant: { key: string; name: string };
  planName: string | null;
  feature: { key: string; name: string };
  used: number;
  previous: number | null;
  limit: Limit | null;
  fill: number;
  projected: number | null;
  resetsAt: Instant | null;
  now: Instant;
};

/** Id of the form that the checkboxes of a list belong to. */
export const compareFormId = "compare";

/** The columns of a list of tenants and metered features. */
export const usageColumns: Column<UsageTableRow>[] = [
  {
    id: "compare",
    header: "Compare",
    card: "corner",
    cell: (row) => (
      <input
        type="checkbox"
        form={compareFormId}
        name="tenant"
        aria-label={`Compare ${row.tenant.name}`}
        value={row.tenant.key}
        className="size-4 max-md:size-5"
      />
    ),
    className: "md:w-0",
  },
  {
    id: "tenant",
    header: "Tenant",
    primary: true,
    cell: (row) => <NameCell to={paths.tenantUsage(row.tenant.key)} name={row.tenant.name} detail={row.planName ?? "No plan"} />,
    className: "md:w-1/4 md:max-w-0",
  },
  {
    id: "feature",
    header: "Feature",
    card: "line",
    cell: (row) => <NameCell to={paths.feature(row.feature.key)} name={row.feature.name} />,
  },
  { id: "fill", header: "Of limit", card: "line", cell: (row) => <LimitBar {...row} />, className: "md:min-w-36" },
  { id: "used", header: "Used", align: "right", cell: (row) => count(row.used) },
  {
    id: "limit",
    header: "Limit",
    align: "right",
    cell: (row) => (row.limit === null ? <span className="text-ink-faint">not included</span> : limitWords(row.limit, null)),
  },
  {
    id: "previous",
    header: "Previous",
    align: "right",
    cell: (row) => (row.previous === null ? <span className="text-ink-faint">no reset</span> : count(row.previous)),
  },
  { id: "projected", header: "Projected", align: "right", cell: (row) => <Projection {...row} /> },
  {
    id: "resets",
    header: "Resets",
    cell: (row) => (row.resetsAt === null ? null : <Time at={row.resetsAt} now={row.now} className="text-ink-muted" />),
  },
];

/** Used of a limit as a bar and in words. */
export function LimitBar({ used, limit, fill, feature }: Pick<UsageTableRow, "used" | "limit" | "fill"> & { feature: { name: string } }) {
  if (fill === noFill || limit === null || limit === "unlimited") {
    return <span className="text-ink-faint">{limit === "unlimited" ? "unlimited" : "no limit"}</span>;
  }
  const percent = percentText(fill);
  return (
    <span className="flex w-full min-w-0 items-center gap-2">
      <Meter value={used} of={limit} label={`${percent} of the limit of ${feature.name}`} className="max-w-28 min-w-12 flex-1" />
      <span
        className={cx(
          "whitespace-nowrap",
          fill >= fullLimit ? "font-semibold text-no" : fill >= nearLimit ? "font-medium text-warn" : "text-ink-muted",
        )}
      >
        {percent}
      </span>
    </span>
  );
}

/** Projected use, with a word where it exceeds the limit. */
export function Projection({ projected, limit }: Pick<UsageTableRow, "projected" | "limit">) {
  if (projected === null) return <span className="text-ink-faint">–</span>;
  const isOver = typeof limit === "number" && projected > limit;
  return (
    <span className={isOver ? "whitespace-nowrap font-medium text-no" : undefined}>
      {isOver ? `${count(projected)}, over` : count(projected)}
    </span>
  );
}
