import { z } from "zod";
import { featureTypes, flagRules, planKinds, resetPeriods, scheduleProblems, tenantStatuses, whenUnknownChoices } from "~/core/model";
import { auditSubjects } from "~/forms/audit/audit-names";
import { instantField, jsonField } from "./answer-fields";

/** Schemas of responses, for the description and its tests. Instants are ISO 8601 in UTC. */

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
    requestId: z.string().optional().describe("The request's id in the log."),
  })
  .meta({ id: "Problem" });

const grantFields = {
  id: z.string(),
  feature: z.string(),
  startsAt: instantField,
  endedAt: instantField.nullable().describe("When somebody ended it early."),
  extends: z.string().nullable().describe("The grant that this one prolongs."),
  note: z.string().nullable(),
  createdAt: instantField,
  createdBy: z.string(),
};
const bundle = z.object({ id: z.string(), plan: z.string() }).describe("Trials with the same id are extended, ended and converted as one.");
const trial = z.object({ ...grantFields, kind: z.literal("trial"), value: jsonField, endsAt: instantField, bundle: bundle.optional() });
const allow = z.object({
  ...grantFields,
  kind: z.literal("override"),
  effect: z.literal("allow"),
  value: jsonField,
  endsAt: instantField.nullable(),
});
const deny = z.object({ ...grantFields, kind: z.literal("override"), effect: z.literal("deny"), endsAt: instantField.nullable() });
export const grant = z.union([trial, allow, deny]).meta({ id: "Grant" });

const tenantFields = {
  key: z.string(),
  name: z.string(),
  status: z.enum(tenantStatuses),
  plan: z.string().nullable(),
  addOns: z.array(z.string()).describe("In the order in which they were added."),
  metadata: z.record(z.string(), jsonField),
  usageAnchor: instantField.nullable().describe("Start of its reset periods; null for calendar periods in UTC."),
  createdAt: instantField,
  revision: z.int(),
};
export const tenantSummary = z.object(tenantFields).meta({ id: "TenantSummary" });
export const tenant = z
  .object({ ...tenantFields, grants: z.array(grant).describe("Grants that were not over at the tenant's last change.") })
  .meta({ id: "Tenant" });

const next = z.string().nullable().describe("The cursor of the next page; null: this is the last one.");
const pageOf = <T extends z.ZodType>(item: T, id: string) => z.object({ items: z.array(item), next }).meta({ id });

export const tenantPage = pageOf(tenantSummary, "TenantPage");
export const grantState = z.enum(["live", "upcoming", "ended"]);
export const grantPage = z
  .object({ items: z.array(z.object({ tenant: z.string(), state: grantState, grant })), next })
  .meta({ id: "GrantPage" });
export const oneGrant = z.object({ tenant: z.string(), state: grantState, grant }).meta({ id: "GrantOfTenant" });
const trialCounts = {
  granted: z.int().describe("Trials that started. Converted, lapsed, open and running add up to it."),
  used: z.int().describe("Of these, checked by name between start and end, to the day."),
  converted: z.int().describe("Within 30 days of the end the plan or an add-on gave the feature."),
  extended: z.int().describe("Extended at least once, whatever came of them."),
  lapsed: z.int().describe("Ended 30 days ago or longer, and not converted."),
  open: z.int().describe("Ended, not converted, and the 30 days are not over."),
  running: z.int().describe("Not ended yet."),
  medianDaysToUse: z.int().nullable().describe("Whole days from the start to the first use; null: none was used."),
};
export const trialReport = z
  .object({
    from: z.string(),
    to: z.string(),
    groupBy: z.enum(["feature", "person", "month"]),
    computedAt: instantField.nullable().describe("When outcomes were last computed; null: not yet."),
    total: z.object(trialCounts).describe("Over all groups, not only this page."),
    items: z.array(z.object({ key: z.string().describe("The feature, the person's name, or the month."), ...trialCounts })),
    next,
  })
  .meta({ id: "TrialReport" });
export const changedGrants = z
  .object({
    tenant: z.string(),
    revision: z.int(),
    grants: z.array(grant).describe("Those that were added or ended."),
    plan: z.string().optional().describe("The tenant's new plan. Only after a conversion."),
    whenItEnds: z
      .object({ plan: z.string(), at: instantField, scheduled: z.string().describe("The id of the scheduled change.") })
      .optional()
      .describe("The move to a plan that follows the end of these grants."),
    skipped: z
      .array(z.object({ feature: z.string(), why: z.enum(["included", "on_trial"]) }))
      .optional()
      .describe("Of a bundle: features of the plan that the tenant has already."),
    alreadyIncluded: z
      .array(z.object({ feature: z.string(), plan: z.string() }))
      .optional()
      .describe("Of trials that are granted: those that change nothing, because this plan or add-on gives as much."),
  })
  .meta({ id: "ChangedGrants" });

