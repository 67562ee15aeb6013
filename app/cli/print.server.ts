/** Answers go to stdout, everything about them to stderr: so that a program can read the one without the other. */
export function print(...lines: string[]): void {
  process.stdout.write(`${lines.join("\n")}\n`);
}

export function remark(sentence: string): void {
  process.stderr.write(`${sentence}\n`);
}

export const printJson = (value: unknown) => print(JSON.stringify(value, null, 2));

/** Columns under their titles. The last one is not filled up, so a name of any script and length may stand there. */
export function printTable(titles: string[], rows: string[][]): void {
  // What was stored by a program may hold codes that terminals obey.
  const lines = [titles, ...rows].map((row) => row.map((cell) => cell.replace(/\p{Cc}/gu, "\ufffd")));
  const widths = titles.map((_, i) => lines.reduce((most, row) => Math.max(most, row[i]?.length ?? 0), 0));
  print(...lines.map((row) => row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i] ?? 0))).join("  ")));
}
