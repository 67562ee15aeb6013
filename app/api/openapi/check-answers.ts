import { z } from "zod";
import { featureTypes, flagRules, resetPeriods, unknownReasons } from "~/core/model";
import { instantField, jsonField, limitField } from "./answer-fields";

/** Schemas of responses of checks, usage and tokens. Instants are ISO 8601 in UTC. */
const eventRefusals = [
  "invalid_request",
  "tenant_forbidden",
  "tenant_not_found",
  "feature_not_found",
  "feature_type",
  "time_out_of_range",
  "idempotency_key_reused",
];

export const usageResults = z
  .object({
    recorded: z.int(),
    superseded: z.int(),
    duplicates: z.int(),
    refused: z.int(),
    results: z
      .array(
        z.union([
          z.object({
            status: z.enum(["recorded", "superseded", "duplicate"]),
            used: z.int().describe("After this batch, in the period that the event belongs to."),
            remaining: limitField.describe("Of the tenant's current limit; 0 if it does not have the feature."),
            resetsAt: instantField.nullable().describe("When the event's own period ends; null: never."),
          }),
          z.object({
            status: z.literal("refused"),
            code: z.string().describe(`One of ${eventRefusals.join(", ")}.`),
            message: z.string(),
            field: z.string(),
          }),
        ]),
      )
      .describe("One for each event, in the order sent."),
  })
  .meta({ id: "UsageResults" });

const source = z
  .object({
    source: z.enum(["override", "plan", "add_on", "trial", "flag"]),
    wins: z.literal(true).optional(),
    plan: z.string().optional(),
    from: z.string().optional().describe("The included plan whose entry it is."),
    grant: z.string().optional(),
    effect: z.enum(["allow", "deny"]).optional(),
    flag: z.string().optional(),
    rule: z.enum(flagRules).optional(),
    state: z.enum(["on", "off", "unknown", "not_asked"]).optional(),
    isAssumed: z.literal(true).optional().describe("PostHog gave no answer or was not asked: what the feature says of that case counts."),
    reason: z.enum(unknownReasons).optional().describe("Why the flag's value is unknown."),
    limit: limitField.optional(),
    value: jsonField.optional(),
    expiresAt: instantField.nullable().optional(),
  })
  .loose();

const considered = z
  .array(z.object({ rule: z.int(), asks: z.string(), answer: z.enum(["no", "yes", "decides", "not_reached"]) }))
  .describe("With explain=1: every rule in order, and what it said.");

const entitlementFields = {
  entitled: z.boolean(),
  type: z.enum(featureTypes).nullable(),
  value: jsonField.optional().describe("Of config features."),
  limit: limitField.optional().describe("Of metered features, as the five below; left out where nothing is given."),
  used: z.int().optional().describe("Usage in the current period, entitled or not. Omitted if `at` is too far in the past to know."),
  remaining: limitField.optional().describe("0 where nothing is given."),
  resetPeriod: z.enum(resetPeriods).optional(),
  resetsAt: instantField.nullable().optional(),
  softLimit: z.boolean().optional(),
  source: z.enum(["override", "plan", "add_on", "trial", "flag"]).nullable(),
  reason: z.object({ code: z.string(), message: z.string() }),
  expiresAt: instantField.nullable(),
  validUntil: instantField.nullable(),
  availableIn: z.array(z.string()).optional(),
  askUrl: z
    .string()
    .optional()
    .describe("A page where a user can ask for the feature. Only if the reason is `not_in_plan` or `limit_reached`."),
  isStale: z.boolean().optional(),
  sources: z.array(source),
};
export const entitlementSchema = z.object(entitlementFields).meta({ id: "Entitlement" });

export const entitlements = z
  .object({
    tenant: z.string(),
    plan: z.string().nullable(),
    validUntil: instantField.nullable(),
    revision: z.int(),
    isStale: z.boolean(),
    entitlements: z.record(z.string(), entitlementSchema),
    considered: z.record(z.string(), considered).optional(),
  })
  .meta({ id: "Entitlements" });

export const consumed = z
  .object({ consumed: z.boolean(), tenant: z.string(), feature: z.string(), entitlement: entitlementSchema })
  .meta({ id: "Consumed" });

export const checkResults = z
  .object({
    results: z.array(
      z.union([
        z.object({ tenant: z.string(), feature: z.string(), ...entitlementFields, considered: considered.optional() }),
        z.object({
          tenant: z.unknown().optional(),
          feature: z.unknown().optional(),
          error: z.object({
            code: z.string().describe("One of invalid_request, tenant_forbidden, facts_unavailable."),
            message: z.string(),
            field: z.string().optional(),
          }),
        }),
      ]),
    ),
    isStale: z.boolean().optional(),
  })
  .meta({ id: "CheckResults" });

export const token = z.object({ token: z.string(), tenant: z.string(), expiresAt: instantField }).meta({ id: "Token" });

const byGroupType = z.record(z.string(), z.record(z.string(), z.string()));
export const posthogGroups = z
  .object({ groups: z.record(z.string(), z.string()), groupProperties: byGroupType })
  .meta({ id: "PosthogGroups" });
