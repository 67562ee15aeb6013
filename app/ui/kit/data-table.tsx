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
  /**
   * On a phone's card: `bare` without its header, `corner` at the top right (status), `line` on its own line, `menu` to
   * the right of all lines.
   */
  card?: "bare" | "corner" | "line" | "menu";
  className?: string;
};

export type Sort = { id: string; desc: boolean };

type Props<Row> = {
  rows: readonly Row[];
  columns: readonly Column<Row>[];
  rowKey: (row: Row) => string;
  /** For screen readers: what the table lists. */
  caption: string;
  /** The server's sort order, of one column or several. */
  sort?: Sort | readonly Sort[];
  /** Height of a row beside a phone's cards: 32, 40 or 52 px. By default as high as its content. */
  density?: "compact" | "normal" | "roomy";
  empty: ReactNode;
  /** On a phone rows are cards, unless columns must be compared. */
  phone?: "cards" | "scroll";
  className?: string;
};

// The database sorts and paginates, so the table has no row models.
const features = tableFeatures({ rowSortingFeature });
type Def<Row extends object> = ColumnDef<typeof features, Row, unknown>;

export function DataTable<Row extends object>(props: Props<Row>) {
  const { rows, columns, rowKey, caption, empty, density, phone = "cards", className } = props;
  const sorts = useMemo(() => (props.sort === undefined ? [] : [props.sort].flat()), [props.sort]) as Sort[];
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
    state: { sorting: sorts },
  });
  if (rows.length === 0) return empty;
  const cards = phone === "cards";

  return (
    // Relative, because text for screen readers would otherwise be placed outside of what scrolls.
    <div className={cx("relative min-w-0", cards ? "md:overflow-x-auto" : "overflow-x-auto", className)}>
      <table
        data-density={density}
        className={cx("data-table w-full border-collapse text-left text-sm", cards && "data-cards max-md:block")}
      >
        <caption className="sr-only">{caption}</caption>
        <thead className={cx("border-line border-b bg-sunken/50", cards && "max-md:sr-only")}>
          {table.getHeaderGroups().map((group) => (
            <tr key={group.id}>
              {group.headers.map((header) => {
                const column = byId.get(header.column.id);
                const place = sorts.findIndex(({ id }) => id === header.column.id);
                const sorted = place < 0 ? undefined : sorts[place]?.desc ? "descending" : "ascending";
                return (
                  <th
                    key={header.id}
                    scope="col"
                    aria-sort={column?.sortable ? (place === 0 ? sorted : "none") : undefined}
                    className={cx(
                      "h-9 whitespace-nowrap px-4 md:max-2xl:px-2.5 font-medium text-ink-muted text-xs",
                      column?.align === "right" && "text-right",
                    )}
                  >
                    {column?.sortable ? (
                      <SortLink id={column.id} label={column.header} sorts={sorts} />
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
            <tr key={row.id}>
              {row.getAllCells().map((cell) => {
                const column = byId.get(cell.column.id);
                return (
                  <td
                    key={cell.id}
                    data-label={cards && !column?.primary && !column?.card ? column?.header : undefined}
                    data-cell={column?.primary ? "primary" : column?.card}
                    className={cx(column?.align === "right" && (cards ? "md:text-right" : "text-right"), column?.className) || undefined}
                  >
                    <table.FlexRender cell={cell} />
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
      {/* Tells the styles that all rows have arrived (`.data-table` in tailwind.css). */}
      <span data-end hidden />
    </div>
  );
}

/** Sorts by this column alone, or turns the direction of a column that the list is sorted by. */
function SortLink({ id, label, sorts }: { id: string; label: string; sorts: readonly Sort[] }) {
  const [params] = useSearchParams();
  const next = new URLSearchParams(params);
  const place = sorts.findIndex((sort) => sort.id === id);
  const sorted = sorts[place];
  const turned = sorts.map((sort) => (sort === sorted ? { id, desc: !sort.desc } : sort));
  const wanted = sorted ? turned : [{ id, desc: false }];
  next.set("sort", wanted.map(({ id, desc }) => (desc ? `-${id}` : id)).join(","));
  next.delete("page");
  const Icon = sorted ? (sorted.desc ? ArrowDown : ArrowUp) : ChevronsUpDown;
  return (
    <Link
      to={`?${next}`}
      preventScrollReset
      className={cx("group inline-flex items-center gap-1 rounded-sm hover:text-ink", sorted && "text-ink")}
    >
      {label}
      <Icon className={cx("size-3", !sorted && "text-ink-faint opacity-60 group-hover:opacity-100")} aria-hidden="true" />
      {sorted && sorts.length > 1 && <span className="text-ink-faint">{place + 1}</span>}
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
