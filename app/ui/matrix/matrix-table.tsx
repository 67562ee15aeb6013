import { Link, useSearchParams } from "@remix-run/react";
import type { CSSProperties } from "react";
import { cellLetterOf, cellValueOf } from "~/core/matrix/matrix-cell";
import { matrixFilters } from "~/forms/matrix/matrix-params";
import { paths } from "~/paths";
import { useGridKeys } from "~/ui/catalogue/grid-keys";
import { LinkButton } from "~/ui/kit/button";
import { cx } from "~/ui/kit/cx";
import { cellLooks, cellWords } from "./matrix-words";
import { type MatrixRow, rowHeight, useMatrixWindows } from "./use-matrix-windows";

type Column = { key: string; name: string };
type Props = { columns: readonly Column[]; rows: readonly MatrixRow[]; next: string | null };

// Styles are set on the table, because hundreds of cells would repeat them.
const look = cx(
  "[&_td]:h-10 [&_td]:border-line [&_td]:border-b [&_td]:border-l [&_td]:p-0",
  "[&_td]:relative [&_td]:before:absolute [&_td]:before:top-0.5 [&_td]:before:left-1 [&_td]:before:text-[0.625rem]",
  "[&_td>a]:flex [&_td>a]:h-10 [&_td>a]:flex-col [&_td>a]:items-center [&_td>a]:justify-center [&_td>a]:leading-tight",
  "[&_td>a:hover]:bg-ink/5 [&_a:focus-visible]:-outline-offset-2",
  "[&_i]:text-[0.6875rem] [&_i]:not-italic",
  "[&_tbody_th]:sticky [&_tbody_th]:left-0 [&_tbody_th]:z-10 [&_tbody_th]:border-line [&_tbody_th]:border-b [&_tbody_th]:bg-surface [&_tbody_th]:p-0 [&_tbody_th]:text-left [&_tbody_th]:font-normal",
  "[&_tbody_th>a]:flex [&_tbody_th>a]:h-10 [&_tbody_th>a]:flex-col [&_tbody_th>a]:justify-center [&_tbody_th>a]:px-3 [&_tbody_th>a]:leading-tight [&_tbody_th>a:hover]:text-accent",
  "[&_tbody_th_span]:block [&_tbody_th_span]:truncate [&_small]:block [&_small]:truncate [&_small]:text-[0.6875rem] [&_small]:text-ink-faint",
);

/** Tenants × features. Every cell is a link; with JavaScript the arrow keys move and more rows load while scrolling. */
export function MatrixTable({ columns, rows, next }: Props) {
  const [params] = useSearchParams();
  const { windows, last, sentinel } = useMatrixWindows({ columns, rows, next });
  const keys = useGridKeys(windows);
  const filters = matrixFilters(params);
  const without = (key: string) => columns.filter((column) => column.key !== key).map((column) => column.key);
  const following = new URLSearchParams(params);
  if (last !== null) following.set("after", last);
  const first = new URLSearchParams(params);
  first.delete("after");
  return (
    <>
      <section
        {...keys}
        aria-label="Tenants and features"
        className="relative max-h-[calc(100dvh-12rem)] min-h-72 scroll-pt-16 scroll-pl-36 overflow-auto overscroll-contain rounded-card border border-line bg-surface shadow-card sm:scroll-pl-56"
      >
        <table
          className={cx("w-full min-w-(--matrix-width) table-fixed border-separate border-spacing-0 text-xs", look, cellLooks)}
          style={{ "--matrix-width": `${9 + 7.5 * columns.length}rem` } as CSSProperties}
        >
          <caption className="sr-only">What each tenant has of each feature. A cell leads to the feature of the tenant.</caption>
          <thead>
            <tr>
              <th
                scope="col"
                className="sticky top-0 left-0 z-30 w-36 border-line border-b bg-surface px-3 text-left font-medium text-ink-muted sm:w-56"
              >
                Tenant
              </th>
              {columns.map(({ key, name }) => (
                <th key={key} scope="col" className="sticky top-0 z-20 h-14 border-line border-b border-l bg-surface px-1.5 align-middle">
                  <span className="flex items-start gap-1">
                    <Link
                      to={paths.feature(key)}
                      title={`${name} (${key})`}
                      className="line-clamp-2 min-w-0 flex-1 rounded-sm text-left font-medium leading-tight wrap-break-word hover:text-accent hover:underline"
                    >
                      {name}
                    </Link>
                    {columns.length > 1 && (
                      <Link
                        to={paths.matrix(without(key), filters)}
                        preventScrollReset
                        aria-label={`Remove the column ${name}`}
                        title="Remove this column"
                        className="-mr-0.5 grid size-5 shrink-0 place-items-center rounded text-ink-faint hover:bg-sunken hover:text-ink"
                      >
                        ×
                      </Link>
                    )}
                  </span>
                </th>
              ))}
            </tr>
          </thead>
          {windows.map(({ rows, isShown }, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: windows are only appended
            <tbody key={at} data-window={at}>
              {isShown ? (
                rows.map((row) => <Row key={row.key} row={row} columns={columns} />)
              ) : (
                <tr>
                  <td colSpan={columns.length + 1} style={{ height: rows.length * rowHeight }} />
                </tr>
              )}
            </tbody>
          ))}
        </table>
        <div ref={sentinel} />
      </section>
      <nav aria-label="Pages" className="mt-3 flex justify-between gap-2">
        {params.has("after") ? <LinkButton to={`?${first}`}>First page</LinkButton> : <span />}
        {last !== null && <LinkButton to={`?${following}`}>Next page</LinkButton>}
      </nav>
    </>
  );
}

function Row({ row: { key, name, plan, cells }, columns }: { row: MatrixRow; columns: readonly Column[] }) {
  return (
    <tr>
      <th scope="row">
        <a href={paths.tenant(key)} title={`${name} (${key})`}>
          <span>{name}</span>
          <small>{plan ?? "No plan"}</small>
        </a>
      </th>
      {cells.map((cell, i) => {
        const feature = columns[i]?.key ?? "";
        const letter = cellLetterOf(cell);
        const value = cellValueOf(cell);
        return (
          <td key={feature} data-s={letter}>
            <a href={paths.tenantFeatures(key, { q: feature })}>
              {value}
              <i>{cellWords[letter]}</i>
            </a>
          </td>
        );
      })}
    </tr>
  );
}
