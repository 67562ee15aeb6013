import { z } from "zod";
import { lastInstant } from "~/core/model";
import { featureKey } from "~/forms/entity-keys";
import { cursor } from "~/forms/pagination";
import { endedFilters, endingWithin, isDay, trialTabs } from "./trial-filters";
import { utcMonth } from "./utc-month";

const sorts = ["ends", "starts"] as const;

/** "2026-12-13" as its first instant in UTC. */
const utcDay = z
  .string()
  .refine(isDay)
  .transform((text) => Date.parse(text))
  .refine((at) => at >= 0 && at <= lastInstant);

/** Invalid values are ignored, so that the list always shows something. */
const query = z.object({
  tab: z.enum(trialTabs).catch("ending"),
  within: z.enum(endingWithin).catch("7").transform(Number),
  q: z.string().max(200).catch(""),
  feature: featureKey.optional().catch(undefined),
  by: z.string().min(1).max(200).optional().catch(undefined),
  outcome: z.enum(endedFilters).optional().catch(undefined),
  /** All that end on this day, instead of a tab. */
  ends: utcDay.optional().catch(undefined),
  /** Months of the chain's start, inclusive; with an outcome. */
  from: utcMonth.optional().catch(undefined),
  to: utcMonth.optional().catch(undefined),
  sort: z
    .string()
    .transform((text) => ({ id: text.replace(/^-/, ""), desc: text.startsWith("-") }))
    .pipe(z.object({ id: z.enum(sorts), desc: z.boolean() }))
    .optional()
    .catch(undefined),
  /** Where the previous page ended. */
  page: cursor([1795168800000, "gr_7C40sM21RW1pjgTWQWxE"], z.int().min(0).max(lastInstant), z.string().max(100))
    .optional()
    .catch(undefined),
});
export type TrialListQuery = z.infer<typeof query>;

export const readTrialListQuery = (params: URLSearchParams): TrialListQuery => query.parse(Object.fromEntries(params));
