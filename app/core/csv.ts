/**
 * A CSV file as RFC 4180 has it. Spreadsheets take a cell that begins with one of = + - @ or a control character for a
 * formula, so such a text gets an apostrophe in front. A text that begins with apostrophes before such a character gets
 * one more, so that a reader of the file finds the same text.
 */
export function csvText(rows: readonly (readonly (string | number | null)[])[]): string {
  return rows.map((row) => `${row.map(csvCell).join(",")}\r\n`).join("");
}

/** The last row of a file that does not have everything: one sentence in the first column. */
export const cutRow = (what: string): string => csvText([[`This file ends after ${what}. Narrow the filters for the rest.`]]);

function csvCell(value: string | number | null): string {
  if (value === null) return "";
  if (typeof value === "number") return String(value);
  const harmless = /^'*[=+\-@\t\r\n]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
