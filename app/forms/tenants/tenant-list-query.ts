import { z } from "zod";
import { tenantStatuses } from "~/core/model";

/** Query value for tenants without a plan. No plan's key can be this. */
export const withoutPlan = "-";
export const trialFilters = ["live", "ending"] as const;
const sorts = ["name", "created", "plan", "status"] as const;

/** Invalid values are ignored, so that the list always shows something. */
const query = z.object({
  q: z.string().max(200).catch(""),
  plan: z.string().max(100).catch(""),
  status: z.enum(tenantStatuses).optional().catch(undefined),
  trial: z.enum(trialFilters).optional().catch(undefined),
  sort: z
    .string()
    .transform((text) => ({ id: text.replace(/^-/, ""), desc: text.startsWith("-") }))
    .pipe(z.object({ id: z.enum(sorts), desc: z.boolean() }))
    .catch({ id: "name", desc: false }),
  page: z.coerce.number().int().min(1).max(1_000_000).catch(1),
});
export type TenantListQuery = z.infer<typeof query>;

export const readTenantListQuery = (params: URLSearchParams): TenantListQuery => query.parse(Object.fromEntries(params));
