import { z } from "zod";
import { grantStates } from "~/core/grants/grant-lifetime";
import { featureTypes, lastInstant, tenantStatuses } from "~/core/model";
import { featureThrough, type TenantFilter } from "~/core/tenants/tenant-filter";
import { day } from "~/core/time";
import { auditActor, auditText } from "./audit/audit-filter";
import { auditSubjects } from "./audit/audit-names";
import { featureKey, planKey, planKeyRefused, tenantKey } from "./entity-keys";
import { grantId } from "./grants/grant";
import { fileFormats } from "./import/catalogue-text";
import { isoInstant } from "./instants";
import { cursor, fromDigits, limit, yes } from "./pagination";
import { searchText } from "./search/search-query";
import { endingSoonDays, maxTrialDays, withoutPlan } from "./tenants/tenant-list-params";
import { reportGroups } from "./trials/trial-report-query";
import { utcMonth } from "./trials/utc-month";
import { usagePlace } from "./usage/usage-pages";

const badSeq = "That is not an entry's number.";
const badDays = "Days are a whole number from 1 to 366.";

export const tenantParams = z.object({ key: tenantKey });
export const grantParams = z.object({ id: grantId });
export const planParams = z.object({ plan: planKey });
export const featureParams = z.object({ feature: featureKey });
export const auditParams = z.object({ seq: fromDigits(z.int(badSeq).min(1, badSeq)) });

/** GET /api/tenants */
export const tenantsQuery = z.object({
  search: z
    .string()
    .max(200, "Search for up to 200 characters.")
    .optional()
    .describe("Part of the name or the key, whatever its case and accents."),
  plan: z
    .union([z.literal(withoutPlan), planKey], planKeyRefused)
    .optional()
    .describe(`A plan or an add-on; ${withoutPlan} for tenants without a plan.`),
  status: z.enum(tenantStatuses, `A status is one of ${tenantStatuses.join(", ")}.`).optional(),
  addOn: planKey.optional().describe("An add-on that the tenant has beside its plan."),
  trial: z
    .enum(["live", "ending"], "Send live, or ending for trials that end within 7 days.")
    .optional()
    .describe("Has a live trial; one that ends within 7 days."),
  trialEndsWithin: fromDigits(z.int(badDays).min(1, badDays).max(maxTrialDays, badDays))
    .optional()
    .describe("Has a live trial that ends within this many days. Replaces `trial`."),
  feature: featureKey.optional().describe("A feature that the tenant has in the way that `through` names."),
  through: z
    .enum(featureThrough, `Send one of ${featureThrough.join(", ")}.`)
    .default("plan")
    .describe("What gives the feature: plan, add_on, trial or override; limit: its limit is reached. Only with `feature`."),
  metadataKey: z.string().min(1).max(100, "A key of metadata has up to 100 characters.").optional().describe("Only with `metadataValue`."),
  metadataValue: z
    .string()
    .max(200, "A value of metadata has up to 200 characters.")
    .default("")
    .describe("The exact text, number or boolean under `metadataKey`. Only the first 50 short entries of a tenant are found."),
  // By folded name and key, which may be three times as long.
  cursor: cursor(["acme", "acme"], z.string().max(1_300), z.string().max(200)).optional(),
  limit,
});

/** The filter of a bulk act, as in the list. */
export const tenantFilterBody = z.strictObject(tenantsQuery.omit({ cursor: true, limit: true }).shape);

/** The list's filter, as pages have it. */
export function tenantFilterOf(query: z.output<typeof tenantFilterBody>): TenantFilter {
  const { search, status, plan, addOn, trial, trialEndsWithin, feature, through, metadataKey, metadataValue } = query;
  const days = trialEndsWithin ?? (trial === "ending" ? endingSoonDays : undefined);
  return {
    search,
    status,
    plan: plan === withoutPlan ? "" : plan,
    addOn,
    trial: days === undefined ? trial && "live" : days * day,
    feature: feature === undefined ? undefined : { key: feature, through },
    metadata: metadataKey === undefined ? undefined : { key: metadataKey, value: metadataValue },
  };
}

/** GET /api/tenants/{key}/grants */
export const grantsQuery = z.object({
  state: z.enum(grantStates, `A state is one of ${grantStates.join(", ")}.`).optional(),
  kind: z.enum(["trial", "override"], "A kind is trial or override.").optional(),
  feature: featureKey.optional(),
  cursor: cursor([1795168800000, "gr_7C40sM21RW1pjgTWQWxE"], z.int().min(0).max(lastInstant), z.string().max(100)).optional(),
  limit,
});

