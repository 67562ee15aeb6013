import type { JsonSchema } from "../json-schema";
import type { OpenApiDocument } from "../openapi-document.server";
import { type Components, fieldsOf, type SchemaField, typeOf } from "./schema-fields";

export type OperationLink = { id: string; summary: string; method: string; path: string; tag: string };

export type ShownParameter = {
  name: string;
  place: "path" | "query" | "header";
  isRequired: boolean;
  isList: boolean;
  type: string;
  about: string;
  /** "" without one. */
  example: string;
};

export type ShownContent = { type: string; example: string | null; fields: SchemaField[] };
export type ShownAnswer = { status: string; about: string; headers: string[]; content: ShownContent[] };
/** One code of a refusal with the sentence of its example. */
export type ShownRefusal = { status: string; code: string; detail: string };

export type ShownOperation = OperationLink & {
  about: string;
  /** A key needs one of these; empty if no key is needed. */
  scopes: string[];
  parameters: ShownParameter[];
  body: { about: string; isRequired: boolean; content: ShownContent[] } | null;
  answers: ShownAnswer[];
  refusals: ShownRefusal[];
};

type MediaType = { schema?: JsonSchema; example?: unknown; examples?: { [name: string]: { value?: unknown; $ref?: string } } };
type Described = {
  operationId: string;
  summary: string;
  description: string;
  tags: string[];
  parameters: {
    name: string;
    in: ShownParameter["place"];
    required: boolean;
    description?: string;
    schema: JsonSchema;
    example?: unknown;
  }[];
  requestBody?: { description: string; required: boolean; content: { [type: string]: MediaType } };
  responses: { [status: string]: { description: string; headers?: object; content?: { [type: string]: MediaType } } };
  "x-scopes"?: string[];
};

const everyOperation = ({ paths, tags }: OpenApiDocument): [OperationLink, Described][] => {
  const all = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods as { [method: string]: Described }).map(([method, described]): [OperationLink, Described] => {
      const [tag = ""] = described.tags;
      return [{ id: described.operationId, summary: described.summary, method: method.toUpperCase(), path, tag }, described];
    }),
  );
  const order = tags.map(({ name }) => name);
  return all.sort(([a], [b]) => order.indexOf(a.tag) - order.indexOf(b.tag));
};

/** In the order of their tags. */
export const operationLinks = (document: OpenApiDocument) => everyOperation(document).map(([link]) => link);

/** Null if there is none with this id. */
export function operationOf(document: OpenApiDocument, id: string): ShownOperation | null {
  const [link, described] = everyOperation(document).find(([{ id: known }]) => known === id) ?? [];
  if (!link || !described) return null;
  const components = document.components as { schemas: Components; examples: { [name: string]: { value?: unknown } } };
  const contentOf = (content: { [type: string]: MediaType } = {}): ShownContent[] =>
    Object.entries(content).map(([type, media]) => ({
      type,
      example: exampleText(media, components.examples),
      fields: media.schema ? fieldsOf(media.schema, components.schemas) : [],
    }));
  const answers = Object.entries(described.responses);
  const isRefusal = (content: object = {}) => "application/problem+json" in content;
  return {
    ...link,
    about: described.description,
    scopes: described["x-scopes"] ?? [],
    parameters: described.parameters.map(({ name, in: place, required, description = "", schema, example }) => ({
      name,
      place,
      isRequired: required,
      isList: schema.type === "array",
      type: typeOf(schema, components.schemas),
      about: description,
      example: example === undefined ? "" : [example].flat().join(", "),
    })),
    body: described.requestBody
      ? {
          about: described.requestBody.description,
          isRequired: described.requestBody.required,
          content: contentOf(described.requestBody.content),
        }
      : null,
    answers: answers
      .filter(([, { content }]) => !isRefusal(content))
      .map(([status, { description, headers = {}, content }]) => ({
        status,
        about: description,
        headers: Object.keys(headers),
        content: contentOf(content),
      })),
    refusals: answers.flatMap(([status, { content }]) =>
      Object.entries(content?.["application/problem+json"]?.examples ?? {}).map(([code, { value, $ref }]) => {
        const example = value ?? components.examples[$ref?.split("/").at(-1) ?? ""]?.value;
        return { status, code, detail: String((example as { detail?: string } | undefined)?.detail ?? "") };
      }),
    ),
  };
}

function exampleText({ example, examples }: MediaType, shared: { [name: string]: { value?: unknown } }): string | null {
  const [first] = Object.values(examples ?? {});
  const value = example ?? first?.value ?? shared[first?.$ref?.split("/").at(-1) ?? ""]?.value;
  if (value === undefined) return null;
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}
