import { z } from "zod";
import { lastInstant } from "~/core/model";
import { isoDay } from "~/core/time";
import { featureKey } from "~/forms/entity-keys";
import { cursor } from "~/forms/pagination";

export const trialTabs = ["ending", "running", "upcoming", "ended"] as const;
export type TrialTab = (typeof trialTabs)[number];

/** Lengths of "ending soon", in days. */
export const endingWithin = ["7", "14", "30"] as const;

/** Outcomes that the list of ended trials can be filtered by. */
export const filteredOutcomes = ["converted", "extended", "lapsed", "open"] as const;

const sorts = ["ends", "starts"] as const;

const isDate = (text: string) => /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text)) && isoDay(Date.parse(text)) === text;

/** "2026-12-13" as its first instant in UTC. */
const utcDay = z
  .string()
  .refine(isDate)
  .transform((text) => Date.parse(text))
  .refine((at) => at >= 0 && at <= lastInstant);

/** "2026-12" */
export const utcMonth = z
  .string()
  .regex(/^\d{4}-\d\d$/)
  .refine((text) => isDate(`${text}-01`) && text >= "1970-01");

/** Invalid values are ignored, so that the list always shows something. */
const query = z.object({
  tab: z.enum(trialTabs).catch("ending"),
  within: z.enum(endingWithin).catch("7").transform(Number),
  q: z.string().max(200).catch(""),
  feature: featureKey.optional().catch(undefined),
  by: z.string().min(1).max(200).optional().catch(undefined),
  outcome: z.enum(filteredOutcomes).optional().catch(undefined),
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
