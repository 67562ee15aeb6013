import { z } from "zod";
import { featureTypes, flagRules, planKinds, resetPeriods, tenantStatuses, unknownReasons, whenUnknownChoices } from "~/core/model";
import { auditSubjects } from "~/forms/audit/audit-filter";

/** Schemas of responses, for the description and its tests. Instants are ISO 8601 in UTC. */
const instant = z.iso.datetime();
const json = z.json();
const limit = z.union([z.int().min(0), z.literal("unlimited")]);

export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string().describe("What is wrong and what would work."),
    code: z.string().describe("For programs; it does not change."),
    field: z.string().optional().describe("Where in the request it is wrong."),
    errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
    "violated-policies": z.array(z.string()).optional(),
    requestId: z.string().optional().describe("Of the request in the log."),
  })
  .meta({ id: "Problem" });

const grantFields = {
  id: z.string(),
  feature: z.string(),
  startsAt: instant,
  endedAt: instant.nullable().describe("When somebody ended it early."),
  extends: z.string().nullable().describe("The grant that this one prolongs."),
  note: z.string().nullable(),
  createdAt: instant,
  createdBy: z.string(),
};
const trial = z.object({ ...grantFields, kind: z.literal("trial"), value: json, endsAt: instant });
const allow = z.object({
  ...grantFields,
  kind: z.literal("override"),
  effect: z.literal("allow"),
  value: json,
  endsAt: instant.nullable(),
});
const deny = z.object({ ...grantFields, kind: z.literal("override"), effect: z.literal("deny"), endsAt: instant.nullable() });
export const grant = z.union([trial, allow, deny]).meta({ id: "Grant" });

const tenantFields = {
  key: z.string(),
  name: z.string(),
  status: z.enum(tenantStatuses),
  plan: z.string().nullable(),
  addOns: z.array(z.string()).describe("In the order in which they were added."),
  metadata: z.record(z.string(), json),
  usageAnchor: instant.nullable().describe("What its reset periods are counted from; null: the calendar in UTC."),
  createdAt: instant,
  revision: z.int(),
};
export const tenantSummary = z.object(tenantFields).meta({ id: "TenantSummary" });
export const tenant = z
  .object({ ...tenantFields, grants: z.array(grant).describe("Those that were not over when it was last changed.") })
  .meta({ id: "Tenant" });

const next = z.string().nullable().describe("The cursor of the next page; null: this is the last one.");
const pageOf = <T extends z.ZodType>(item: T, id: string) => z.object({ items: z.array(item), next }).meta({ id });

export const tenantPage = pageOf(tenantSummary, "TenantPage");
export const grantState = z.enum(["live", "upcoming", "ended"]);
export const grantPage = z
  .object({ items: z.array(z.object({ tenant: z.string(), state: grantState, grant })), next })
  .meta({ id: "GrantPage" });
export const oneGrant = z.object({ tenant: z.string(), state: grantState, grant }).meta({ id: "GrantOfTenant" });
export const changedGrants = z
  .object({ tenant: z.string(), revision: z.int(), grants: z.array(grant).describe("Those that were added or ended.") })
  .meta({ id: "ChangedGrants" });

export const plan = z
  .object({
    key: z.string(),
    name: z.string(),
    description: z.string().nullable(),
    kind: z.enum(planKinds),
    rank: z.int(),
    includes: z.string().nullable(),
    features: z.record(z.string(), json).describe("Its own entries: feature → what it gives."),
    archivedAt: instant.nullable(),
    revision: z.int(),
  })
  .meta({ id: "Plan" });
export const planPage = pageOf(plan, "PlanPage");

const config = z.union([
  z.object({ kind: z.literal("number"), better: z.enum(["higher", "lower"]) }),
  z.object({ kind: z.literal("text"), options: z.array(z.string()) }),
  z.object({ kind: z.literal("json") }),
]);
const meter = z.object({ resetPeriod: z.enum(resetPeriods), soft: z.boolean(), unit: z.string().nullable() });
const flag = z.object({ key: z.string(), rule: z.enum(flagRules), whenUnknown: z.enum(whenUnknownChoices) });
export const feature = z
  .object({
    key: z.string(),
    name: z.string(),
    description: z.string().nullable(),
    group: z.string().nullable(),
    type: z.enum(featureTypes),
    config: config.optional(),
    meter: meter.optional(),
    flag: flag.nullable(),
    archivedAt: instant.nullable(),
    revision: z.int(),
  })
  .meta({ id: "Feature" });
export const featurePage = pageOf(feature, "FeaturePage");

