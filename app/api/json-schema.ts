import { z } from "zod";

export type JsonSchema = { [key: string]: unknown };

/** Turns zod's schemas into OpenAPI's; those with an id of their own go into `components`, once. */
export function schemaWriter(components: { [id: string]: JsonSchema }) {
  /** `exact`: an answer may have no other fields. Clients are told less, so that a field can be added one day. */
  return function write(schema: z.ZodType, io: "input" | "output", exact: boolean): JsonSchema {
    // Inside of another one, a schema with an id is referred to.
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
  // The only schema that refers to itself without a name is "any JSON".
  if ($ref?.startsWith("#/$defs/__")) return tidy(rest, io, exact);
  if ($ref) return { $ref: $ref.replace("#/$defs/", "#/components/schemas/"), ...rest };
  // Without the flag `u`, which many validators do not set, classes by name are plain letters. Half pairs are left out.
  if (typeof rest.pattern === "string")
    rest.pattern = rest.pattern.replaceAll("\\p{Cc}", "\\u0000-\\u001f\\u007f-\\u009f").replaceAll("\\p{Cs}", "");
  const isOpen = io === "output" && !exact && rest.additionalProperties === false;
  return Object.fromEntries(
    Object.entries(rest)
      .filter(([key]) => !(isOpen && key === "additionalProperties"))
      .map(([key, value]) => [key, key === "properties" ? eachOf(value, io, exact) : tidy(value, io, exact)]),
  );
}

/** Names of fields, which may be called `id`. */
const eachOf = (fields: unknown, io: "input" | "output", exact: boolean) =>
  Object.fromEntries(Object.entries(fields as object).map(([name, schema]) => [name, tidy(schema, io, exact)]));
