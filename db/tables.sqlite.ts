import { dialects } from "./dialect";
import { defineSchema } from "./schema";

// drizzle-kit reads tables from named exports.
const schema = defineSchema(dialects.sqlite);
export const { features, plans, planFeatures, tenants, tenantSearch, tenantAddOns, grants, factsHistory, changes } = schema;
export const { audit, outbox, apiKeys, admins, sessions, checkCounts, settings, groupSyncs, flagValues, leases } = schema;
export const { flagReadings, usageEvents, usageTotals, usageHistory, idempotentAnswers, signInCounts, waitingEvents } = schema;
export const { trialOutcomes, trialCounts, scheduledChanges, scheduledPlans } = schema;
export const { usageDaily, featureDaily, tenantStats, refusedTenants, usageLevels } = schema;
export const { tenantMetadata, adminPreferences, savedViews, secondFactors, recoveryCodes } = schema;
export const { jobs, jobItems, impacts, impactTenants, planDrafts } = schema;
export const { csvUploads, csvRows } = schema;
export const { requests } = schema;
export const { webhookEndpoints, webhookEvents, webhookDeliveries, signals, notices, noticeMarks, noticeReads } = schema;
