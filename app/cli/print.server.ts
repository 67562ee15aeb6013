/** Results go to stdout, messages to stderr, so that programs can read them separately. */
export function print(...lines: string[]): void {
  process.stdout.write(`${lines.join("\n")}\n`);
}

export function remark(sentence: string): void {
  process.stderr.write(`${sentence}\n`);
}

export const printJson = (value: unknown) => print(JSON.stringify(value, null, 2));

/** Columns under titles. The last column is not padded, so its text may have any script and length. */
export function printTable(titles: string[], rows: string[][]): void {
  // Stored text may contain terminal control codes.
  const lines = [titles, ...rows].map((row) => row.map((cell) => cell.replace(/\p{Cc}/gu, "\ufffd")));
  const widths = titles.map((_, i) => lines.reduce((most, row) => Math.max(most, row[i]?.length ?? 0), 0));
  print(...lines.map((row) => row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i] ?? 0))).join("  ")));
}
