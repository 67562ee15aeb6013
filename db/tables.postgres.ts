import { dialects } from "./dialect";
import { defineSchema } from "./schema";

// drizzle-kit reads tables from named exports.
const schema = defineSchema(dialects.postgres);
export const { features, plans, planFeatures, tenants, tenantSearch, tenantAddOns, grants, factsHistory, changes } = schema;
export const { audit, outbox, apiKeys, admins, sessions, checkCounts, settings, groupSyncs, flagValues, leases } = schema;
export const { flagReadings, usageEvents, usageTotals, usageHistory, idempotentAnswers, signInCounts, waitingEvents } = schema;
export const { trialOutcomes, trialCounts } = schema;
export const { usageDaily, featureDaily, tenantStats, refusedTenants, usageLevels } = schema;
