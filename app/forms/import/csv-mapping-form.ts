import { z } from "zod";
import { addOnSeparators, type CsvTarget, csvFields, maxCsvColumns } from "~/core/import/csv-columns";
import { note } from "~/forms/tenants/tenant";
import { isFieldName } from "./tenant-csv-row";

/** What a column can be chosen to be. `meta` is a field of the metadata, whose name is a field of its own. */
export const columnChoices = ["", ...csvFields, "meta"] as const;
const choice = z.enum(columnChoices, "Choose what the column holds.");

/** Names of the fields of a column, from 0. */
export const columnField = (column: number) => `c${column}`;
export const metadataField = (column: number) => `m${column}`;

const badField = "A metadata field has a name of 1 to 100 characters, without spaces around it.";

/** The form that says what the columns of an uploaded file hold. */
export const csvMappingForm = z
  .looseObject({
    count: z.coerce.number().int().min(1).max(maxCsvColumns),
    addOnSeparator: z.enum(addOnSeparators, "Choose a separator of add-ons.").default(";"),
    note: note.optional(),
  })
  .transform((form, ctx) => {
    const columns = Array.from({ length: form.count }, (_, column) => targetOf(form, column, ctx));
    return { mapping: { columns, addOnSeparator: form.addOnSeparator }, note: form.note ?? null };
  });

function targetOf(form: Record<string, unknown>, column: number, ctx: z.RefinementCtx): CsvTarget {
  const chosen = choice.safeParse(form[columnField(column)] ?? "");
  const refuse = (field: string, message: string) => {
    ctx.addIssue({ code: "custom", path: [field], message });
    return null;
  };
  if (!chosen.success) return refuse(columnField(column), chosen.error.issues[0]?.message ?? "");
  if (chosen.data === "") return null;
  if (chosen.data !== "meta") return chosen.data;
  const field = String(form[metadataField(column)] ?? "").trim();
  return isFieldName(field) ? `meta.${field}` : refuse(metadataField(column), badField);
}
