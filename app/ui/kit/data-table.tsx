import { Link, useSearchParams } from "@remix-run/react";
import { type ColumnDef, rowSortingFeature, tableFeatures, useTable } from "@tanstack/react-table";
import { ArrowDown, ArrowUp, ChevronsUpDown } from "lucide-react";
import { type ReactNode, useMemo } from "react";
import { cx } from "./cx";

export type Column<Row> = {
  id: string;
  header: string;
  cell: (row: Row) => ReactNode;
  /** Sortable by the server, as `?sort=id` and `?sort=-id`. */
  sortable?: boolean;
  align?: "right";
  /** The row's name: first column, and title of its card on a phone. */
  primary?: boolean;
  /** On a phone's card: `bare` without its header, `corner` at the top right (status), `line` on its own line. */
  card?: "bare" | "corner" | "line";
  className?: string;
};

type Props<Row> = {
  rows: readonly Row[];
  columns: readonly Column<Row>[];
  rowKey: (row: Row) => string;
  /** For screen readers: what the table lists. */
  caption: string;
  /** The server's sort order. */
  sort?: { id: string; desc: boolean };
  empty: ReactNode;
  /** On a phone rows are cards, unless columns must be compared. */
  phone?: "cards" | "scroll";
  className?: string;
};

// The database sorts and paginates, so the table has no row models.
const features = tableFeatures({ rowSortingFeature });
type Def<Row extends object> = ColumnDef<typeof features, Row, unknown>;

export function DataTable<Row extends object>({ rows, columns, rowKey, caption, sort, empty, phone = "cards", className }: Props<Row>) {
  const byId = useMemo(() => new Map(columns.map((column) => [column.id, column])), [columns]);
  const defs = useMemo(
    () =>
      columns.map(
        (column): Def<Row> => ({
          id: column.id,
          header: column.header,
          enableSorting: column.sortable ?? false,
          cell: ({ row }) => column.cell(row.original),
        }),
      ),
    [columns],
  );
  const table = useTable({
    features,
    columns: defs,
    data: rows,
    getRowId: rowKey,
    manualSorting: true,
    state: { sorting: sort ? [sort] : [] },
  });
  if (rows.length === 0) return empty;
  const cards = phone === "cards";

  return (
    // Relative, because text for screen readers would otherwise be placed outside of what scrolls.
    <div className={cx("relative min-w-0", cards ? "md:overflow-x-auto" : "overflow-x-auto", className)}>
      <table className={cx("w-full border-collapse text-left text-sm", cards && "max-md:block")}>
        <caption className="sr-only">{caption}</caption>
        <thead className={cx("border-line border-b bg-sunken/50", cards && "max-md:sr-only")}>
          {table.getHeaderGroups().map((group) => (
            <tr key={group.id}>
              {group.headers.map((header) => {
                const column = byId.get(header.column.id);
                const sorted = sort?.id === header.column.id ? (sort.desc ? "descending" : "ascending") : undefined;
                return (
                  <th
                    key={header.id}
                    scope="col"
                    aria-sort={column?.sortable ? (sorted ?? "none") : undefined}
                    className={cx(
                      "h-9 whitespace-nowrap px-4 md:max-xl:px-2.5 font-medium text-ink-muted text-xs",
                      column?.align === "right" && "text-right",
                    )}
                  >
                    {column?.sortable ? (
                      <SortLink id={column.id} label={column.header} sorted={sorted} />
                    ) : column?.header ? (
                      <table.FlexRender header={header} />
                    ) : (
                      <span className="sr-only">Actions</span>
                    )}
                  </th>
                );
              })}
            </tr>
          ))}
        </thead>
        <tbody className={cx("divide-y divide-line", cards && "max-md:block")}>
          {table.getRowModel().rows.map((row) => (
            <tr
              key={row.id}
              className={cx(
                "hover:bg-sunken/50",
                cards && "max-md:flex max-md:flex-wrap max-md:items-center max-md:gap-x-4 max-md:gap-y-1.5 max-md:px-4 max-md:py-3",
              )}
            >
              {row.getAllCells().map((cell) => {
                const column = byId.get(cell.column.id);
                return (
                  <td
                    key={cell.id}
                    data-label={cards && !column?.primary && !column?.card ? column?.header : undefined}
                    className={cx(
                      "max-w-72 px-4 py-2 align-middle md:max-xl:px-2.5",
                      // Long names must leave room for other columns. Tables with few columns may still exceed this width.
                      column?.primary && "md:max-xl:max-w-32",
                      column?.align === "right" && "text-right",
                      cards && cardCell(column),
                      column?.className,
                    )}
                  >
                    <table.FlexRender cell={cell} />
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** On a phone: the name first, then label and value pairs that flow. Empty cells take no space. */
function cardCell(column: Pick<Column<never>, "primary" | "card"> | undefined) {
  const cell =
    "max-md:inline-flex max-md:max-w-full max-md:items-center max-md:gap-1.5 max-md:p-0 max-md:text-left max-md:empty:hidden max-md:before:shrink-0 max-md:before:text-ink-faint max-md:before:text-xs max-md:before:content-[attr(data-label)]";
  if (column?.primary)
    return cx(cell, "max-md:-order-2 max-md:block max-md:min-w-0 max-md:grow max-md:basis-[calc(100%-8rem)] max-md:before:hidden");
  if (column?.card === "corner") return cx(cell, "max-md:-order-1 max-md:before:hidden");
  if (column?.card === "line") return cx(cell, "max-md:block max-md:basis-full max-md:before:hidden");
  return cx(cell, column?.card === "bare" && "max-md:before:hidden");
}

function SortLink({ id, label, sorted }: { id: string; label: string; sorted: "ascending" | "descending" | undefined }) {
  const [params] = useSearchParams();
  const next = new URLSearchParams(params);
  next.set("sort", sorted === "ascending" ? `-${id}` : id);
  next.delete("page");
  const Icon = sorted === "ascending" ? ArrowUp : sorted === "descending" ? ArrowDown : ChevronsUpDown;
  return (
    <Link
      to={`?${next}`}
      preventScrollReset
      className={cx("group inline-flex items-center gap-1 rounded-sm hover:text-ink", sorted && "text-ink")}
    >
      {label}
      <Icon className={cx("size-3", !sorted && "text-ink-faint opacity-60 group-hover:opacity-100")} aria-hidden="true" />
    </Link>
  );
}

/** A name over its key, both truncated with the full text on hover. */
export function NameCell({ to, name, detail }: { to?: string; name: string; detail?: string }) {
  return (
    <span className="block min-w-0">
      {to ? (
        <Link
          to={to}
          prefetch="intent"
          title={name}
          className="block truncate rounded-sm font-medium text-ink hover:text-accent hover:underline"
        >
          {name}
        </Link>
      ) : (
        <span title={name} className="block truncate font-medium text-ink">
          {name}
        </span>
      )}
      {detail && (
        <span title={detail} className="block truncate font-mono text-ink-faint text-xs">
          {detail}
        </span>
      )}
    </span>
  );
}
