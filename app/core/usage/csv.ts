/** A formula character at the start would be run by a spreadsheet. */
const formula = /^[=+\-@\t\r]/;

function cell(value: string | number | null): string {
  if (value === null) return "";
  if (typeof value === "number") return String(value);
  const text = formula.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Lines of a CSV file (RFC 4180). Text that a spreadsheet would run as a formula gets an apostrophe in front. */
export const csvText = (rows: (string | number | null)[][]): string => rows.map((row) => `${row.map(cell).join(",")}\r\n`).join("");
