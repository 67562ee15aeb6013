import { useNavigate } from "@remix-run/react";
import { type ClipboardEvent, type KeyboardEvent, type MouseEvent, useEffect, useRef } from "react";
import type { SaveCells } from "./grid-edit";

/** Rows per Page Up or Page Down. */
const page = 10;

/** URL of the last opened link of a grid, so that returning finds the same place. Only set in a browser. */
let lastOpened: string | null = null;

type Editor = typeof import("./grid-edit");
let editor: Editor | undefined;
let loading: Promise<Editor> | undefined;

/** Calls at once if the editor is loaded, and otherwise in the order of the calls once it is. */
function withEditor(work: (editor: Editor) => void): void {
  if (editor) {
    work(editor);
    return;
  }
  loading ??= import("./grid-edit").then((loaded) => {
    editor = loaded;
    return loaded;
  });
  loading.then(work, () => {
    // The next key tries again.
    loading = undefined;
  });
}

const isClearing = (key: string) => key === "Delete" || key === "Backspace";

/**
 * Arrow keys, Home, End and Page keys move between the links of a table; Tab leaves it in one step. `content` is what
 * the table shows: links are looked up again when it changes.
 */
export function useGridKeys(content: unknown, onEdit?: SaveCells) {
  const ref = useRef<HTMLElement>(null);
  const navigate = useNavigate();

  // biome-ignore lint/correctness/useExhaustiveDependencies: the links belong to the content
  useEffect(() => {
    const links = [...(ref.current?.querySelectorAll<HTMLAnchorElement>("tbody a") ?? [])];
    for (const link of links) link.tabIndex = -1;
    const back = links.find((link) => link.getAttribute("href") === lastOpened);
    const entry = back ?? links.find((link) => link.closest("td")) ?? links[0];
    if (entry) entry.tabIndex = 0;
    back?.focus();
    lastOpened = null;
  }, [content]);

  const linkOf = (target: EventTarget) => (target as Element).closest<HTMLAnchorElement>("tbody a");

  function go(from: HTMLAnchorElement, to: HTMLAnchorElement | null | undefined) {
    if (!to) return;
    from.tabIndex = -1;
    to.tabIndex = 0;
    to.focus();
  }

  function onKeyDown(event: KeyboardEvent<HTMLElement>) {
    const link = linkOf(event.target);
    const cell = link?.closest<HTMLTableCellElement>("td, th");
    const row = cell?.closest("tr");
    if (!link || !cell || !row || event.altKey || event.metaKey) return;
    const rows = [...(ref.current?.querySelectorAll<HTMLTableRowElement>("tbody tr:has(a)") ?? [])];
    const at = (r: number, c: number) => rows[Math.max(0, Math.min(rows.length - 1, r))]?.cells[c]?.querySelector("a");
    const [r, c, last] = [rows.indexOf(row), cell.cellIndex, row.cells.length - 1];
    const all = event.ctrlKey;
    const to: { [key: string]: () => HTMLAnchorElement | null | undefined } = {
      ArrowUp: () => at(r - 1, c),
      ArrowDown: () => at(r + 1, c),
      ArrowLeft: () => at(r, Math.max(0, c - 1)),
      ArrowRight: () => at(r, Math.min(last, c + 1)),
      Home: () => at(all ? 0 : r, 0),
      End: () => at(all ? rows.length : r, last),
      PageUp: () => at(r - page, c),
      PageDown: () => at(r + page, c),
    };
    const move = to[event.key];
    if (!move && onEdit && !event.ctrlKey && link.closest("td") && (event.key.length === 1 || isClearing(event.key))) {
      event.preventDefault();
      const { key } = event;
      withEditor(({ editCell }) => editCell(key, link, onEdit));
      return;
    }
    if (!move || (all && event.key !== "Home" && event.key !== "End")) return;
    event.preventDefault();
    go(link, move());
  }

  function onClick(event: MouseEvent<HTMLElement>) {
    const link = linkOf(event.target);
    if (!link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    lastOpened = link.getAttribute("href");
    navigate(link.pathname + link.search);
  }

  function onPaste(event: ClipboardEvent<HTMLElement>) {
    const link = linkOf(event.target);
    if (!onEdit || !link?.closest("td")) return;
    event.preventDefault();
    const text = event.clipboardData.getData("text/plain");
    withEditor(({ pasteCells }) => pasteCells(text, link, onEdit));
  }

  // What edits cells is there before the first key, which would otherwise be slower than the second.
  const onFocus = onEdit && (() => withEditor(() => {}));

  return { ref, onKeyDown, onClick, onPaste, onFocus };
}
