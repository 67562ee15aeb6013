import { csvHead, csvText } from "./csv";
import type { Json } from "./model";

/** A list as a file: the names of its columns, and its rows in batches. */
export type ListFile = { heads: string[]; batches: AsyncIterable<ListCell[][]> };
/** In CSV a list is joined by semicolons. */
export type ListCell = string | number | boolean | null | readonly string[];

export const listFormats = ["csv", "json"] as const;
export type ListFormat = (typeof listFormats)[number];

/** The parts of a file. JSON is a list of objects. */
export async function* listFileText({ heads, batches }: ListFile, format: ListFormat): AsyncGenerator<string> {
  if (format === "csv") {
    yield csvHead(heads);
    for await (const rows of batches) yield csvText(rows.map((row) => row.map(csvValue)));
    return;
  }
  let isFirst = true;
  yield "[";
  for await (const rows of batches) {
    const objects = rows.map((row) => JSON.stringify(Object.fromEntries(heads.map((head, i) => [head, (row[i] ?? null) as Json]))));
    if (objects.length === 0) continue;
    yield `${isFirst ? "\n" : ",\n"}${objects.join(",\n")}`;
    isFirst = false;
  }
  yield "\n]\n";
}

function csvValue(cell: ListCell): string | number | null {
  if (typeof cell === "boolean") return String(cell);
  return typeof cell === "object" && cell !== null ? cell.join(";") : (cell as string | number | null);
}
