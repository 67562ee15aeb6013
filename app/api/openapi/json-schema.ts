import { z } from "zod";

export type JsonSchema = { [key: string]: unknown };

/** Converts zod schemas to OpenAPI's; those with an id go into `components`, once. */
export function schemaWriter(components: { [id: string]: JsonSchema }) {
  /** `exact`: a response may have no other fields. The published description allows more, so that fields can be added. */
  return function write(schema: z.ZodType, io: "input" | "output", exact: boolean): JsonSchema {
    // Nested, so that a schema with an id becomes a reference.
    const whole = z.toJSONSchema(z.object({ it: schema }), { io, unrepresentable: "any" }) as unknown as {
      properties: { it: JsonSchema };
      $defs?: { [id: string]: JsonSchema };
    };
    for (const [id, definition] of Object.entries(whole.$defs ?? {})) {
      if (!id.startsWith("__")) components[id] ??= tidy(definition, io, exact) as JsonSchema;
    }
    return tidy(whole.properties.it, io, exact) as JsonSchema;
  };
}

function tidy(node: unknown, io: "input" | "output", exact: boolean): unknown {
  if (Array.isArray(node)) return node.map((item) => tidy(item, io, exact));
  if (typeof node !== "object" || node === null) return node;
  const { $ref, id: _, ...rest } = node as JsonSchema & { $ref?: string };
  // The only recursive schema without a name is "any JSON".
  if ($ref?.startsWith("#/$defs/__")) return tidy(rest, io, exact);
  if ($ref) return { $ref: $ref.replace("#/$defs/", "#/components/schemas/"), ...rest };
  // Without the flag `u`, which many validators do not set, \\p classes are plain letters. Surrogates are left out.
  if (typeof rest.pattern === "string")
    rest.pattern = rest.pattern.replaceAll("\\p{Cc}", "\\u0000-\\u001f\\u007f-\\u009f").replaceAll("\\p{Cs}", "");
  const isOpen = io === "output" && !exact && rest.additionalProperties === false;
  return Object.fromEntries(
    Object.entries(rest)
      .filter(([key]) => !(isOpen && key === "additionalProperties"))
      .map(([key, value]) => [key, key === "properties" ? eachOf(value, io, exact) : tidy(value, io, exact)]),
  );
}

/** Field names, one of which may be `id`. */
const eachOf = (fields: unknown, io: "input" | "output", exact: boolean) =>
  Object.fromEntries(Object.entries(fields as object).map(([name, schema]) => [name, tidy(schema, io, exact)]));