const scheduledChange = z
  .object({
    id: z.string(),
    at: instantField.describe("When it takes effect."),
    by: z.string(),
    createdAt: instantField,
    note: z.string().nullable(),
    follows: z
      .array(z.string())
      .optional()
      .describe("Trials, and ids of bundles, at whose latest end it takes effect. Absent: it has a time of its own."),
    plan: z.string().nullable().optional().describe("The plan from then on; null: none. Absent: unchanged."),
    addOns: z.object({ add: z.array(z.string()), remove: z.array(z.string()) }).optional(),
    status: z.enum(tenantStatuses).optional(),
    state: z
      .enum(["coming", "endangered", "refused"])
      .describe("coming; endangered: impossible as things are, see why; refused: it was impossible at its time, and has no effect."),
    why: z.enum(scheduleProblems).nullable(),
  })
  .meta({ id: "ScheduledChange" });
export const scheduledChanges = z
  .object({ tenant: z.string(), revision: z.int(), items: z.array(scheduledChange).describe("The earliest first.") })
  .meta({ id: "ScheduledChanges" });

export const plan = z
  .object({
    key: z.string(),
    name: z.string(),
    description: z.string().nullable(),
    kind: z.enum(planKinds),
    rank: z.int(),
    includes: z.string().nullable(),
    features: z.record(z.string(), jsonField).describe("Its own entries: feature → what it gives."),
    archivedAt: instantField.nullable(),
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
    askUrl: z.string().nullable(),
    type: z.enum(featureTypes),
    config: config.optional(),
    meter: meter.optional(),
    flag: flag.nullable(),
    archivedAt: instantField.nullable(),
    revision: z.int(),
  })
  .meta({ id: "Feature" });
export const featurePage = pageOf(feature, "FeaturePage");

const foundOf = <T extends z.ZodRawShape>(fields: T) =>
  z.object({
    items: z.array(z.object({ key: z.string(), name: z.string(), ...fields })),
    more: z.boolean().describe("Whether further ones match."),
  });
export const found = z
  .object({
    tenants: foundOf({ status: z.enum(tenantStatuses), plan: z.string().nullable() }),
    features: foundOf({ type: z.enum(featureTypes), group: z.string().nullable(), archived: z.boolean() }),
    plans: foundOf({ kind: z.enum(planKinds), archived: z.boolean() }),
  })
  .meta({ id: "Found" });

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

export const auditEntry = z
  .object({
    seq: z.int(),
    at: instantField,
    actor: z.object({ kind: z.enum(["admin", "api_key", "cli", "system"]), id: z.string(), name: z.string() }),
    address: z.string().nullable().describe("The IP address that it came from; null for the program itself and the command line."),
    action: z.string(),
    subjectKind: z.enum(auditSubjects),
    subject: z.string(),
    before: jsonField,
    after: jsonField,
    documentsOmitted: z.boolean().describe("True in a list if `before` and `after` are too large for it. Read the entry by its `seq`."),
    why: z.string().nullable(),
    changeSet: z.string().nullable().describe("The act that the entry is part of, which others may share. Null for old entries."),
    revision: z.int().nullable().describe("The revision that the change made, of the tenant or the catalogue."),
  })
  .meta({ id: "AuditEntry" });
export const auditPage = pageOf(auditEntry, "AuditPage");

const undoSubject = { subjectKind: z.enum(["tenant", "catalogue"]), subject: z.string().describe("Empty for the catalogue.") };
const undoProblems = z.array(
  z.object({ ...undoSubject, field: z.string().describe("As `addOns/boost`; empty for all of it."), message: z.string() }),
);
export const undone = z
  .object({
    dryRun: z.boolean(),
    seq: z.int(),
    changeSet: z.string().nullable().describe("The act of this undo; null for a dry run."),
    changed: z.int().describe("Tenants that change; the catalogue counts as one."),
    refused: z.int().describe("Parts that stay because something later depends on them."),
    changes: z.array(z.object({ ...undoSubject, before: jsonField, after: jsonField })),
    documentsOmitted: z.boolean().describe("True if some `before` and `after` are left out because all are too large for one answer."),
    stays: undoProblems.describe("Parts that stay, with the reason; up to 1,000."),
    settled: undoProblems.describe("Parts of which nothing is left to undo; up to 1,000."),
  })
  .meta({ id: "Undone" });
