import { z } from "zod";
import { addOnSeparators, type CsvMapping, csvFields, guessColumns } from "~/core/import/csv-columns";
import { type Refusal, refuse } from "~/core/outcome";
import { yes } from "~/forms/pagination";
import { note } from "~/forms/tenants/tenant";
import { isFieldName } from "./tenant-csv-row";

const head = z.string().min(1, "Name a column.").max(200, "A column's name has up to 200 characters.").optional();

/** POST /api/tenants/import */
export const csvImportQuery = z.object({
  dryRun: yes.describe("1: change nothing, and say what each row would do."),
  key: head
    .describe("The column of the tenants' keys. Without any column in the query, the first line's names decide.")
    .meta({ examples: ["Tenant ID"] }),
  name: head.describe("The column of names.").meta({ examples: ["Company"] }),
  plan: head.describe("The column of plans: keys, or names.").meta({ examples: ["Tier"] }),
  status: head.describe("The column of statuses.").meta({ examples: ["State"] }),
  addOns: head.describe("The column of add-ons. A cell has all that the tenant has.").meta({ examples: ["Add-ons"] }),
  metadata: z
    .preprocess((sent) => [sent].flat(), z.array(z.string().min(1).max(200)).max(100, "Name up to 100 columns."))
    .optional()
    .describe("Columns that are fields of the metadata. May be given more than once."),
  addOnSeparator: z
    .enum(addOnSeparators, "A separator is one of ; , | and a space.")
    .default(";")
    .describe("Stands between add-ons in a cell."),
  why: note
    .optional()
    .describe("Why, for the audit log.")
    .meta({ examples: ["Moved from the old billing system"] }),
});

type CsvImportQuery = z.output<typeof csvImportQuery>;

/** The mapping that a query names, or the one that is guessed if it names no column. */
export function csvMappingOf(query: CsvImportQuery, heads: readonly string[]): { ok: true; mapping: CsvMapping } | Refusal {
  const { addOnSeparator, metadata = [] } = query;
  if (metadata.length === 0 && csvFields.every((field) => query[field] === undefined))
    return { ok: true, mapping: { columns: guessColumns(heads), addOnSeparator } };
  const columns: CsvMapping["columns"] = heads.map(() => null);
  const named = [...csvFields.map((field) => [field, query[field]] as const), ...metadata.map((name) => ["metadata", name] as const)];
  for (const [field, name] of named) {
    if (name === undefined) continue;
    const column = heads.findIndex((one) => one.trim() === name.trim());
    if (column < 0) return refuse("value_invalid", `The file has no column ${name}.`, field);
    if (columns[column] !== null) return refuse("value_invalid", `The column ${name} is named twice.`, field);
    if (field === "metadata" && !isFieldName(name.trim()))
      return refuse("value_invalid", "A metadata field has a name of 1 to 100 characters.", field);
    columns[column] = field === "metadata" ? `meta.${name.trim()}` : field;
  }
  return { ok: true, mapping: { columns, addOnSeparator } };
}
