/**
 * A CSV file as RFC 4180 has it. Spreadsheets take a cell that begins with one of = + - @ or a control character for a
 * formula, so such a text gets an apostrophe in front. A text that begins with apostrophes before such a character gets
 * one more, so that a reader of the file finds the same text.
 */
export function csvText(rows: readonly (readonly (string | number | null)[])[]): string {
  return rows.map((row) => `${row.map(csvCell).join(",")}\r\n`).join("");
}

/** The first line of a file. Its byte order mark makes Excel read the file as UTF-8. */
export const csvHead = (heads: readonly string[]): string => `\ufeff${csvText([heads])}`;

/** What a file that does not have everything says last. */
export const cutSentence = (what: string): string => `This file ends after ${what}. Narrow the filters for the rest.`;

/** The apostrophe is also written before a text that is a lone hyphen between spaces, which an import takes for "-". */
const guarded = /^'*(?:[=+\-@\t\r\n]|\s+-\s*$)/;

/** The text that a cell was written from. */
export const withoutGuard = (cell: string): string => (cell.startsWith("'") && guarded.test(cell.slice(1)) ? cell.slice(1) : cell);

function csvCell(value: string | number | null): string {
  if (value === null) return "";
  if (typeof value === "number") return String(value);
  const harmless = guarded.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
