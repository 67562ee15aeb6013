import { STATUS_CODES } from "node:http";
import type { z } from "zod";
import * as answers from "./answers";
import type { AnswerHeader, DescribedAnswer, RequestHeader, RouteDescription } from "./describe";
import type { DescribedRoute } from "./described-routes";
import { type JsonSchema, schemaWriter } from "./json-schema";

const tags: { [T in RouteDescription["tag"]]: string } = {
  Checks: "May this tenant use this feature, how much of it, why, and until when?",
  OpenFeature: "The OpenFeature Remote Evaluation Protocol: any OpenFeature SDK is a client.",
  Usage: "What tenants consume of metered features, and how often they are asked about.",
  Tenants: "Who may use features.",
  Grants: "What one tenant gets, or is refused, apart from its plan.",
  Plans: "What tenants get by their plan and their add-ons.",
  Features: "What there is to use.",
  Catalogue: "All features and plans as one file.",
  Audit: "Who changed what, and when.",
  PostHog: "What PostHog knows of tenants, and the flags that features are tied to.",
  Keys: "Keys and tokens that let programs in.",
  Description: "This description.",
};

const about = `Latchkey answers one question: may this tenant use this feature, how much of it, why, and until when?

Every request carries an API key: \`Authorization: Bearer lk_live_…\` or \`X-API-Key\`. Refusals are problem documents (RFC 9457) whose \`code\` is for programs and whose \`detail\` says what would work. Unknown fields are refused in what is written and ignored in what is asked. Answers may gain fields.

Writes take \`Idempotency-Key\`: the same key with the same request does the thing once and gets the same answer for 24 hours. Updates take \`If-Match\` with the ETag that was read. Lists give a \`next\` cursor.

API keys and admins are made by people, in the pages or with the command line: no key can make another key or let somebody in. The one exception is a token for one tenant, which lives for an hour at most.`;

const requestHeaders: { [H in RequestHeader]: { description: string; schema: JsonSchema; example?: string } } = {
  "If-Match": {
    description: "Change it only if it is still what was read: the ETag, or * for anything that exists.",
    schema: { type: "string" },
    example: '"42"',
  },
  "If-None-Match": {
    description: "Reading: the ETag that is known already. Writing: * to create and never to change.",
    schema: { type: "string" },
  },
  "Idempotency-Key": {
    description: "A name for this one write, so that it can be sent again: a quoted string or bare, 1 to 255 characters.",
    schema: { type: "string", minLength: 1, maxLength: 257 },
    example: '"8e03978e-40d5-43dd-bc93-6894a57f9324"',
  },
  "Last-Event-ID": { description: "The last event that was received: go on after it.", schema: { type: "string" } },
};

const answerHeaders: {
  [H in AnswerHeader | "Retry-After" | "RateLimit" | "RateLimit-Policy" | "WWW-Authenticate"]: {
    description: string;
    /** Wherever it is named, it is there. */
    required?: true;
    schema: JsonSchema;
  };
} = {
  ETag: {
    description: "What this is now, for If-Match and If-None-Match.",
    required: true,
    schema: { type: "string", pattern: '^(W/)?"[^"]*"$' },
  },
  "Idempotency-Replayed": {
    description: "true: this was answered before, and nothing was done now.",
    schema: { type: "string", enum: ["true"] },
  },
  "Cache-Control": { description: "For how long the answer holds.", required: true, schema: { type: "string" } },
  "Retry-After": {
    description: "Seconds until it makes sense to ask again.",
    required: true,
    schema: { type: "string", pattern: "^[1-9][0-9]*$" },
  },
  RateLimit: { description: "What is left of a limit (draft-ietf-httpapi-ratelimit-headers).", schema: { type: "string" } },
  "RateLimit-Policy": { description: "The limits of this key.", schema: { type: "string" } },
  "WWW-Authenticate": { description: "What kind of key is wanted.", schema: { type: "string" } },
};

const details: { [code: string]: string } = {
  key_missing: "Send an API key: Authorization: Bearer lk_live_… (or X-API-Key).",
  scope_missing: 'This API key lacks the scope "manage". Use a key that has it.',
  rate_limited: "This key has sent 6000 requests within a minute. Wait 3 s, then go on.",
  body_too_large: "The body is larger than is read here: 1 MB, and 5 MB of a catalogue file. Send it in smaller parts.",
  unsupported_media_type: "Send JSON, with Content-Type: application/json.",
  internal_error: "Something went wrong on our side; the log has the reason under this request id.",
  database_unavailable: "The database cannot be reached at the moment, or is in other hands. Ask again in a few seconds.",
  facts_unavailable: "The database cannot be read and this tenant is not in memory. Ask again in a moment.",
  stale: "tenant acme was changed since you read it. Read it again, then send the change with its new ETag.",
};

const headerRefs = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));

