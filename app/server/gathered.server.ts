import { type TenantChanged, type TenantChangeToWrite, writeTenants } from "./change.server";
import { type Consumed, type ConsumeToWrite, writeConsumption } from "./consume.server";
import { createGatherer } from "./gather.server";
import type { Services } from "./services.server";
import { type Refused, type ReportsToWrite, type UsageWritten, writeUsage } from "./usage.server";

/** Max items per transaction. Preparing one batch takes the event loop 1 to 2 ms. */
const maxTenants = 32;
const maxConsumptions = 64;
const maxReports = 500;

export type Gathered = ReturnType<typeof createGathered>;

/** Writes that apps send one by one and many at a time. */
export function createGathered(parts: Pick<Services, "db" | "env" | "now" | "newId" | "facts" | "posthog" | "usage" | "counts">) {
  return {
    tenants: createGatherer<TenantChangeToWrite, TenantChanged>((changes, options) => writeTenants(parts, changes, options), {
      maxBatch: maxTenants,
      keyOf: ({ key }) => key,
    }),
    consume: createGatherer<ConsumeToWrite, Consumed | Refused>((requests, options) => writeConsumption(parts, requests, options), {
      maxBatch: maxConsumptions,
    }),
    usage: createGatherer<ReportsToWrite, UsageWritten>((requests, options) => writeUsage(parts, requests, options), {
      maxBatch: maxReports,
      sizeOf: ({ reports }) => reports.length,
    }),
  };
}
