import { tenantStatuses } from "~/core/model";

/** What a column of a CSV file of tenants holds. `meta.` and a key: that field of the metadata. Null: it is ignored. */
export type CsvTarget = "key" | "name" | "plan" | "status" | "addOns" | `meta.${string}` | null;

/** `columns` has one entry per column. `addOnSeparator` stands between the add-ons in a cell. */
export type CsvMapping = { columns: CsvTarget[]; addOnSeparator: AddOnSeparator };

export const addOnSeparators = [";", ",", "|", " "] as const;
export type AddOnSeparator = (typeof addOnSeparators)[number];

/** Bounds of an uploaded file. */
export const maxCsvBytes = 25 * 1024 * 1024;
export const maxCsvRows = 100_000;
export const maxCsvColumns = 100;
/** In UTF-16 code units, as are those of a row. An exported cell may have 10,000 of metadata, or 100 add-ons. */
export const maxCsvCell = 12_000;
export const maxCsvRow = 50_000;

export const csvLimits = "Up to 25 MB, 100,000 rows, 100 columns and 12,000 characters per cell.";

const names: Record<Exclude<CsvTarget, `meta.${string}` | null>, readonly string[]> = {
  key: ["key", "tenantkey", "tenant", "tenantid", "id", "accountid", "customerid"],
  name: ["name", "tenantname", "company", "companyname", "account", "accountname", "customer", "customername"],
  plan: ["plan", "plankey", "tier"],
  status: ["status", "state"],
  addOns: ["addons", "addon"],
};
export const csvFields = Object.keys(names) as (keyof typeof names)[];

const metadataHead = /^(?:metadata|meta)[.:]\s*(.{1,100})$/is;

/** Finds the target of each column by its head. A target is given to its best column, other columns are ignored. */
export function guessColumns(heads: readonly string[]): CsvTarget[] {
  const plain = heads.map((head) => head.toLowerCase().replace(/[^\p{L}\p{N}]/gu, ""));
  const columns: CsvTarget[] = heads.map((head) => {
    const field = metadataHead.exec(head.trim())?.[1];
    return field === undefined ? null : (`meta.${field}` as const);
  });
  for (const field of csvFields) {
    const found = names[field].map((name) => plain.indexOf(name)).find((at) => at >= 0 && columns[at] === null);
    if (found !== undefined) columns[found] = field;
  }
  const seen = new Set<string>();
  return columns.map((target) => {
    if (target === null || seen.has(target)) return null;
    seen.add(target);
    return target;
  });
}

/** "the name", "the metadata field region" */
function targetWords(target: Exclude<CsvTarget, null>): string {
  if (target.startsWith("meta.")) return `the metadata field ${target.slice(5)}`;
  return target === "addOns" ? "the add-ons" : `the ${target}`;
}

/** Why a mapping cannot be used, with the number of the column, from 0, or null for the mapping as a whole. */
export function mappingProblem(columns: readonly CsvTarget[]): { column: number | null; message: string } | null {
  if (!columns.includes("key")) return { column: null, message: "Choose the column that holds the tenants' keys." };
  const seen = new Set<string>();
  for (const [column, target] of columns.entries()) {
    if (target === null) continue;
    if (target === "meta.") return { column, message: "Name the metadata field." };
    if (seen.has(target)) return { column, message: `Another column holds ${targetWords(target)} already.` };
    seen.add(target);
  }
  return null;
}

/** A head as people see it. Columns without one have their number. */
export const headOf = (heads: readonly string[], column: number): string => heads[column]?.trim() || `Column ${column + 1}`;

export const statusWords = tenantStatuses.join(", ");

/** A cell that takes the value away. An empty one leaves it. */
export const clearingCell = "-";
