import fc from "fast-check";

export type JsonSchema = { [key: string]: unknown };
type Known = { [name: string]: readonly string[] };

/** Values that fit a schema, often with names that there are, so that a request gets past the first look. */
export function fromSchema(schema: JsonSchema, resolve: (ref: string) => JsonSchema, known: Known, name = ""): fc.Arbitrary<unknown> {
  const again = (inner: unknown, as = name) => fromSchema(inner as JsonSchema, resolve, known, as);
  if (typeof schema.$ref === "string") return again(resolve(schema.$ref));
  const choices = (schema.anyOf ?? schema.oneOf) as JsonSchema[] | undefined;
  if (choices) return fc.oneof(...choices.map((s) => again(s)));
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (Array.isArray(schema.enum)) return fc.constantFrom(...schema.enum);
  switch (schema.type) {
    case "string":
      return text(schema, known[name]);
    case "integer":
      return fc.oneof(
        fc.integer({ min: (schema.minimum as number) ?? -5, max: Math.min((schema.maximum as number) ?? 1_000, 1_000_000) }),
        fc.constantFrom(0, 1, 2 ** 53 - 1),
      );
    case "number":
      return fc.double({ noNaN: true, noDefaultInfinity: true });
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    case "array":
      return fc.array(again(schema.items ?? {}, name), { minLength: Math.min((schema.minItems as number) ?? 0, 3), maxLength: 3 });
    case "object":
      return object(schema, again, known);
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

function text(schema: JsonSchema, pool: readonly string[] = []): fc.Arbitrary<string> {
  const { minLength = 0, maxLength = 30 } = schema as { minLength?: number; maxLength?: number };
  const free = fc.string({ minLength: Math.min(minLength, 20), maxLength: Math.min(maxLength, 40), unit: "grapheme" });
  if (schema.format === "date-time") {
    const around = Date.UTC(2026, 10, 20);
    return fc.integer({ min: -40, max: 400 }).map((days) => new Date(around + days * 86_400_000).toISOString());
  }
  const fitting = typeof schema.pattern === "string" && !schema.pattern.includes("\\p") ? matching(schema.pattern) : free;
  return pool.length > 0 ? fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...pool) }, { weight: 1, arbitrary: fitting }) : fitting;
}

const patterns = new Map<string, fc.Arbitrary<string>>();
function matching(pattern: string): fc.Arbitrary<string> {
  const made = patterns.get(pattern) ?? fc.stringMatching(new RegExp(pattern), { size: "small" });
  patterns.set(pattern, made);
  return made;
}

function object(schema: JsonSchema, again: (inner: unknown, as?: string) => fc.Arbitrary<unknown>, known: Known): fc.Arbitrary<unknown> {
  const {
    properties = {},
    required = [],
    additionalProperties,
  } = schema as {
    properties?: { [name: string]: JsonSchema };
    required?: string[];
    additionalProperties?: unknown;
  };
  const fields = Object.fromEntries(Object.entries(properties).map(([key, inner]) => [key, again(inner, key)]));
  const own = fc.record(fields, { requiredKeys: required });
  if (typeof additionalProperties !== "object") return own;
  const names = fc.constantFrom(...(known.feature ?? ["a"]));
  return fc.tuple(own, fc.dictionary(names, again(additionalProperties, ""), { maxKeys: 3 })).map(([a, b]) => ({ ...a, ...b }));
}
