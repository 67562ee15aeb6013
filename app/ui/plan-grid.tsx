import { Link } from "@remix-run/react";
import { Check } from "lucide-react";
import type { CSSProperties } from "react";
import type { GridCell, GridColumn, GridSection } from "~/core/plan-grid";
import { paths } from "~/paths";
import { cx } from "./cx";
import { useGridKeys } from "./grid-keys";
import { count } from "./pagination";

type Column = GridColumn & { tenants: number };

type Props = {
  columns: readonly Column[];
  sections: readonly GridSection[];
  /** The grid's own query, so that a cell's page leads back to the same view. */
  query: string;
};

// The looks stand on the table and not on each of its 2,000 cells: a third of the page's bytes.
const cells = cx(
  "[&_td]:border-line [&_td]:border-b [&_td]:border-l [&_td]:p-0",
  // Where the add-ons begin.
  "[&_[data-first]]:border-l-2 [&_[data-first]]:border-l-line-strong",
  "[&_td>a]:flex [&_td>a]:h-11 [&_td>a]:flex-col [&_td>a]:items-center [&_td>a]:justify-center [&_td>a]:px-2 [&_td>a]:leading-tight",
  "[&_td>a:hover]:bg-accent-soft [&_a:focus-visible]:-outline-offset-2",
  "[&_td>a>b]:max-w-full [&_td>a>b]:truncate [&_td>a>b]:font-medium",
  "[&_td>a>i]:max-w-full [&_td>a>i]:truncate [&_td>a>i]:text-ink-muted [&_td>a>i]:text-xs [&_td>a>i]:not-italic",
  "[&_td>a>small]:max-w-full [&_td>a>small]:truncate [&_td>a>small]:text-[0.6875rem] [&_td>a>small]:text-ink-faint",
);

/** Plans × features. Every cell is a link; with script the arrow keys go from cell to cell. */
export function PlanGrid({ columns, sections, query }: Props) {
  const keys = useGridKeys(sections);
  const back = query === "" ? "" : `?back=${encodeURIComponent(query)}`;
  const firstAddOn = columns.findIndex((column) => column.kind === "add_on");
  // In rem: the first column on a phone, and seven for each plan.
  const width = { "--grid-width": `${10 + 7 * columns.length}rem` } as CSSProperties;
  return (
    <section
      {...keys}
      aria-label="Plans and features"
      className="max-h-[calc(100dvh-10rem)] min-h-72 scroll-pt-14 scroll-pl-40 overflow-auto overscroll-contain sm:scroll-pl-72"
    >
      <table className={cx("w-full min-w-(--grid-width) table-fixed border-separate border-spacing-0 text-sm", cells)} style={width}>
        <caption className="sr-only">What each plan gives of each feature. A cell is a link to where it is changed.</caption>
        <thead>
          <tr>
            <th
              scope="col"
              className="sticky top-0 left-0 z-30 w-40 border-line border-b bg-surface px-3 text-left font-medium text-ink-muted text-xs sm:w-72 sm:px-4"
            >
              Feature
            </th>
            {columns.map((column, i) => (
              <th
                key={column.key}
                scope="col"
                data-first={i === firstAddOn || undefined}
                className={cx("sticky top-0 z-20 h-14 border-line border-b border-l bg-surface px-2 text-center align-middle font-normal")}
              >
                <Link
                  to={paths.plan(column.key)}
                  title={`Edit ${column.name}`}
                  className="block truncate rounded-sm font-semibold text-ink hover:text-accent hover:underline"
                >
                  {column.name}
                </Link>
                <span className="block truncate text-[0.6875rem] text-ink-faint">
                  {column.kind === "add_on" && "Add-on, "}
                  {count(column.tenants)} {column.tenants === 1 ? "tenant" : "tenants"}
                </span>
              </th>
            ))}
          </tr>
        </thead>
        {sections.map(({ group, rows }) => (
          <tbody key={group ?? ""}>
            {(sections.length > 1 || group !== null) && (
              <tr>
                <th
                  scope="rowgroup"
                  colSpan={columns.length + 1}
                  className="sticky top-14 z-10 h-8 border-line border-b bg-sunken text-left font-semibold text-ink-muted text-xs"
                >
                  <span className="sticky left-0 inline-block max-w-[80vw] truncate px-3 sm:px-4">
                    {group ?? "Without a group"} <span className="font-normal text-ink-faint">{count(rows.length)}</span>
                  </span>
                </th>
              </tr>
            )}
            {rows.map((row) => (
              <tr key={row.key}>
                <th scope="row" className="sticky left-0 z-10 border-line border-b bg-surface p-0 text-left font-normal">
                  <a
                    href={paths.feature(row.key)}
                    title={row.key}
                    className="flex h-11 flex-col justify-center px-3 leading-tight hover:text-accent sm:px-4"
                  >
                    <span className="line-clamp-2 text-ink sm:block sm:truncate">{row.name}</span>
                    <span className="truncate font-mono text-[0.6875rem] text-ink-faint max-sm:hidden">{row.key}</span>
                  </a>
                </th>
                {row.cells.map((cell, i) => {
                  const column = columns[i] as Column;
                  return (
                    <td key={column.key} data-first={i === firstAddOn || undefined}>
                      <a href={paths.planCell(column.key, row.key) + back} aria-label={`${row.name} in ${column.name}: ${said(cell)}`}>
                        <Cell cell={cell} />
                      </a>
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        ))}
      </table>
    </section>
  );
}

function Cell({ cell }: { cell: GridCell }) {
  if (!cell) return <small aria-hidden="true">–</small>;
  const { text, from } = cell;
  if (from === null) return text === "on" ? <OwnCheck /> : <b>{text}</b>;
  return (
    <>
      {text === "on" ? <Check className="size-3.5 text-ink-faint" aria-hidden="true" /> : <i>{text}</i>}
      <small>from {from}</small>
    </>
  );
}

const OwnCheck = () => (
  <span className="grid size-5 place-items-center rounded-full bg-yes-soft text-yes">
    <Check className="size-3.5" strokeWidth={2.5} aria-hidden="true" />
  </span>
);

function said(cell: GridCell): string {
  if (!cell) return "not given";
  return cell.from === null ? `${cell.text}, its own entry` : `${cell.text}, from ${cell.from}`;
}
