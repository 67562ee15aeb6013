import { STATUS_CODES } from "node:http";
import { z } from "zod";
import { bodyLimitsInWords, bodyLimitsOf } from "~/api/http/body-limits";
import { createPace } from "~/server/catalogue/pace.server";
import * as answers from "./answers";
import { type DescribedAnswer, type DescribedRoute, type RouteDescription, scopesOf } from "./describe";
import { problemContent, problemsOf, type SharedExamples } from "./described-problems.server";
import { exampleParameters } from "./example-parameters";
import { exampleAnswers } from "./examples";
import { type JsonSchema, schemaWriter } from "./json-schema";
import { describedHeaders, headerRefs, headersOf, headersOfRefusal } from "./openapi-headers";

const tags: { [T in RouteDescription["tag"]]: string } = {
  Checks: "May this tenant use this feature, how much of it, why, and until when?",
  OpenFeature: "The OpenFeature Remote Evaluation Protocol: any OpenFeature SDK is a client.",
  Usage: "What tenants consume of metered features, and how often they are asked about.",
  Search: "Tenants, features and plans by parts of their names.",
  Tenants: "Who may use features.",
  Grants: "What one tenant gets, or is refused, apart from its plan.",
  Plans: "What tenants get by their plan and their add-ons.",
  Features: "What there is to use.",
  Catalogue: "All features and plans as one file.",
  Audit: "Who changed what, and when.",
  PostHog: "What PostHog knows of tenants, and the flags that features are tied to.",
  Requests: "What apps ask for their users. People grant or refuse it.",
  Jobs: "Long work in the background, such as one change of many tenants.",
  Keys: "Keys and tokens that let programs in.",
  Description: "This description.",
};

const about = `Latchkey answers one question: may this tenant use this feature, how much of it, why, and until when?

Every request carries an API key: \`Authorization: Bearer lk_live_…\` or \`X-API-Key\`. Refusals are problem documents (RFC 9457) whose \`code\` is for programs and whose \`detail\` says what would work. Unknown fields are refused in what is written and ignored in what is asked. Answers may gain fields.

Writes take \`Idempotency-Key\`: the same key with the same request does the thing once and gets the same answer for 24 hours. Updates take \`If-Match\` with the ETag that was read. Lists give a \`next\` cursor.

API keys and admins are made by people, in the pages or with the command line: no key can make another key or let somebody in. The one exception is a token for one tenant, which lives for an hour at most.

Each key has limits, which \`RateLimit\` and \`RateLimit-Policy\` tell. Browser keys (\`lk_pub_…\`), tokens and tickets of streams have smaller ones of their own, of one key (\`browser-key\`) and of all for one tenant (\`browser\`), and a share of the event streams, so that the keys of servers are answered whatever pages send. What is beyond a limit is refused with 429 (\`rate_limited\`, \`too_many_streams\`) and \`Retry-After\`.

Besides what stands with each route, any address may answer: 400 \`bad_request\` (it is no request that can be read), 404 \`not_found\` (there is nothing at this address), 405 \`method_not_allowed\` (\`Allow\` says which methods would do), 408 \`too_slow\` (it did not arrive in time; the connection closes), 414 \`address_too_long\`, 431 \`headers_too_large\` (address and headers together are larger than 16 kB; the connection closes), and 503 \`overloaded\` with \`Retry-After\` (the server has more requests than it can answer in time; nothing was done, send it again then). Their problems look as all others do.`;

export type OpenApiDocument = Awaited<ReturnType<typeof openApiDocument>>;

/**
 * Builds the OpenAPI 3.1 document of all described routes, yielding to the event loop between them. `exact` is for
 * tests: responses then have no further fields.
 */
