import { Link } from "@remix-run/react";
import type { CSSProperties } from "react";
import type { GridCell, GridColumn, GridSection } from "~/core/catalogue/plan-grid";
import { shorten } from "~/core/text";
import { paths } from "~/paths";
import { cx } from "~/ui/kit/cx";
import { count } from "~/ui/kit/pagination";
import type { SaveCells } from "./grid-edit";
import { useGridKeys } from "./grid-keys";

type Column = GridColumn & { tenants: number };

type Props = {
  columns: readonly Column[];
  sections: readonly GridSection[];
  /** The grid's query, so that a cell's page leads back to the same view. */
  query: string;
  /** Saves cells as they are typed; left out for people who may not edit. */
  onEdit?: SaveCells;
};

// Styles are on the table instead of each of its 2,000 cells: a third of the page's bytes.
const cells = cx(
  "[&_td]:border-line [&_td]:border-b [&_td]:border-l [&_td]:p-0",
  // Start of the add-ons.
  "[&_[data-first]]:border-l-2 [&_[data-first]]:border-l-line-strong",
  "[&_td>a]:flex [&_td>a]:h-11 [&_td>a]:flex-col [&_td>a]:items-center [&_td>a]:justify-center [&_td>a]:px-2 [&_td>a]:leading-tight",
  // Cells that the draft changes have a corner and a ground, so that colour is not all that marks them.
  "[&_td]:relative [&_td[data-changed]>a]:bg-warn-soft [&_td[data-changed]]:after:absolute [&_td[data-changed]]:after:top-0 [&_td[data-changed]]:after:right-0 [&_td[data-changed]]:after:border-4 [&_td[data-changed]]:after:border-warn [&_td[data-changed]]:after:border-b-transparent [&_td[data-changed]]:after:border-l-transparent [&_td[data-changed]]:after:content-['']",
  "[&_td>input]:absolute [&_td>input]:inset-0 [&_td>input]:z-10 [&_td>input]:w-full [&_td>input]:border-2 [&_td>input]:border-accent [&_td>input]:bg-surface [&_td>input]:px-2 [&_td>input]:text-center [&_td>input]:outline-none",
  "[&_td>a:hover]:bg-accent-soft [&_a:focus-visible]:-outline-offset-2",
  "[&_td>a>b]:max-w-full [&_td>a>b]:truncate [&_td>a>b]:font-medium",
  "[&_td>a>i]:max-w-full [&_td>a>i]:truncate [&_td>a>i]:text-ink-muted [&_td>a>i]:text-xs [&_td>a>i]:not-italic",
  "[&_td_svg]:size-3.5 [&_td_svg]:text-ink-faint",
  "[&_svg[data-own]]:size-5 [&_svg[data-own]]:rounded-full [&_svg[data-own]]:bg-yes-soft [&_svg[data-own]]:p-[3px] [&_svg[data-own]]:text-yes",
  "[&_td>a>small]:max-w-full [&_td>a>small]:truncate [&_td>a>small]:text-[0.6875rem] [&_td>a>small]:text-ink-faint",
);

/** Max characters of a name repeated in a cell; its row and column have the whole name. */
const maxLabel = 60;

/** Plans × features. Every cell is a link; with JavaScript the arrow keys move between cells. */
export function PlanGrid({ columns, sections, query, onEdit }: Props) {
  const keys = useGridKeys(sections, onEdit);
  const back = query === "" ? "" : `?back=${encodeURIComponent(query)}`;
  const firstAddOn = columns.findIndex((column) => column.kind === "add_on");
  // In rem: the first column on a phone, and seven per plan.
  const width = { "--grid-width": `${10 + 7 * columns.length}rem` } as CSSProperties;
  return (
    <section
      {...keys}
      aria-label="Plans and features"
      className="max-h-[calc(100dvh-10rem)] min-h-72 scroll-pt-24 scroll-pl-40 overflow-auto overscroll-contain sm:scroll-pl-72"
    >
      <table className={cx("w-full min-w-(--grid-width) table-fixed border-separate border-spacing-0 text-sm", cells)} style={width}>
        <caption className="sr-only">
          <svg aria-hidden="true">
            <symbol id="tick" viewBox="0 0 24 24">
              <path d="M20 6 9 17l-5-5" fill="none" stroke="currentColor" strokeWidth="2.75" strokeLinecap="round" strokeLinejoin="round" />
            </symbol>
          </svg>
          What each plan gives of each feature. A cell is a link to where it is changed.
        </caption>
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
                className={cx(
                  "sticky top-0 z-20 h-18 border-line border-b border-l bg-surface px-1.5 text-center align-middle font-normal",
                )}
              >
                {column.kind === "add_on" && <span className="block text-[0.6875rem] text-ink-muted leading-tight">Add-on</span>}
                <Link
                  to={paths.plan(column.key)}
                  title={`Edit ${column.name}`}
                  className="line-clamp-2 rounded-sm font-semibold text-[0.8125rem] text-ink leading-tight wrap-anywhere hover:text-accent hover:underline"
                >
                  {column.name}
                </Link>
                <span className="mt-0.5 block truncate text-[0.6875rem] text-ink-faint">
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
                  className="sticky top-18 z-10 h-8 border-line border-b bg-sunken text-left font-semibold text-ink-muted text-xs"
                >
                  <span className="sticky left-0 inline-block max-w-[80vw] truncate px-3 sm:px-4">
                    {group ?? "Without a group"} <span className="font-normal text-ink-faint">{count(rows.length)}</span>
                  </span>
                </th>
              </tr>
            )}
            {rows.map((row) => (
              <tr key={row.key} data-type={row.type}>
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
                    <td key={column.key} data-first={i === firstAddOn || undefined} data-changed={cell?.changed}>
                      <a
                        href={paths.planCell(column.key, row.key) + back}
                        aria-label={`${shorten(row.name, maxLabel)} in ${shorten(column.name, maxLabel)}: ${said(cell)}`}
                      >
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
  if (!cell || cell.text === null) return <small aria-hidden="true">–</small>;
  const { text, from } = cell;
  if (from === null) return text === "on" ? <Tick own /> : <b>{text}</b>;
  return (
    <>
      {text === "on" ? <Tick /> : <i>{text}</i>}
      <small>from {shorten(from, maxLabel)}</small>
    </>
  );
}

/** Defined once in the caption and referenced a thousand times. */
const Tick = ({ own }: { own?: boolean }) => (
  <svg aria-hidden="true" data-own={own}>
    <use href="#tick" />
  </svg>
);

function said(cell: GridCell): string {
  if (!cell) return "not given";
  const drafted = cell.changed ? ", changed in your draft" : "";
  if (cell.text === null) return `not given${drafted}`;
  return `${cell.text}, ${cell.from === null ? "its own entry" : `from ${shorten(cell.from, maxLabel)}`}${drafted}`;
}
