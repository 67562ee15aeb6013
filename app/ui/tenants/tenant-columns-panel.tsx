import { Form, Link, useSearchParams } from "@remix-run/react";
import { Columns3 } from "lucide-react";
import {
  maxTenantColumns,
  metadataColumn,
  metadataKeyOf,
  type TenantColumn,
  type TenantDensity,
  tenantColumnIds,
  tenantDensities,
} from "~/core/tenants/tenant-columns";
import { maxTenantSorts, type TenantSort, type TenantSortId, tenantSortIds } from "~/core/tenants/tenant-filter";
import { encodedColumn, tenantSortText, tenantViewQuery } from "~/forms/tenants/tenant-list-params";
import { paths } from "~/paths";
import { Button, buttonLook } from "~/ui/kit/button";
import { cx } from "~/ui/kit/cx";
import { Select } from "~/ui/kit/inputs";
import { columnLabel } from "./tenant-table";

const densityWords = { compact: "Compact rows", normal: "Normal rows", roomy: "Roomy rows" };
export const sortWords: Record<TenantSortId, string> = {
  name: "name",
  plan: "plan",
  trial: "next trial end",
  limit: "fullest limit",
  refused: "refusals",
  changed: "last change",
  status: "status",
  created: "creation",
};
/** Columns that can be added in one step. */
const added = 2;

type ColumnsPanelProps = {
  columns: readonly TenantColumn[];
  density: TenantDensity;
  sort: TenantSort[];
  metadataKeys: string[];
};

/** Columns in their order, the height of rows and the order of tenants. A plain form; all of it is in the URL. */
export function ColumnsPanel({ columns, density, sort, metadataKeys }: ColumnsPanelProps) {
  const [params] = useSearchParams();
  const kept = [...tenantViewQuery(params)].filter(([name]) => name !== "cols" && name !== "density");
  const places = Math.min(maxTenantColumns, columns.length + added);
  const metadata = [...new Set([...metadataKeys.map(metadataColumn), ...columns.filter((column) => metadataKeyOf(column) !== null)])];
  const options = (chosen: TenantColumn | undefined) => [
    ["", chosen ? "Leave out" : "Add a column"] as const,
    ...[...tenantColumnIds, ...metadata].map((column) => [encodedColumn(column), columnLabel(column)] as const),
  ];
  return (
    <details className="max-sm:w-full">
      <summary className={cx(buttonLook({ variant: "ghost" }), "w-fit")}>
        <Columns3 aria-hidden="true" />
        Columns and order
      </summary>
      <div className="mt-2 grid gap-4 rounded-card border border-line bg-surface p-4 lg:grid-cols-[minmax(0,2fr)_minmax(0,1fr)]">
        <Form key={params.toString()} method="get" action={paths.tenants()}>
          {kept.map(([name, value]) => (
            <input key={name} type="hidden" name={name} value={value} />
          ))}
          <input type="hidden" name="returnQuery" value={tenantViewQuery(params).toString()} />
          <fieldset className="grid gap-2 sm:grid-cols-3 xl:grid-cols-4">
            <legend className="mb-2 font-medium text-sm">Columns after the tenant, from left to right</legend>
            {Array.from({ length: places }, (_, i) => (
              <Select
                // biome-ignore lint/suspicious/noArrayIndexKey: a place is its index
                key={i}
                name="cols"
                aria-label={`Column ${i + 1}`}
                defaultValue={columns[i] ? encodedColumn(columns[i]) : ""}
                options={options(columns[i])}
              />
            ))}
            <Select
              name="density"
              aria-label="Height of rows"
              defaultValue={density}
              options={tenantDensities.map((one) => [one, densityWords[one]])}
            />
          </fieldset>
          <div className="mt-3 flex flex-wrap gap-2">
            <Button>Show</Button>
            <Button formMethod="post" formAction={paths.tenantColumns()} name="intent" value="keep">
              Keep for me
            </Button>
            <Button formMethod="post" formAction={paths.tenantColumns()} name="intent" value="reset" variant="ghost">
              Default columns
            </Button>
          </div>
        </Form>
        <SortLinks sort={sort} />
      </div>
    </details>
  );
}

/** Adds a column to the order, or takes one out. Without JavaScript the same links. */
function SortLinks({ sort }: { sort: TenantSort[] }) {
  const [params] = useSearchParams();
  const to = (next: TenantSort[]) => {
    return paths.tenants({ ...Object.fromEntries(tenantViewQuery(params)), sort: tenantSortText(next) });
  };
  const others = tenantSortIds.filter((id) => !sort.some((one) => one.id === id));
  const link = "rounded-sm text-accent underline decoration-accent/35 underline-offset-[3px] hover:decoration-accent";
  return (
    <section aria-label="Order" className="text-sm">
      <h2 className="mb-2 font-medium">Order</h2>
      <ol className="grid gap-1">
        {sort.map(({ id, desc }, i) => (
          <li key={id} className="flex flex-wrap gap-x-3">
            <span>{`${i === 0 ? "By" : "then by"} ${sortWords[id]}`}</span>
            <Link preventScrollReset to={to(sort.map((one) => (one.id === id ? { id, desc: !desc } : one)))} className={link}>
              {desc ? "descending" : "ascending"}
            </Link>
            {sort.length > 1 && (
              <Link
                preventScrollReset
                to={to(sort.filter((one) => one.id !== id))}
                className={link}
                aria-label={`Do not sort by ${sortWords[id]}`}
              >
                remove
              </Link>
            )}
          </li>
        ))}
      </ol>
      {sort.length < maxTenantSorts && (
        <p className="mt-2 text-ink-muted">
          Then by{" "}
          {others.map((id, i) => (
            <span key={id}>
              {i > 0 && ", "}
              <Link
                preventScrollReset
                to={to([...sort, { id, desc: id === "limit" || id === "refused" || id === "changed" }])}
                className={link}
              >
                {sortWords[id]}
              </Link>
            </span>
          ))}
        </p>
      )}
    </section>
  );
}
