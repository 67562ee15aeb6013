import { effectLabels, type TenantEffect, tenantEffects } from "~/core/impact/impact-result";
import { paths } from "~/paths";
import { LinkButton } from "~/ui/kit/button";
import { Card } from "~/ui/kit/card";
import { type Column, DataTable, NameCell } from "~/ui/kit/data-table";
import { count } from "~/ui/kit/pagination";
import { Tabs } from "~/ui/kit/tabs";

type Named = { name: string; was: string | null; is: string | null; used?: number };
/** `name`: null for a tenant that does not exist any more. `named`: some of the features. */
export type ImpactTenantRow = { key: string; name: string | null; checks: number; features: number; named: Named[] };

type Props = {
  /** The address of a part of the list. */
  pathOf: (query: { effect: TenantEffect; checks?: number; after?: string }) => string;
  counts: { [E in TenantEffect]: number };
  effect: TenantEffect;
  rows: ImpactTenantRow[];
  next: { checks: number; tenant: string } | null;
  isFirst: boolean;
  /** False while more tenants may come. */
  isOver: boolean;
};

const columnsFor = (effect: TenantEffect): Column<ImpactTenantRow>[] => [
  {
    id: "tenant",
    header: "Tenant",
    primary: true,
    cell: ({ key, name }) => (
      <NameCell to={name === null ? undefined : paths.tenant(key)} name={name ?? key} detail={name === null ? "It is gone" : key} />
    ),
    className: "md:w-[30%] md:max-w-0",
  },
  { id: "what", header: "What", card: "line", cell: (row) => <Features effect={effect} row={row} /> },
  {
    id: "checks",
    header: "Checks in 30 days",
    cell: ({ checks }) => <span className={checks > 0 ? "tabular-nums" : "text-ink-faint tabular-nums"}>{count(checks)}</span>,
  },
];

function Features({ effect, row: { named, features } }: { effect: TenantEffect; row: ImpactTenantRow }) {
  const more = features - named.length;
  return (
    <ul className="flex flex-wrap gap-x-3 gap-y-0.5 text-ink-muted text-sm wrap-anywhere">
      {named.map(({ name, was, is, used }) => (
        <li key={name}>
          <span className="text-ink">{name}</span>
          {(effect === "changes" || effect === "over" || (was ?? is) !== "on") && ` ${was ?? "nothing"} → ${is ?? "nothing"}`}
          {effect === "over" && used !== undefined && `, ${count(used)} used`}
        </li>
      ))}
      {more > 0 && <li>and {count(more)} more</li>}
    </ul>
  );
}

/** The tenants that a change affects, by effect, those that use most in front. */
export function ImpactTenants({ pathOf, counts, effect, rows, next, isFirst, isOver }: Props) {
  const tabs = tenantEffects.map((one) => ({
    label: effectLabels[one],
    count: counts[one],
    to: pathOf({ effect: one }),
    isCurrent: one === effect,
  }));
  return (
    <section aria-label="Tenants">
      <Tabs label="Effects" tabs={tabs} />
      <Card flush>
        <DataTable
          rows={rows}
          columns={columnsFor(effect)}
          rowKey={({ key }) => key}
          caption={effectLabels[effect]}
          empty={<p className="px-4 py-8 text-center text-ink-muted text-sm">{isOver ? "No tenant." : "No tenant yet."}</p>}
        />
      </Card>
      {(next !== null || !isFirst) && (
        <nav aria-label="Pages" className="mt-3 flex justify-between gap-2">
          {isFirst ? <span /> : <LinkButton to={pathOf({ effect })}>First page</LinkButton>}
          {next !== null && <LinkButton to={pathOf({ effect, checks: next.checks, after: next.tenant })}>Next page</LinkButton>}
        </nav>
      )}
    </section>
  );
}
