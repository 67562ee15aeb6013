import { z } from "zod";
import { tenantStatuses } from "~/core/model";
import { type TenantColumn, type TenantDensity, tenantDensities } from "~/core/tenants/tenant-columns";
import { featureThrough, type TenantFilter } from "~/core/tenants/tenant-filter";
import { day } from "~/core/time";
import { unstorable } from "../storable";
import { endingSoonDays, maxFilterLengths, maxTrialDays, readTenantColumns, readTenantSort, withoutPlan } from "./tenant-list-params";

const text = (max: number) =>
  z
    .string()
    .max(max)
    .refine((value) => !unstorable.test(value))
    .optional()
    .catch(undefined)
    .transform((value) => value || undefined);

const trial = z
  .union([z.literal("live"), z.literal("ending"), z.string().regex(/^\d{1,3}$/)])
  .transform((value) => (value === "ending" ? endingSoonDays : value === "live" ? value : Number(value)))
  .pipe(z.union([z.literal("live"), z.number().min(1).max(maxTrialDays)]))
  .optional()
  .catch(undefined);

/** Invalid values are ignored, so that the list always shows something. */
const query = z
  .object({
    q: text(maxFilterLengths.q),
    plan: text(maxFilterLengths.plan),
    addOn: text(maxFilterLengths.addOn),
    status: z.enum(tenantStatuses).optional().catch(undefined),
    trial,
    feature: text(maxFilterLengths.feature),
    through: z.enum(featureThrough).catch("plan"),
    metaKey: text(maxFilterLengths.metaKey),
    metaValue: z.string().max(maxFilterLengths.metaValue).nullable().default("").catch(null),
    sort: z.string().catch("").transform(readTenantSort),
    density: z.enum(tenantDensities).optional().catch(undefined),
    page: z.coerce.number().int().min(1).max(1_000_000).catch(1),
  })
  .transform(({ q, plan, addOn, status, trial, feature, through, metaKey, metaValue, sort, density, page }) => {
    const filter: TenantFilter = {
      search: q,
      plan: plan === withoutPlan ? "" : plan,
      addOn,
      status,
      trial: typeof trial === "number" ? trial * day : trial,
      feature: feature === undefined ? undefined : { key: feature, through },
      metadata: metaKey === undefined || metaValue === null || unstorable.test(metaValue) ? undefined : { key: metaKey, value: metaValue },
    };
    return { filter, sort: sort.length > 0 ? sort : [{ id: "name" as const, desc: false }], density, page };
  });
/** `columns` and `density` are absent if the URL leaves them to the person. */
export type TenantListQuery = z.infer<typeof query> & { columns?: TenantColumn[]; density?: TenantDensity };

export function readTenantListQuery(params: URLSearchParams): TenantListQuery {
  const columns = readTenantColumns(params.getAll("cols"));
  return { ...query.parse(Object.fromEntries(params)), ...(columns.length > 0 ? { columns } : {}) };
}
