/** A cell as it is typed; an empty text takes the plan's own entry away. */
export type TypedGridCell = { plan: string; feature: string; text: string };
export type SaveCells = (cells: TypedGridCell[]) => void;

/** The cell that a link of the grid leads to: /plans/PLAN/features/FEATURE. */
function cellOf(link: HTMLAnchorElement): Omit<TypedGridCell, "text"> {
  const [, , plan = "", , feature = ""] = link.pathname.split("/").map(decodeURIComponent);
  return { plan, feature };
}

/** Space toggles a feature that is on or off, Delete takes an entry away, and any other character begins a value. */
export function editCell(key: string, link: HTMLAnchorElement, save: SaveCells): void {
  const isBoolean = link.closest("tr")?.dataset.type === "boolean";
  const isOn = link.querySelector("svg[data-own]") !== null;
  if (key === "Delete" || key === "Backspace") save([{ ...cellOf(link), text: "" }]);
  else if (isBoolean) {
    if (key === " ") save([{ ...cellOf(link), text: isOn ? "" : "on" }]);
  } else typeInto(link, key === " " ? (link.querySelector("b")?.textContent ?? "") : key, save);
}

/** A field on top of the cell. Enter and leaving it save, Escape does not. */
function typeInto(link: HTMLAnchorElement, text: string, save: SaveCells): void {
  const cell = link.closest("td") as HTMLTableCellElement;
  const open = cell.querySelector("input");
  // Several keys were pressed before this file was loaded.
  if (open) {
    open.value += text;
    return;
  }
  const input = document.createElement("input");
  input.setAttribute("aria-label", link.getAttribute("aria-label") ?? "");
  input.value = text;
  let isOver = false;
  const end = (isSaved: boolean) => {
    if (isOver) return;
    isOver = true;
    const typed = input.value;
    input.remove();
    link.focus();
    if (isSaved) save([{ ...cellOf(link), text: typed }]);
  };
  input.addEventListener("blur", () => end(true));
  input.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Enter") end(true);
    else if (event.key === "Escape") end(false);
    else return;
    event.preventDefault();
  });
  cell.append(input);
  input.focus();
}

/** Fills cells from a sheet, beginning at the link's cell; what lies outside of the grid is left out. */
export function pasteCells(text: string, link: HTMLAnchorElement, save: SaveCells): void {
  const first = link.closest("tr");
  const rows = [...(link.closest("table")?.querySelectorAll<HTMLTableRowElement>("tbody tr:has(td)") ?? [])];
  const from = rows.indexOf(first as HTMLTableRowElement);
  const column = link.closest("td")?.cellIndex ?? 0;
  const lines = text.replace(/\r?\n$/, "").split(/\r?\n/);
  const cells = lines.flatMap((line, r) =>
    line.split("\t").flatMap((value, c) => {
      const target = rows[from + r]?.cells[column + c]?.querySelector("a");
      return target ? [{ ...cellOf(target), text: value.trim() }] : [];
    }),
  );
  if (cells.length > 0) save(cells);
}
