import { csvHead, csvText, cutSentence } from "./csv";
import type { Json } from "./model";

/** A list as a file: the names of its columns, and its rows in batches. */
export type ListFile = {
  heads: string[];
  /** The names in JSON, if those are words for people. */
  fields?: string[];
  batches: AsyncIterable<ListCell[][] | CutList>;
};
/** In CSV a list is joined by semicolons. */
export type ListCell = string | number | boolean | null | readonly string[];
/** Comes last if the file does not have everything: after what it ends, for example "10,000 rows". */
export type CutList = { cutAfter: string };

export const listFormats = ["csv", "json"] as const;
export type ListFormat = (typeof listFormats)[number];

/** The parts of a file. JSON is a list of objects. That a file is cut, its last row says, in JSON the object's `cut`. */
export async function* listFileText({ heads, fields = heads, batches }: ListFile, format: ListFormat): AsyncGenerator<string> {
  if (format === "csv") {
    yield csvHead(heads);
    for await (const rows of batches)
      yield csvText(isCutList(rows) ? [[cutSentence(rows.cutAfter)]] : rows.map((row) => row.map(csvValue)));
    return;
  }
  let isFirst = true;
  yield "[";
  for await (const rows of batches) {
    const objects: { [field: string]: Json }[] = isCutList(rows)
      ? [{ cut: cutSentence(rows.cutAfter) }]
      : rows.map((row) => Object.fromEntries(fields.map((field, i) => [field, (row[i] ?? null) as Json])));
    if (objects.length === 0) continue;
    yield `${isFirst ? "\n" : ",\n"}${objects.map((object) => JSON.stringify(object)).join(",\n")}`;
    isFirst = false;
  }
  yield "\n]\n";
}

const isCutList = (batch: ListCell[][] | CutList): batch is CutList => !Array.isArray(batch);

function csvValue(cell: ListCell): string | number | null {
  if (typeof cell === "boolean") return String(cell);
  return typeof cell === "object" && cell !== null ? cell.join(";") : (cell as string | number | null);
}
