import { z } from "zod";
import { isoDay } from "~/core/time";

// Apart from the queries, because pages import these into the browser.

export const trialTabs = ["ending", "running", "upcoming", "ended"] as const;
export type TrialTab = (typeof trialTabs)[number];

/** Lengths of "ending soon", in days. */
export const endingWithin = ["7", "14", "30"] as const;

/** Outcomes that the list of ended trials can be filtered by. */
export const filteredOutcomes = ["converted", "extended", "lapsed", "open"] as const;

/** Whether a text is a day of the calendar, such as "2026-12-13". */
export const isDay = (text: string) =>
  /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text)) && isoDay(Date.parse(text)) === text;

/** "2026-12" */
export const utcMonth = z
  .string()
  .regex(/^\d{4}-\d\d$/)
  .refine((text) => isDay(`${text}-01`) && text >= "1970-01");
