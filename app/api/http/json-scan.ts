export type JsonFault = "too_many_values" | "too_deep";

/** Thrown when a body exceeds its route's limits. */
export class BodyRefused extends Error {
  readonly statusCode: 400 | 413;
  constructor(readonly fault: JsonFault) {
    super(fault);
    this.statusCode = fault === "too_deep" ? 400 : 413;
  }
}

const [quote, backslash, comma, colon] = ['"', "\\", ",", ":"].map((c) => c.charCodeAt(0));
const [openList, closeList, openObject, closeObject] = ["[", "]", "{", "}"].map((c) => c.charCodeAt(0));

/**
 * Counts names, values and nesting in one pass over the bytes, and stops as soon as a limit is exceeded. An empty list
 * or object counts as two values. Invalid JSON is left to the parser.
 */
export function jsonFault(bytes: Uint8Array, { maxValues, maxDepth }: { maxValues: number; maxDepth: number }): JsonFault | null {
  let values = 0;
  let depth = 0;
  let inText = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (inText) {
      if (byte === backslash) at += 1;
      else if (byte === quote) inText = false;
    } else if (byte === quote) inText = true;
    else if (byte === comma || byte === colon) values += 1;
    else if (byte === openList || byte === openObject) {
      values += 1;
      depth += 1;
      if (depth > maxDepth) return "too_deep";
    } else if (byte === closeList || byte === closeObject) depth -= 1;
    if (values > maxValues) return "too_many_values";
  }
  return null;
}
