import { z } from "zod";
import type { DescribedAnswer, RouteDescription } from "./describe";
import { problemExample } from "./problem-examples";

/** The context has whatever the app knows of its user. */
const bodyLimits = { maxBytes: 64 * 1024, maxValues: 2_000 };

const flagMetadata = z.record(z.string(), z.union([z.boolean(), z.string(), z.number()]));
const flag = z
  .object({
    key: z.string(),
    value: z.json().optional().describe("Omitted if the tenant lacks a config feature: the code's default applies."),
    reason: z.enum(["STATIC", "TARGETING_MATCH", "SPLIT", "DISABLED"]),
    variant: z.string(),
    metadata: flagMetadata,
  })
  .meta({ id: "OfrepFlag" });
const flags = z
  .object({
    flags: z.array(flag),
    metadata: flagMetadata,
    eventStreams: z
      .array(z.object({ type: z.literal("sse"), endpoint: z.object({ requestUri: z.string() }), inactivityDelaySec: z.int() }))
      .optional()
      .describe("Left out for a tenant that does not exist."),
  })
  .meta({ id: "OfrepFlags" });
const refusal = z
  .object({
    key: z.string().optional().describe("For a single flag: the requested flag."),
    errorCode: z.enum(["PARSE_ERROR", "TARGETING_KEY_MISSING", "INVALID_CONTEXT", "FLAG_NOT_FOUND", "GENERAL"]),
    errorDetails: z.string(),
    code: z.string().optional(),
  })
  .meta({ id: "OfrepRefusal" });

type OfrepRefusal = { errorCode: z.output<typeof refusal>["errorCode"]; errorDetails: string; code?: string };
const general = (errorDetails: string, code?: string): OfrepRefusal => ({ errorCode: "GENERAL", errorDetails, ...(code ? { code } : {}) });
/** Examples of a code's problem in the protocol's format. */
const coded = (status: number, ...codes: string[]) =>
  codes.map((code) => general(problemExample({ act: "checks.ask", bodyLimits }, status, code)?.example.detail ?? "", code));
const uncoded = (status: number, code: string) => coded(status, code).map(({ errorDetails }) => general(errorDetails));

const context = '{"context": {"targetingKey": "acme"}}';
const said: { [status: number]: [what: string, said: OfrepRefusal[]] } = {
  400: [
    "The context names no tenant, or for a single flag one that does not exist; or the body is not JSON.",
    [
      { errorCode: "INVALID_CONTEXT", errorDetails: "There is no tenant globex." },
      { errorCode: "TARGETING_KEY_MISSING", errorDetails: "Send the tenant's key as targetingKey, or as tenant." },
      { errorCode: "PARSE_ERROR", errorDetails: `The body is an object: ${context}` },
    ],
  ],
  401: ["There is no key, or none that counts.", coded(401, "key_missing", "key_malformed", "key_unknown", "key_revoked", "key_expired")],
  403: [
    "The key may not do this.",
    [...coded(403, "scope_missing"), general("This API key is bound to the tenant acme and may not ask about others.", "tenant_forbidden")],
  ],
  404: ["There is no such feature.", [{ errorCode: "FLAG_NOT_FOUND", errorDetails: "There is no feature sso." }]],
  413: ["The body is too large.", uncoded(413, "body_too_large")],
  415: ["The body is not JSON.", uncoded(415, "unsupported_media_type")],
  429: ["Asked too often, or the database cannot be read now.", coded(429, "rate_limited", "facts_unavailable", "database_unavailable")],
  500: ["Something went wrong on our side.", uncoded(500, "internal_error")],
};

const unfitTarget = "The targetingKey has 1 to 200 characters and no control characters.";

/** `key` is the requested flag, which refusals of single evaluations name. */
function refusals(statuses: number[], key?: string): { [status: number]: DescribedAnswer } {
  const answer = (status: number): DescribedAnswer => {
    const [what, examples] = said[status] as (typeof said)[number];
    const names = examples.map(({ errorCode, code }) => code ?? errorCode);
    // A bulk evaluation of a missing tenant is answered, not refused.
    const ofBulk = (example: OfrepRefusal) =>
      example.errorCode === "INVALID_CONTEXT" ? { ...example, errorDetails: unfitTarget } : example;
    const whole = examples.map((example) => (key === undefined ? ofBulk(example) : { key, ...example }));
    return {
      what: `${what} ${names.join(", ")}.`,
      schema: refusal,
      examples: Object.fromEntries(names.map((name, i) => [name, whole[i]])),
    };
  };
  return Object.fromEntries(statuses.map((status) => [status, answer(status)]));
}
const always = [400, 401, 403, 413, 415, 429, 500];

const body = z.object({
  context: z
    .looseObject({ targetingKey: z.string().describe("The tenant, or the user where the context names the tenant itself.") })
    .describe("The SDK's evaluation context."),
});
const bodyExample = { context: { targetingKey: "acme" } };
const shared = { tag: "OpenFeature", act: "checks.ask", bound: true, body, bodyLimits, bodyExample } as const;

const ssoFlag = {
  key: "sso",
  value: true,
  reason: "TARGETING_MATCH",
  variant: "on",
  metadata: {
    tenant: "acme",
    plan: "starter",
    entitled: true,
    source: "trial",
    code: "trial",
    message: "On trial until 4 December 2026.",
    expiresAt: "2026-12-04T10:00:00.000Z",
  },
};
const callsFlag = {
  key: "api_calls",
  value: 1000,
  reason: "TARGETING_MATCH",
  variant: "starter",
  metadata: {
    tenant: "acme",
    plan: "starter",
    entitled: true,
    source: "plan",
    code: "plan",
    message: "Part of Starter.",
    used: 4,
    limit: 1000,
    remaining: 996,
    resetsAt: "2026-12-01T00:00:00.000Z",
  },
};

const flagExample = { ...ssoFlag, metadata: { ...ssoFlag.metadata, revision: 43 } };
const flagsExample = {
  flags: [callsFlag, ssoFlag],
  metadata: { tenant: "acme", plan: "starter", revision: 43 },
  eventStreams: [
    { type: "sse", endpoint: { requestUri: "/ofrep/v1/stream?ticket=lk_sse_…&since=EJ9hMq8Gi63OZQ5H" }, inactivityDelaySec: 120 },
  ],
};

export const evaluateFlag: RouteDescription = {
  ...shared,
  id: "evaluateFlag",
  summary: "One feature of a tenant as a flag (OFREP 0.3)",
  params: z.object({
    key: z
      .string()
      .min(1)
      .meta({ examples: ["sso"] }),
  }),
  answers: { 200: { what: "The flag.", schema: flag, example: flagExample } },
  ownProblems: refusals([...always, 404], "sso"),
};

export const evaluateFlags: RouteDescription = {
  ...shared,
  id: "evaluateFlags",
  summary: "All features of a tenant as flags (OFREP 0.3)",
  headers: ["If-None-Match"],
  answers: {
    200: { what: "The flags.", schema: flags, example: flagsExample, headers: ["ETag"] },
    304: { what: "Not modified." },
  },
  ownProblems: refusals(always),
};
