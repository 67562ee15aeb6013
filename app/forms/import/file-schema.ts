import { z } from "zod";
import { shorten } from "~/core/text";
import { reservedName, reservedNameRefused } from "~/forms/storable";

type Issue = { code?: string; input?: unknown; expected?: unknown; values?: unknown };

/** The message for an invalid field. Always states what is valid, because the reader sees only this line. */
export function wordsFor({ code, input, expected, values }: Issue): string | undefined {
  if (code !== "invalid_type" && code !== "invalid_value") return undefined;
  const allowed = Array.isArray(values) ? values.map(String) : [];
  const right = code === "invalid_type" ? article(String(expected)) : allowed.length === 1 ? allowed[0] : `one of ${allowed.join(", ")}`;
  if (input === undefined) return `is missing: it has to be ${right}`;
  const quotes = expected === "string" && typeof input === "number" ? ". Put quotes around it if it is meant as text" : "";
  return `has to be ${right}, not ${shown(input)}${quotes}`;
}

const articles: { [type: string]: string } = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  map: "a map (key: value)",
  object: "a map (key: value)",
  array: "a list",
};
const article = (type: string) => articles[type] ?? type;

function shown(input: unknown): string {
  if (input === null) return "empty";
  if (input instanceof Map || (typeof input === "object" && !Array.isArray(input))) return "a map";
  if (Array.isArray(input)) return "a list";
  if (typeof input === "string") return `“${shorten(input, 40)}”`;
  return typeof input === "number" ? `the number ${input}` : String(input);
}

/** A map with these fields and no others. */
export function fields<Shape extends z.ZodRawShape>(shape: Shape) {
  const known = Object.keys(shape).join(", ");
  return z.preprocess(
    (input) => (input instanceof Map ? Object.fromEntries(input) : input),
    z.strictObject(shape, {
      error: (issue) => {
        if (issue.code !== "unrecognized_keys") return wordsFor(issue);
        return `is not a field here. Fields here: ${known}`;
      },
    }),
  );
}

/**
 * Any JSON, converted from the file's maps. Names that the API refuses in JSON are refused here too, with their
 * location.
 */
export function toJson(tree: unknown, ctx: z.core.$RefinementCtx, path: PropertyKey[] = []): z.core.util.JSONType {
  if (Array.isArray(tree)) return tree.map((item, i) => toJson(item, ctx, [...path, i]));
  if (!(tree instanceof Map)) return tree as z.core.util.JSONType;
  if (tree.has(reservedName)) ctx.addIssue({ code: "custom", path: [...path, reservedName], message: reservedNameRefused });
  return Object.fromEntries([...tree].map(([key, value]) => [key, toJson(value, ctx, [...path, key])]));
}
