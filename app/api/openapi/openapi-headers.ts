import type { AnswerHeader, RequestHeader, RouteDescription } from "./describe";
import type { JsonSchema } from "./json-schema";

const requestHeaders: { [H in RequestHeader]: { description: string; schema: JsonSchema; example: string } } = {
  "If-Match": {
    description: "Write only if unchanged: the ETag that was read, or * for anything that exists.",
    schema: { type: "string" },
    example: '"42"',
  },
  "If-None-Match": {
    description: "For reads: the known ETag. For writes: * to create only.",
    schema: { type: "string" },
    example: '"42"',
  },
  "Idempotency-Key": {
    description: "A name for this one write, so that it can be sent again: a quoted string or bare, 1 to 255 characters.",
    schema: { type: "string", minLength: 1, maxLength: 257 },
    example: '"8e03978e-40d5-43dd-bc93-6894a57f9324"',
  },
  "Last-Event-ID": {
    description: "Id of the last event received; the stream continues after it.",
    schema: { type: "string" },
    example: "43-EJ9hMq8Gi63OZQ5H",
  },
  Prefer: {
    description: "respond-async: the answer is a job, and the work is done in the background.",
    schema: { type: "string" },
    example: "respond-async",
  },
};

export const describedHeaders: {
  [H in AnswerHeader | "Retry-After" | "RateLimit" | "RateLimit-Policy" | "WWW-Authenticate"]: {
    description: string;
    /** Required wherever it is referenced. */
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

export const headerRefs = (names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));

export function headersOf({ headers = [] }: RouteDescription) {
  const isWrite = headers.includes("Idempotency-Key");
  return headers.map((name) => {
    const header = { name, in: "header", required: false, ...requestHeaders[name] };
    return name === "If-None-Match" && isWrite ? { ...header, example: "*" } : header;
  });
}

export const headersOfRefusal = (status: number) =>
  status === 401 || status === 403 ? ["WWW-Authenticate"] : status === 429 || status === 503 ? ["Retry-After"] : [];
