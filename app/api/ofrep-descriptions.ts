import { z } from "zod";
import type { DescribedAnswer, RouteDescription } from "./describe";

const flagMetadata = z.record(z.string(), z.union([z.boolean(), z.string(), z.number()]));
const flag = z
  .object({
    key: z.string(),
    value: z.json(),
    reason: z.enum(["STATIC", "TARGETING_MATCH", "SPLIT", "DISABLED"]),
    variant: z.string(),
    metadata: flagMetadata,
  })
  .meta({ id: "OfrepFlag" });
const flags = z
  .object({
    flags: z.array(flag),
    metadata: flagMetadata,
    eventStreams: z.array(
      z.object({ type: z.literal("sse"), endpoint: z.object({ requestUri: z.string() }), inactivityDelaySec: z.int() }),
    ),
  })
  .meta({ id: "OfrepFlags" });
const refusal = z
  .object({
    key: z.string().optional().describe("Of a single flag: the flag that was asked for."),
    errorCode: z.enum(["PARSE_ERROR", "TARGETING_KEY_MISSING", "INVALID_CONTEXT", "FLAG_NOT_FOUND", "GENERAL"]),
    errorDetails: z.string(),
    code: z.string().optional(),
  })
  .meta({ id: "OfrepRefusal" });

const refused = (what: string): DescribedAnswer => ({ what, schema: refusal });
const refusals: { [status: number]: DescribedAnswer } = {
  400: refused("The context names no tenant, or one that is not there; or it is no JSON."),
  401: refused("There is no key, or none that counts."),
  403: refused("The key may not do this."),
  413: refused("The body is too large."),
  415: refused("It is no JSON."),
  429: refused("Asked too often, or the database cannot be read now."),
  500: refused("Something went wrong on our side."),
};
const body = z.object({
  context: z
    .looseObject({ targetingKey: z.string().describe("The tenant, or the user where the context names the tenant itself.") })
    .describe("What the SDK knows of who asks."),
});
const shared = { tag: "OpenFeature", scope: "check", bound: true, body, bodyExample: { context: { targetingKey: "acme" } } } as const;

export const evaluateFlag: RouteDescription = {
  ...shared,
  id: "evaluateFlag",
  summary: "One feature of a tenant as a flag (OFREP 0.3)",
  params: z.object({ key: z.string().min(1) }),
  answers: { 200: { what: "The flag.", schema: flag } },
  ownProblems: { ...refusals, 404: refused("There is no such feature.") },
};

export const evaluateFlags: RouteDescription = {
  ...shared,
  id: "evaluateFlags",
  summary: "All features of a tenant as flags (OFREP 0.3)",
  headers: ["If-None-Match"],
  answers: {
    200: { what: "The flags.", schema: flags, headers: ["ETag"] },
    304: { what: "They are as the ETag says." },
  },
  ownProblems: refusals,
};