export async function openApiDocument(
  routes: readonly DescribedRoute[],
  { origin, exact = false }: { origin: string | null; exact?: boolean },
) {
  const pace = createPace(undefined);
  const schemas: { [id: string]: JsonSchema } = {};
  const examples: SharedExamples = {};
  const write = schemaWriter(schemas);
  write(answers.problem, "output", exact);
  const paths: { [path: string]: { [method: string]: object } } = {};
  for (const { method, path, description } of routes) {
    if (!description) continue;
    paths[path] ??= {};
    (paths[path] as { [method: string]: object })[method.toLowerCase()] = operation(description);
    await pace();
  }

  function operation(route: RouteDescription) {
    const { id, tag, summary, detail, act, body, bodyTypes = ["application/json"], bodyIsOptional } = route;
    const limited = act === null ? [] : ["RateLimit", "RateLimit-Policy"];
    const responses: { [status: string]: object } = {};
    for (const [status, answer] of Object.entries(route.answers))
      responses[status] = responseOf(answer, status === "304" ? ["ETag", ...limited] : limited);
    for (const [status, answer] of Object.entries(route.ownProblems ?? {}))
      responses[status] = responseOf(answer, headersOfRefusal(Number(status)));
    for (const [status, codes] of Object.entries(problemsOf(route))) responses[status] = refusal(route, Number(status), codes);
    return {
      operationId: id,
      tags: [tag],
      summary,
      description: detail ?? `${summary}.`,
      parameters: [...parametersOf(route.params, "path"), ...parametersOf(route.query, "query"), ...headersOf(route)],
      ...(body
        ? {
            requestBody: {
              description: bodyText(route),
              required: !bodyIsOptional,
              content: Object.fromEntries(bodyTypes.map((type) => [type, requestMedia(route, type)])),
            },
          }
        : {}),
      responses,
      security: act === null ? [] : [{ bearer: [] }, { apiKey: [] }],
      ...(act === null ? {} : { "x-scopes": scopesOf(act) }),
    };
  }

  function requestMedia({ body, bodyShown, bodyTypes, bodyExample, bodyExampleAsJson }: RouteDescription, type: string) {
    // A file accepted in several types is text, and an object as JSON.
    if (bodyTypes && isJson(type)) return { schema: { type: "object" }, ...exampleIn(bodyExampleAsJson) };
    return { schema: write((bodyShown ?? body) as z.ZodType, "input", exact), ...exampleIn(bodyExample) };
  }

  function responseOf(answer: DescribedAnswer, more: readonly string[]) {
    const { what, schema, type, examples, headers = [] } = answer;
    const types = [type ?? (schema ? "application/json" : [])].flat();
    const content = Object.fromEntries(
      types.map((t) => [
        t,
        {
          schema: schema ? write(schema, "output", exact) : { type: isJson(t) ? "object" : "string" },
          ...(examples ? { examples: byName(examples) } : exampleIn(exampleOf(answer, t))),
        },
      ]),
    );
    const all = headerRefs([...headers, ...more]);
    return { description: what, ...(Object.keys(all).length > 0 ? { headers: all } : {}), ...(types.length > 0 ? { content } : {}) };
  }

  function refusal(route: RouteDescription, status: number, codes: readonly string[]) {
    const headers = headersOfRefusal(status);
    return {
      description: `${STATUS_CODES[status]}: ${codes.join(", ")}.`,
      ...(headers.length > 0 ? { headers: headerRefs(headers) } : {}),
      content: { "application/problem+json": problemContent(route, status, codes, examples) },
    };
  }

  function parametersOf(shape: z.ZodObject | undefined, place: "path" | "query") {
    if (!shape) return [];
    const { properties = {}, required = [] } = write(shape, "input", exact) as {
      properties?: { [name: string]: JsonSchema };
      required?: string[];
    };
    return Object.entries(properties).map(([name, { description, examples, ...schema }]) => ({
      name,
      in: place,
      required: place === "path" || required.includes(name),
      ...(description ? { description } : {}),
      schema,
      ...exampleIn((examples as unknown[] | undefined)?.[0] ?? exampleParameter(name, schema)),
    }));
  }

  return {
    openapi: "3.1.0",
    info: {
      title: "Latchkey",
      version: "1.0.0",
      description: about,
      license: { name: "MIT", identifier: "MIT" },
      contact: { name: "Whoever runs this Latchkey", ...(origin === null ? {} : { url: origin }) },
    },
    servers: [{ url: origin ?? "/" }],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas,
      examples,
      headers: describedHeaders,
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer", description: "An API key of Latchkey." },
        apiKey: {
          type: "apiKey",
          in: "header",
          name: "X-API-Key",
          description: "The same key, where Authorization is taken for something else. One of the two is enough.",
        },
      },
    },
  };
}

const bodyText = (route: RouteDescription) => `Up to ${bodyLimitsInWords(bodyLimitsOf(route))}.`;
const isJson = (type: string) => type.endsWith("json");
const exampleIn = (example: unknown) => (example === undefined ? {} : { example });
const byName = (examples: { [name: string]: unknown }) =>
  Object.fromEntries(Object.entries(examples).map(([name, value]) => [name, { value }]));

function exampleOf({ schema, type, example, exampleAsJson }: DescribedAnswer, of: string): unknown {
  if (Array.isArray(type) && isJson(of)) return exampleAsJson;
  return example ?? exampleAnswers[(schema && z.globalRegistry.get(schema)?.id) ?? ""];
}

/** For enums the first value, unless the named example is one of them. */
function exampleParameter(name: string, { type, enum: choices }: JsonSchema): unknown {
  const example = exampleParameters[name];
  if (Array.isArray(choices)) return choices.includes(example) ? example : choices[0];
  return type === "array" && example !== undefined ? [example] : example;
}
