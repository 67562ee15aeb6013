import type { JsonSchema } from "../json-schema";

export type SchemaField = { path: string; type: string; isRequired: boolean; about: string };
export type Components = { [id: string]: JsonSchema };

/** Levels of objects inside objects that are listed. */
const maxDepth = 5;
const maxFields = 150;

/** The fields of a schema and of the objects in it, in order, as "entitlements.{key}.reason.code". */
export function fieldsOf(schema: JsonSchema, components: Components): SchemaField[] {
  const fields: SchemaField[] = [];
  const add = (node: JsonSchema, path: string, depth: number, seen: readonly string[]) => {
    const { schema: object, ids } = resolved(node, components);
    if (depth > maxDepth || ids.some((id) => seen.includes(id))) return;
    const inside = [...seen, ...ids];
    for (const option of optionsOf(object)) add(option, path, depth, inside);
    const required = (object.required as string[] | undefined) ?? [];
    for (const [name, field] of Object.entries((object.properties as Components | undefined) ?? {})) {
      if (fields.length >= maxFields) return;
      const fieldPath = path === "" ? name : `${path}.${name}`;
      const about = field.description ?? resolved(field, components).schema.description ?? "";
      fields.push({ path: fieldPath, type: typeOf(field, components), isRequired: required.includes(name), about: String(about) });
      add(field, fieldPath, depth + 1, inside);
    }
    if (isSchema(object.additionalProperties)) add(object.additionalProperties, path === "" ? "{key}" : `${path}.{key}`, depth + 1, inside);
    if (isSchema(object.items)) add(object.items, `${path}[]`, depth + 1, inside);
  };
  add(schema, "", 1, []);
  // Options of one place may have fields in common.
  return [...new Map(fields.map((field) => [field.path, field])).values()];
}

/** In words: `string`, `"a" or "b"`, `integer from 0 to 10`, `list of strings`. */
export function typeOf(schema: JsonSchema, components: Components): string {
  const { schema: node } = resolved(schema, components);
  const options = optionsOf(node);
  if (options.length > 0 && !node.allOf) return [...new Set(options.map((option) => typeOf(option, components)))].join(" or ");
  if (Array.isArray(node.enum)) return node.enum.map((value) => JSON.stringify(value)).join(" or ");
  if ("const" in node) return JSON.stringify(node.const);
  if (node.type === "array") return `list of ${isSchema(node.items) ? typeOf(node.items, components) : "anything"}`;
  if (node.type === "string") return node.format === "date-time" ? "date-time" : `string${lengthIn(node)}`;
  if (node.type === "integer" || node.type === "number") return `${node.type}${rangeIn(node)}`;
  if (node.properties || node.allOf || node.additionalProperties) return "object";
  return Array.isArray(node.type) ? node.type.join(" or ") : String(node.type ?? "any value");
}

/** The schema behind references, with the ids on the way. */
function resolved(schema: JsonSchema, components: Components): { schema: JsonSchema; ids: string[] } {
  const ids: string[] = [];
  let node = schema;
  while (typeof node.$ref === "string") {
    const id = node.$ref.replace("#/components/schemas/", "");
    if (ids.includes(id)) return { schema: {}, ids };
    ids.push(id);
    node = components[id] ?? {};
  }
  return { schema: node, ids };
}

const optionsOf = ({ anyOf, oneOf, allOf }: JsonSchema) =>
  [anyOf, oneOf, allOf].flatMap((list) => (Array.isArray(list) ? list : [])) as JsonSchema[];
const isSchema = (value: unknown): value is JsonSchema => typeof value === "object" && value !== null && Object.keys(value).length > 0;

const lengthIn = ({ maxLength }: JsonSchema) => (typeof maxLength === "number" ? ` of up to ${maxLength} characters` : "");

function rangeIn({ minimum, maximum }: JsonSchema): string {
  const from = typeof minimum === "number" && minimum > Number.MIN_SAFE_INTEGER ? ` from ${minimum}` : "";
  const to = typeof maximum === "number" && maximum < Number.MAX_SAFE_INTEGER ? ` to ${maximum}` : "";
  return from + to;
}
