import Ajv2020 from "ajv/dist/2020";
import addFormats from "ajv-formats";
import type { DescribedRoute, RouteDescription } from "~/api/openapi/describe";
import { openApiDocument } from "~/api/openapi/openapi-document.server";
import type { JsonSchema } from "./from-schema";

export type Parameter = { name: string; in: "path" | "query" | "header"; required: boolean; schema: JsonSchema };
type Example = { $ref?: string; value?: unknown };
type Media = { [type: string]: { schema: JsonSchema; example?: unknown; examples?: { [name: string]: Example } } };
type Header = { required?: boolean; schema: JsonSchema };
export type Operation = {
  operationId: string;
  tags: string[];
  parameters: Parameter[];
  requestBody?: { required: boolean; content: Media };
  responses: { [status: string]: { headers?: { [name: string]: JsonSchema }; content?: Media } };
  security: object[];
  "x-scopes"?: string[];
};
/** `isBound`: keys of one tenant may call it. `isWrite`: it changes something, so an unknown field must be refused. */
export type Route = { method: string; path: string; operation: Operation; isBound: boolean; isWrite: boolean };
/** Texts, as they stood in the address before they were encoded; in lists where a name stands several times. */
export type Sent = {
  path: { [name: string]: string };
  query: { [name: string]: string | string[] };
  body: { type: string; value: unknown } | null;
};
export type Answer = { status: number; headers: Headers; text: string };

const isWrite = (method: string, { tags }: Operation) => method !== "get" && !["Checks", "OpenFeature"].includes(tags[0] ?? "");

export type DescribedApi = Awaited<ReturnType<typeof describedApi>>;

/** The API's description without additional properties, and validators for responses and requests. */
export async function describedApi(routes: readonly DescribedRoute[]) {
  const document = JSON.parse(JSON.stringify(await openApiDocument(routes, { origin: null, exact: true })));
  const descriptions = new Map(routes.map((r) => [r.description?.id, r.description as RouteDescription]));
  const strict = addFormats(new Ajv2020({ strict: false })).addSchema(document, "api");
  // Query values are strings until parsed.
  const reading = addFormats(new Ajv2020({ strict: false, coerceTypes: "array" })).addSchema(document, "api");
  const validators = new Map<string, (value: unknown) => boolean>();

  const all: Route[] = Object.entries<Record<string, Operation>>(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => {
      const isBound = descriptions.get(operation.operationId)?.bound === true;
      return { method: method.toUpperCase(), path, operation, isBound, isWrite: isWrite(method, operation) };
    }),
  );

  const inPointer = (part: string) => encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"));

  /** Null if it fits. */
  function misfit(place: (string | number)[], value: unknown, ajv = strict): string | null {
    const pointer = `api#/${place.map((part) => inPointer(String(part))).join("/")}`;
    const name = `${ajv === strict} ${pointer}`;
    const validator = validators.get(name) ?? ajv.compile({ $ref: pointer });
    validators.set(name, validator);
    return validator(value) ? null : JSON.stringify((validator as { errors?: unknown }).errors).slice(0, 500);
  }

  const resolve = (ref: string) =>
    ref
      .split("/")
      .slice(1)
      .reduce((at: unknown, part) => (at as JsonSchema)[part], document) as JsonSchema;

  const placeOf = ({ path, method }: Route) => ["paths", path, method.toLowerCase()];

  /** Compares status, type, headers and body with the description; null if all match. */
  function undescribed(route: Route, { status, headers, text }: Answer): string | null {
    const described = route.operation.responses[status];
    if (!described) return `the status ${status} is not described`;
    for (const [name, ref] of Object.entries(described.headers ?? {})) {
      const { required, schema } = resolve(ref.$ref as string) as unknown as Header;
      const value = headers.get(name);
      if (value === null && required) return `the header ${name} is missing`;
      const bad = value === null || !schema ? null : misfit([...(ref.$ref as string).split("/").slice(1), "schema"], value);
      if (bad) return `the header ${name} is ${value}: ${bad}`;
    }
    const type = headers.get("content-type")?.split(";")[0] ?? "";
    const types = Object.keys(described.content ?? {});
    if (types.length === 0) return text === "" ? null : "there is a body";
    if (!types.includes(type)) return `the type is ${type}`;
    if (!type.endsWith("json")) return null;
    return misfit([...placeOf(route), "responses", status, "content", type, "schema"], JSON.parse(text));
  }

  /** The part of a request that the description does not allow, or null. */
  function disallowed(route: Route, { path, query, body }: Sent): string | null {
    for (const [i, p] of route.operation.parameters.entries()) {
      if (p.in === "header") continue;
      const sent = p.in === "path" ? path[p.name] : query[p.name];
      if (sent === undefined && p.required) return `the parameter ${p.name} is missing`;
      const bad = sent === undefined ? null : misfit([...placeOf(route), "parameters", i, "schema"], sent, reading);
      if (bad) return `the parameter ${p.name} is ${JSON.stringify(sent)}: ${bad}`;
    }
    const { requestBody } = route.operation;
    if (!requestBody) return null;
    if (body === null) return requestBody.required ? "there is no body" : null;
    return misfit([...placeOf(route), "requestBody", "content", body.type, "schema"], body.value);
  }

  return { routes: all, resolve, undescribed, disallowed };
}
