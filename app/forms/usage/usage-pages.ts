import { z } from "zod";
import { cursor } from "~/forms/pagination";
import { demandDays } from "./usage-ranges";

const days = z
  .enum(demandDays.map(String) as [string, ...string[]])
  .catch("30")
  .transform(Number);

/** Where a page of usage starts: after this fill, tenant and feature. */
export const usagePlace = cursor([8_000, "acme", "calls"], z.int().min(-1), z.string().max(200), z.string().max(100));
/** Where a page of refused tenants starts: after this day and tenant. */
export const refusedPlace = cursor(["2026-11-20", "acme"], z.string().regex(/^\d{4}-\d\d-\d\d$/), z.string().max(200));

/** Invalid values are ignored, so that the list always shows something. */
const usageQuery = z.object({
  q: z.string().max(200).catch(""),
  feature: z.string().max(100).catch(""),
  plan: z.string().max(100).catch(""),
  level: z.enum(["80", "100"]).optional().catch(undefined),
  after: usagePlace.optional().catch(undefined),
});
export type UsageListQuery = z.infer<typeof usageQuery>;
export const readUsageQuery = (params: URLSearchParams): UsageListQuery => usageQuery.parse(Object.fromEntries(params));

const demandQuery = z.object({ days, page: z.coerce.number().int().min(1).max(1_000).catch(1) });
export const readDemandQuery = (params: URLSearchParams) => demandQuery.parse(Object.fromEntries(params));

const refusedQuery = z.object({ days, after: refusedPlace.optional().catch(undefined) });
export const readRefusedQuery = (params: URLSearchParams) => refusedQuery.parse(Object.fromEntries(params));

const tenantPageQuery = z.object({ days, feature: z.string().max(100).nullable().catch(null).default(null) });
export const readTenantUsageQuery = (params: URLSearchParams) => tenantPageQuery.parse(Object.fromEntries(params));
