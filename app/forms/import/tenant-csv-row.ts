import { withoutGuard } from "~/core/csv";
import { type CsvMapping, clearingCell, headOf, statusWords } from "~/core/import/csv-columns";
import type { CsvTenantRow } from "~/core/import/tenant-csv-step";
import { tenantStatuses } from "~/core/model";
import { tenantKey } from "~/forms/entity-keys";
import { reservedName, unstorable } from "~/forms/storable";
import { tenantName } from "~/forms/tenants/tenant";

/** `column` is a number, from 0, or null for the row as a whole. */
export type RowProblem = { column: number | null; message: string };
export type ReadRow = { ok: true; row: CsvTenantRow } | { ok: false; key: string; problem: RowProblem };

const maxAddOns = 100;
const noClearing = "cannot be taken away. Leave the cell empty to keep it, or write '- for a hyphen.";

export const tenantKeyOfCell = withoutGuard;

/** Reads a row of an uploaded file. An empty cell leaves the value as it is. */
export function readTenantRow(cells: readonly string[], heads: readonly string[], mapping: CsvMapping): ReadRow {
  const row: CsvTenantRow = { key: "", metadata: [] };
  let problem: RowProblem | null = null;
  const refuse = (column: number | null, message: string) => {
    problem ??= { column, message };
  };
  if (cells.length > heads.length)
    refuse(null, `This row has ${cells.length} cells, but the first line has ${heads.length}. Put quotes around text with the separator.`);
  for (const [column, target] of mapping.columns.entries()) {
    const cell = withoutGuard(cells[column] ?? "");
    const text = cell.trim();
    // An exported value "-" has an apostrophe.
    const isCleared = cells[column]?.trim() === clearingCell;
    if (target === "key") {
      row.key = cell;
      if (text === "") refuse(column, "The key is empty.");
      else if (isCleared) refuse(column, `The key ${noClearing}`);
      else if (!tenantKey.safeParse(cell).success) refuse(column, "A tenant key has 1 to 200 characters and no control characters.");
      continue;
    }
    if (target === null || text === "") continue;
    if (unstorable.test(cell)) refuse(column, "This holds a character that cannot be stored.");
    else if (target === "name" && isCleared) refuse(column, `The name ${noClearing}`);
    else if (target === "name") {
      const name = tenantName.safeParse(cell);
      if (name.success) row.name = name.data;
      else refuse(column, name.error.issues[0]?.message ?? "");
    } else if (target === "plan") row.plan = isCleared ? null : text;
    else if (target === "status") {
      const status = tenantStatuses.find((one) => one === text.toLowerCase());
      if (status) row.status = status;
      else refuse(column, `A status is one of ${statusWords}.`);
    } else if (target === "addOns") {
      const keys = text.split(mapping.addOnSeparator).map((key) => key.trim());
      row.addOns = isCleared ? [] : [...new Set(keys.filter(Boolean))];
      if (row.addOns.length > maxAddOns) refuse(column, `A tenant has up to ${maxAddOns} add-ons.`);
    } else row.metadata.push([target.slice("meta.".length), isCleared ? null : cell]);
  }
  return problem === null ? { ok: true, row } : { ok: false, key: row.key, problem };
}

/** Whether a metadata field can have this name. */
export const isFieldName = (name: string) =>
  name.length >= 1 && name.length <= 100 && name !== reservedName && !unstorable.test(name) && name.trim() === name;

/** "Line 7, column “Plan”: There is no plan gold." */
export function rowProblemWords(line: number, heads: readonly string[], { column, message }: RowProblem): string {
  return `Line ${line.toLocaleString("en")}${column === null ? "" : `, column “${headOf(heads, column)}”`}: ${message}`;
}
