import { type TenantChanged, type TenantChangeToWrite, writeTenants } from "./change.server";
import { type Consumed, type ConsumeToWrite, writeConsumption } from "./consume.server";
import { createGatherer } from "./gather.server";
import type { Services } from "./services.server";
import { type Refused, type UsageWritten, type Valid, writeUsage } from "./usage.server";

/** Per transaction. What is put together for one batch holds the event loop for a millisecond or two. */
const maxTenants = 32;
const maxConsumptions = 64;
const maxReports = 500;

export type Gathered = ReturnType<typeof createGathered>;

/** The writes that apps send one by one, many at the same time. */
export function createGathered(parts: Pick<Services, "db" | "now" | "newId" | "facts" | "posthog" | "usage" | "counts">) {
  return {
    tenants: createGatherer<TenantChangeToWrite, TenantChanged>((changes, options) => writeTenants(parts, changes, options), {
      maxBatch: maxTenants,
      keyOf: ({ key }) => key,
    }),
    consume: createGatherer<ConsumeToWrite, Consumed | Refused>((requests, options) => writeConsumption(parts, requests, options), {
      maxBatch: maxConsumptions,
    }),
    usage: createGatherer<Valid[], UsageWritten>((requests, options) => writeUsage(parts, requests, options), {
      maxBatch: maxReports,
      sizeOf: (reports) => reports.length,
    }),
  };
}
