import { z } from "zod";
import type { Instant } from "~/core/model";
import { monthAfter } from "~/core/trials/months";
import { monthOf } from "~/core/trials/trial-chains";
import { maxReportMonths } from "./trial-filters";
import { utcMonth } from "./utc-month";

export const defaultReportMonths = 12;

export const reportGroups = ["feature", "person", "month"] as const;
export type ReportGroup = (typeof reportGroups)[number];

export type ReportRange = { from: string; to: string };

const query = z.object({
  from: utcMonth.optional().catch(undefined),
  to: utcMonth.optional().catch(undefined),
  by: z.enum(reportGroups).catch("feature"),
});

/** The last 12 months including this one, by default. Invalid values and ranges are ignored. */
export function readTrialReportQuery(params: URLSearchParams, now: Instant): ReportRange & { by: ReportGroup } {
  const { by, ...asked } = query.parse(Object.fromEntries(params));
  return { by, ...reportRange(asked, now) };
}

/** An end before the start is ignored, and a longer range is cut at its start. */
export function reportRange(asked: Partial<ReportRange>, now: Instant): ReportRange {
  const to = asked.to ?? monthOf(now);
  const from = asked.from !== undefined && asked.from <= to ? asked.from : monthAfter(to, 1 - defaultReportMonths);
  const earliest = monthAfter(to, 1 - maxReportMonths);
  return { from: from < earliest ? earliest : from, to };
}

/** The month of a calendar: this one by default. */
export function readCalendarMonth(params: URLSearchParams, now: Instant): string {
  const { data } = utcMonth.safeParse(params.get("month"));
  return data !== undefined && data < "9999-12" && data > "1970-01" ? data : monthOf(now);
}
