import { isoDay } from "~/core/time";

// Apart from the queries, because pages import these into the browser.

export const trialTabs = ["ending", "running", "upcoming", "ended"] as const;
export type TrialTab = (typeof trialTabs)[number];

/** Lengths of "ending soon", in days. */
export const endingWithin = ["7", "14", "30"] as const;

/** Outcomes that the list of ended trials can be filtered by. */
export const filteredOutcomes = ["converted", "extended", "lapsed", "open"] as const;

/** Also those that were ended before their planned end, whatever came of them. */
export const endedFilters = [...filteredOutcomes, "early"] as const;
/** Months of a report. */
export const maxReportMonths = 36;

/** Whether a text is a day of the calendar, such as "2026-12-13". */
export const isDay = (text: string) =>
  /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text)) && isoDay(Date.parse(text)) === text;
