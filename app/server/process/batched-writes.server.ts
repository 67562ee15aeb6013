import { type TenantChangeResult, type TenantChangeToWrite, writeTenants } from "~/server/changes/tenant-change.server";
import type { Services } from "~/server/services.server";
import { type Consumed, type ConsumeToWrite, writeConsumption } from "~/server/usage/consume.server";
import { type ReportsToWrite, type UsageRefused, type UsageWritten, writeUsage } from "~/server/usage/usage.server";
import { createBatcher } from "./request-batcher.server";

/** Max items per transaction. Preparing one batch takes the event loop 1 to 2 ms. */
const maxTenants = 32;
const maxConsumptions = 64;
const maxReports = 500;

export type Gathered = ReturnType<typeof createGathered>;

/** Batches writes that apps send one by one and in parallel. */
export function createGathered(parts: Pick<Services, "db" | "env" | "now" | "newId" | "facts" | "posthog" | "usage" | "counts">) {
  return {
    tenants: createBatcher<TenantChangeToWrite, TenantChangeResult>((changes, options) => writeTenants(parts, changes, options), {
      maxBatch: maxTenants,
      keyOf: ({ key }) => key,
    }),
    consume: createBatcher<ConsumeToWrite, Consumed | UsageRefused>((requests, options) => writeConsumption(parts, requests, options), {
      maxBatch: maxConsumptions,
    }),
    usage: createBatcher<ReportsToWrite, UsageWritten>((requests, options) => writeUsage(parts, requests, options), {
      maxBatch: maxReports,
      sizeOf: ({ reports }) => reports.length,
    }),
  };
}