/** GET /api/grants */
export const allGrantsQuery = z.object({
  state: grantsQuery.shape.state,
  kind: grantsQuery.shape.kind,
  feature: featureKey.optional(),
  tenant: tenantKey.optional(),
  endsAfter: isoInstant.optional().describe("The end is at or after this instant. Grants without an end are left out."),
  endsBefore: isoInstant.optional().describe("The end is before this instant. Grants without an end are left out."),
  createdBy: z.string().min(1).max(200, "A name has up to 200 characters.").optional().describe("Who gave it, as the grant says it."),
  // The end, or null after all grants that have one.
  cursor: cursor([1795168800000, "gr_7C40sM21RW1pjgTWQWxE"], z.int().min(0).max(lastInstant).nullable(), z.string().max(100)).optional(),
  limit,
});

const badMonth = "A month is written like 2026-12.";
const reportMonth = z
  .string(badMonth)
  .refine((text) => utcMonth.safeParse(text).success, badMonth)
  .optional();

/** GET /api/trials/report */
export const trialReportQuery = z.object({
  from: reportMonth.describe("The first month of the trials' start, in UTC. By default 11 months before `to`."),
  to: reportMonth.describe("The last month. This one by default."),
  groupBy: z.enum(reportGroups, `Group by one of ${reportGroups.join(", ")}.`).default("feature"),
  cursor: cursor(["sso"], z.string().max(300)).optional(),
  limit,
});

export const tenantUsageQuery = z.object({
  days: fromDigits(z.int(badDays).min(1, badDays).max(366, badDays)).default(30).describe("How many days of UTC, today included."),
  feature: featureKey.optional().describe("A metered feature: only its consumption, with its newest events."),
});

const badPercent = "A per cent is a whole number from 0 to 1000.";
const demandDaysRefused = "Days are a whole number from 1 to 90.";

/** GET /api/usage/tenants, the fullest limit first */
export const usageListQuery = z.object({
  search: z.string().max(200, "Search for up to 200 characters.").optional().describe("Part of the tenant's name or key."),
  feature: featureKey.optional(),
  plan: z
    .union([z.literal(withoutPlan), planKey], planKeyRefused)
    .optional()
    .describe(`A base plan; ${withoutPlan} for tenants without a plan.`),
  minPercent: fromDigits(z.int(badPercent).min(0, badPercent).max(1_000, badPercent))
    .optional()
    .describe("Only limits that are at least so full."),
  cursor: usagePlace.optional(),
  limit,
});

/** GET /api/demand, most refused first */
export const demandListQuery = z.object({
  days: fromDigits(z.int(demandDaysRefused).min(1, demandDaysRefused).max(90, demandDaysRefused))
    .default(30)
    .describe("How many days of UTC, today included."),
  cursor: cursor([41, "sso"], z.int().min(0), z.string().max(100)).optional(),
  limit,
});

const archived = yes.describe("1: only what is archived; 0: only what is not.");
const byKey = { cursor: cursor(["sso"], z.string().max(100)).optional(), limit };
const byRank = { cursor: cursor([10, "starter"], z.int().min(0).max(1_000_000), z.string().max(100)).optional(), limit };

/** GET /api/plans, by rank */
export const plansQuery = z.object({ kind: z.enum(["base", "add_on"], "A kind is base or add_on.").optional(), archived, ...byRank });
/** GET /api/features, by key */
export const featuresQuery = z.object({
  search: z.string().max(200, "Search for up to 200 characters.").optional().describe("Part of the name or the key."),
  group: z.string().max(200, "A group has up to 200 characters.").optional(),
  type: z.enum(featureTypes, `A type is one of ${featureTypes.join(", ")}.`).optional(),
  archived,
  ...byKey,
});

/** GET /api/search */
export const searchApiQuery = z.object({
  q: searchText.describe("Up to eight words."),
  limit: limit.default(10).describe("How many of each kind."),
});

/** GET /api/catalogue */
export const catalogueQuery = z.object({
  format: z.enum(fileFormats, "A format is yaml or json.").default("yaml"),
  tenants: yes.describe("1: with all tenants and what is not over of their grants."),
});
export const importQuery = z.object({ dryRun: yes.describe("1: say what it would do, and do nothing.") });

/** GET /api/audit, newest first */
export const auditQuery = z.object({
  subjectKind: z.enum(auditSubjects, `A kind is one of ${auditSubjects.join(", ")}.`).optional(),
  subject: z.string().min(1).max(200, "A subject has up to 200 characters.").optional(),
  actor: auditActor.optional(),
  action: z.string().min(1).max(100, "An action has up to 100 characters.").optional(),
  feature: featureKey.optional().describe("Changes of the feature, of grants of it, and of plans' entries for it."),
  after: isoInstant.optional().describe("Written at or after this instant."),
  before: isoInstant.optional().describe("Written before this instant."),
  search: auditText
    .optional()
    .describe("Up to eight words. Each is part of the actor's name, the subject, the action, the reason or a document of up to 8 kB."),
  signIns: yes.describe("0: without people's signing in and out."),
  cursor: cursor([8], z.int().min(1)).optional(),
  limit,
});