/** The codes of every refusal that a route can give. */
export function problemsOf(route: Pick<RouteDescription, "scope" | "body" | "params" | "headers" | "problems" | "ownProblems">): {
  [status: number]: readonly string[];
} {
  const { scope, body, params, headers, problems = {}, ownProblems = {} } = route;
  const all: { [status: number]: readonly string[] } = { 500: ["internal_error"] };
  // What may be sent twice writes.
  if (headers?.includes("Idempotency-Key")) all[503] = ["database_unavailable"];
  // A flag's key is the rest of the address, which is never too long to be none.
  if (params && !route.ownProblems) all[414] = ["address_too_long"];
  if (body) Object.assign(all, { 413: ["body_too_large"], 415: ["unsupported_media_type"] });
  if (scope) {
    all[401] = ["key_missing", "key_malformed", "key_unknown", "key_revoked", "key_expired"];
    all[403] = ["scope_missing", "tenant_forbidden"];
    all[429] = ["rate_limited"];
  }
  for (const [status, codes] of Object.entries(problems)) all[Number(status)] = [...new Set([...(all[Number(status)] ?? []), ...codes])];
  for (const status of Object.keys(ownProblems)) delete all[Number(status)];
  return all;
}

export type OpenApiDocument = ReturnType<typeof openApiDocument>;

/** OpenAPI 3.1 of all routes that describe themselves. `exact` is for tests: answers then have no fields but those described. */
export function openApiDocument(routes: readonly DescribedRoute[], { origin, exact = false }: { origin: string | null; exact?: boolean }) {
  const schemas: { [id: string]: JsonSchema } = {};
  const write = schemaWriter(schemas);
  write(answers.problem, "output", exact);
  const paths: { [path: string]: { [method: string]: object } } = {};
  for (const { method, path, description } of routes) {
    if (!description) continue;
    paths[path] ??= {};
    (paths[path] as { [method: string]: object })[method.toLowerCase()] = operation(description);
  }

  function operation(route: RouteDescription) {
    const { id, tag, summary, detail, scope, body, bodyShown, bodyTypes = ["application/json"], bodyExample, bodyIsOptional } = route;
    const limited = scope === null ? [] : ["RateLimit", "RateLimit-Policy"];
    const responses: { [status: string]: object } = {};
    for (const [status, answer] of Object.entries(route.answers))
      responses[status] = responseOf(answer, status === "304" ? ["ETag", ...limited] : limited);
    for (const [status, answer] of Object.entries(route.ownProblems ?? {}))
      responses[status] = responseOf(answer, headersOfRefusal(Number(status)));
    for (const [status, codes] of Object.entries(problemsOf(route))) responses[status] = refusal(Number(status), codes);
    return {
      operationId: id,
      tags: [tag],
      summary,
      description: detail ?? `${summary}.`,
      parameters: [...parametersOf(route.params, "path"), ...parametersOf(route.query, "query"), ...(route.headers ?? []).map(headerOf)],
      ...(body
        ? {
            requestBody: {
              required: !bodyIsOptional,
              content: Object.fromEntries(
                bodyTypes.map((type) => [
                  type,
                  { schema: write(bodyShown ?? body, "input", exact), ...(bodyExample === undefined ? {} : { example: bodyExample }) },
                ]),
              ),
            },
          }
        : {}),
      responses,
      security: scope === null ? [] : [{ bearer: [] }, { apiKey: [] }],
      ...(scope === null ? {} : { "x-scopes": [scope].flat() }),
    };
  }

  function responseOf({ what, schema, type, example, headers = [] }: DescribedAnswer, more: readonly string[]) {
    const types = [type ?? (schema ? "application/json" : [])].flat();
    const content = Object.fromEntries(
      types.map((t) => [
        t,
        {
          schema: schema ? write(schema, "output", exact) : { type: t.endsWith("json") ? "object" : "string" },
          ...(example === undefined ? {} : { example }),
        },
      ]),
    );
    const all = headerRefs([...headers, ...more]);
    return { description: what, ...(Object.keys(all).length > 0 ? { headers: all } : {}), ...(types.length > 0 ? { content } : {}) };
  }

  function parametersOf(shape: z.ZodObject | undefined, place: "path" | "query") {
    if (!shape) return [];
    const { properties = {}, required = [] } = write(shape, "input", exact) as {
      properties?: { [name: string]: JsonSchema };
      required?: string[];
    };
    return Object.entries(properties).map(([name, { description, ...schema }]) => ({
      name,
      in: place,
      required: place === "path" || required.includes(name),
      ...(description ? { description } : {}),
      schema,
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
      headers: answerHeaders,
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

const headerOf = (name: RequestHeader) => ({ name, in: "header", required: false, ...requestHeaders[name] });

const headersOfRefusal = (status: number) =>
  status === 401 || status === 403 ? ["WWW-Authenticate"] : status === 429 || status === 503 ? ["Retry-After"] : [];

function refusal(status: number, codes: readonly string[]) {
  const code = codes[0] as string;
  const title = STATUS_CODES[status] ?? "Error";
  const type = status === 429 ? "https://iana.org/assignments/http-problem-types#quota-exceeded" : "about:blank";
  const detail = details[code] ?? "What is wrong, and what would work.";
  const headers = headersOfRefusal(status);
  return {
    description: `${title}: ${codes.join(", ")}.`,
    ...(headers.length > 0 ? { headers: headerRefs(headers) } : {}),
    content: {
      "application/problem+json": {
        schema: { allOf: [{ $ref: "#/components/schemas/Problem" }, { type: "object", properties: { code: { enum: codes } } }] },
        example: { type, title, status, detail, code, requestId: "k3Jd0a-17" },
      },
    },
  };
}
