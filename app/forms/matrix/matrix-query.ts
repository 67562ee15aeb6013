import { z } from "zod";
import { keyPattern } from "~/core/model";
import { cursor } from "~/forms/pagination";

/** Columns of one page. */
export const maxMatrixColumns = 30;

/** Where a window starts: after this search text and key. */
const place = cursor(["acme", "acme"], z.string().max(1_300), z.string().max(200)).optional().catch(undefined);
const text = (max: number) => z.string().max(max).catch("");

const query = z.object({
  /** What to add to the columns: a key or words. */
  add: text(200).transform((typed) => typed.replace(/[\p{Cc}\p{Cs}]/gu, "").trim()),
  /** A plan whose features are the columns. */
  of: text(100).transform((key) => (keyPattern.test(key) ? key : "")),
  after: place,
});
/** `columns`: chosen features, or none for the usual ones. */
export type MatrixQuery = z.infer<typeof query> & { columns: string[] };

/** Invalid values are ignored, so that the matrix always shows something. */
export function readMatrixQuery(params: URLSearchParams): MatrixQuery {
  const columns = [...new Set(params.getAll("feature").filter((key) => keyPattern.test(key)))];
  return { ...query.parse(Object.fromEntries(params)), columns };
}
