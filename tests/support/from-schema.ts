import fc from "fast-check";

export type JsonSchema = { [key: string]: unknown };

/** Values for a name that exist, above all ids. */
export type Known = (name: string) => fc.Arbitrary<unknown> | undefined;

/** One in this many values is random although existing ones are known. */
const known = 7;
const madeUp = 1;

/** Values that fit a schema, often with existing names, so that a request passes the first checks. */
export function fromSchema(schema: JsonSchema, resolve: (ref: string) => JsonSchema, pools: Known, name = ""): fc.Arbitrary<unknown> {
  const again = (inner: unknown, as = name) => fromSchema(inner as JsonSchema, resolve, pools, as);
  if (typeof schema.$ref === "string") return again(resolve(schema.$ref));
  const choices = (schema.anyOf ?? schema.oneOf) as JsonSchema[] | undefined;
  if (choices) return fc.oneof(...choices.map((s) => again(s)));
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (Array.isArray(schema.enum)) return fc.constantFrom(...schema.enum);
  const isWhole = schema.type === "array" || schema.type === "object";
  const there = isWhole ? undefined : pools(name);
  const free = () => ofType(schema, again, pools, name);
  return there ? fc.oneof({ weight: known, arbitrary: there }, { weight: madeUp, arbitrary: free() }) : free();
}

type Again = (inner: unknown, as?: string) => fc.Arbitrary<unknown>;

function ofType(schema: JsonSchema, again: Again, pools: Known, name: string): fc.Arbitrary<unknown> {
  switch (schema.type) {
    case "string":
      return text(schema);
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
      return object(schema, again, pools, name);
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

function text(schema: JsonSchema): fc.Arbitrary<string> {
  const { minLength = 0, maxLength = 30 } = schema as { minLength?: number; maxLength?: number };
  if (schema.format === "date-time") {
    const around = Date.UTC(2026, 10, 20);
    return fc.integer({ min: -40, max: 400 }).map((days) => new Date(around + days * 86_400_000).toISOString());
  }
  if (typeof schema.pattern === "string" && !schema.pattern.includes("\\p")) return matching(schema.pattern);
  return fc.string({ minLength: Math.min(minLength, 20), maxLength: Math.min(maxLength, 40), unit: "grapheme" });
}

const patterns = new Map<string, fc.Arbitrary<string>>();
function matching(pattern: string): fc.Arbitrary<string> {
  const made = patterns.get(pattern) ?? fc.stringMatching(new RegExp(pattern), { size: "small" });
  patterns.set(pattern, made);
  return made;
}

/** An optional field is present in one of three cases: with more, hardly anything would be valid. */
function object(schema: JsonSchema, again: Again, pools: Known, name: string): fc.Arbitrary<unknown> {
  const {
    properties = {},
    required = [],
    additionalProperties,
  } = schema as {
    properties?: { [name: string]: JsonSchema };
    required?: string[];
    additionalProperties?: unknown;
  };
  const own = someOf(Object.fromEntries(Object.entries(properties).map(([key, inner]) => [key, again(inner, key)])), new Set(required));
  if (typeof additionalProperties !== "object") return own;
  const keys = (pools(`${name} key`) ?? fc.string({ minLength: 1, maxLength: 10 })) as fc.Arbitrary<string>;
  const more = fc.dictionary(keys, again(additionalProperties, `${name} value`), { maxKeys: 3 });
  return fc.tuple(own, more).map(([a, b]) => ({ ...(a as object), ...b }));
}

const leftOut = Symbol("left out");

export function someOf(fields: { [name: string]: fc.Arbitrary<unknown> }, required: Set<string>, there = 1, notThere = 2) {
  const each = Object.entries(fields).map(([name, arbitrary]) => [
    name,
    required.has(name) ? arbitrary : fc.oneof({ weight: notThere, arbitrary: fc.constant(leftOut) }, { weight: there, arbitrary }),
  ]);
  return fc
    .record(Object.fromEntries(each) as { [name: string]: fc.Arbitrary<unknown> })
    .map((made) => Object.fromEntries(Object.entries(made).filter(([, value]) => value !== leftOut)));
}
