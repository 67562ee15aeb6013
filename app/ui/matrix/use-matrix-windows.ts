import { useFetcher, useLocation, useRevalidator } from "@remix-run/react";
import { useEffect, useMemo, useRef, useState } from "react";

export type MatrixRow = { key: string; name: string; plan: string | null; cells: readonly string[] };
type Window = { rows: readonly MatrixRow[]; next: string | null };
type Columns = { columns: readonly { key: string }[] };
type LoadedWindow = Window & Columns;

/** Height of a row in px, as its class `h-10` makes it. */
export const rowHeight = 40;
/** How far beyond what is seen rows are rendered and loaded, in px. */
const margin = "800px 0px";

const columnKeys = ({ columns }: Columns) => columns.map(({ key }) => key).join();

/**
 * The rows of a page, and more of them as its end comes into view. Rows far from what is seen are replaced by a space of
 * the same height, so that the document stays small. Without JavaScript there is one window.
 */
export function useMatrixWindows({ columns, ...first }: LoadedWindow) {
  const { pathname, search } = useLocation();
  const { data, load } = useFetcher<LoadedWindow>();
  const { revalidate } = useRevalidator();
  const [windows, setWindows] = useState<Window[]>([first]);
  const [shown, setShown] = useState<ReadonlySet<number>>(() => new Set([0]));
  /** Below the table, in the element that scrolls. */
  const sentinel = useRef<HTMLDivElement>(null);
  const asked = useRef<string | null>(null);
  const last = windows.at(-1)?.next ?? null;

  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each answer
  useEffect(() => {
    if (!data || asked.current === null) return;
    asked.current = null;
    // A column was archived. Reload the page with the remaining columns.
    if (columnKeys(data) !== columnKeys({ columns })) {
      revalidate();
      return;
    }
    setWindows((known) => [...known, { rows: data.rows, next: data.next }]);
  }, [data]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: observed again after each window
  useEffect(() => {
    if (!sentinel.current || last === null) return;
    const observer = new IntersectionObserver(
      ([entry]) => {
        if (!entry?.isIntersecting || asked.current === last) return;
        asked.current = last;
        const query = new URLSearchParams(search);
        query.set("after", last);
        // The usual columns or those of a plan may change between two windows.
        query.delete("feature");
        for (const { key } of columns) query.append("feature", key);
        load(`${pathname}?${query}`);
      },
      { root: sentinel.current.parentElement, rootMargin: margin },
    );
    observer.observe(sentinel.current);
    return () => observer.disconnect();
  }, [last]);

  useEffect(() => {
    if (windows.length < 2) return;
    const container = sentinel.current?.parentElement;
    const observer = new IntersectionObserver(
      (entries) =>
        setShown((before) => {
          const after = new Set(before);
          for (const { target, isIntersecting } of entries) {
            const at = Number((target as HTMLElement).dataset.window);
            if (isIntersecting || target.contains(document.activeElement)) after.add(at);
            else after.delete(at);
          }
          return after;
        }),
      { root: container, rootMargin: margin },
    );
    for (const body of container?.querySelectorAll("tbody") ?? []) observer.observe(body);
    return () => observer.disconnect();
  }, [windows.length]);

  const rendered = useMemo(
    () => windows.map(({ rows }, at) => ({ rows, isShown: windows.length === 1 || shown.has(at) || at === windows.length - 1 })),
    [windows, shown],
  );
  return { windows: rendered, last, sentinel };
}