const diffLine = z.object({ key: z.string(), name: z.string(), what: z.array(z.string()) });
const diff = z.object({
  added: z.array(diffLine),
  changed: z.array(diffLine),
  archived: z.array(diffLine),
  restored: z.array(diffLine),
});
export const imported = z
  .object({
    dryRun: z.boolean(),
    changed: z.boolean().describe("Whether anything changed, or would."),
    revision: z.int().describe("The catalogue's."),
    features: diff,
    plans: diff,
    tenants: z.object({ added: z.array(diffLine), changed: z.array(diffLine), skipped: z.array(z.string()) }),
  })
  .meta({ id: "Imported" });

const sentBy = z.object({ id: z.string(), name: z.string() }).nullable().describe("The API key that sent it; null: not known.");

export const tenantUsageSchema = z
  .object({
    tenant: z.string(),
    from: z.iso.date(),
    to: z.iso.date(),
    checks: z.object({
      allowed: z.int(),
      refused: z.int(),
      days: z.array(z.object({ day: z.iso.date(), allowed: z.int(), refused: z.int() })),
      features: z.array(
        z.object({
          feature: z.string().describe("* is an ask for all features at once."),
          allowed: z.int(),
          refused: z.int(),
          firstAt: instant,
          lastAt: instant,
        }),
      ),
    }),
    consumption: z.array(
      z.object({
        feature: z.string(),
        unit: z.string().nullable(),
        limit,
        used: z.int(),
        remaining: limit,
        resetPeriod: z.enum(resetPeriods),
        resetsAt: instant.nullable(),
        softLimit: z.boolean(),
        setAt: instant.nullable().describe("The time of the newest `set` of this period; null: there was none."),
        setBy: sentBy,
      }),
    ),
    events: z
      .array(
        z.object({
          time: instant,
          recordedAt: instant,
          action: z.enum(["add", "set", "consume"]),
          quantity: z.int(),
          added: z.int().nullable().describe("Null for a `set`, and for a consumption that was refused."),
          idempotencyKey: z.string().nullable(),
          apiKey: sentBy,
        }),
      )
      .optional()
      .describe("Of the feature that was asked for, newest first."),
  })
  .meta({ id: "TenantUsage" });

export const auditEntry = z
  .object({
    seq: z.int(),
    at: instant,
    actor: z.object({ kind: z.enum(["admin", "api_key", "cli", "system"]), id: z.string(), name: z.string() }),
    address: z.string().nullable().describe("The IP address that it came from; null for the program itself and the command line."),
    action: z.string(),
    subjectKind: z.enum(auditSubjects),
    subject: z.string(),
    before: json,
    after: json,
    why: z.string().nullable(),
  })
  .meta({ id: "AuditEntry" });
export const auditPage = pageOf(auditEntry, "AuditPage");

const eventRefusals = [
  "invalid_event",
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
            remaining: limit.describe("Of what the tenant has now; 0 where it does not have the feature."),
            resetsAt: instant.nullable().describe("When the event's own period ends; null: never."),
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
    limit: limit.optional(),
    value: json.optional(),
    expiresAt: instant.nullable().optional(),
  })
  .loose();

const considered = z
  .array(z.object({ rule: z.int(), asks: z.string(), answer: z.enum(["no", "yes", "decides", "not_reached"]) }))
  .describe("With explain=1: every rule in order, and what it said.");

const entitlementFields = {
  entitled: z.boolean(),
  type: z.enum(featureTypes).nullable(),
  value: json.optional().describe("Of config features."),
  limit: limit.optional().describe("Of metered features, as the five below; left out where nothing is given."),
  used: z
    .int()
    .optional()
    .describe("In the present period, whether the tenant has the feature or not. Left out where `at` lies so far back that nobody knows."),
  remaining: limit.optional().describe("0 where nothing is given."),
  resetPeriod: z.enum(resetPeriods).optional(),
  resetsAt: instant.nullable().optional(),
  softLimit: z.boolean().optional(),
  source: z.enum(["override", "plan", "add_on", "trial", "flag"]).nullable(),
  reason: z.object({ code: z.string(), message: z.string() }),
  expiresAt: instant.nullable(),
  validUntil: instant.nullable(),
  availableIn: z.array(z.string()).optional(),
  isStale: z.boolean().optional(),
  sources: z.array(source),
};
export const entitlementSchema = z.object(entitlementFields).meta({ id: "Entitlement" });

export const entitlements = z
  .object({
    tenant: z.string(),
    plan: z.string().nullable(),
    validUntil: instant.nullable(),
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
            code: z.string().describe("One of invalid_check, tenant_forbidden, facts_unavailable."),
            message: z.string(),
            field: z.string().optional(),
          }),
        }),
      ]),
    ),
    isStale: z.boolean().optional(),
  })
  .meta({ id: "CheckResults" });

export const token = z.object({ token: z.string(), tenant: z.string(), expiresAt: instant }).meta({ id: "Token" });

const byGroupType = z.record(z.string(), z.record(z.string(), z.string()));
export const posthogGroups = z
  .object({ groups: z.record(z.string(), z.string()), groupProperties: byGroupType })
  .meta({ id: "PosthogGroups" });
