import type { Instant } from "~/core/model";
import { day } from "~/core/time";
import { monthOf } from "./trial-chains";

/** The first instant of a month such as "2026-12", in UTC. */
export const startOfMonth = (month: string): Instant => Date.parse(`${month}-01`);

/** The month this many months later, or earlier if negative. */
export function monthAfter(month: string, months: number): string {
  const d = new Date(startOfMonth(month));
  return monthOf(Date.UTC(d.getUTCFullYear(), d.getUTCMonth() + months, 1));
}

/** The days of a month as half-open intervals in UTC. */
export function daysOfMonth(month: string): { from: Instant; to: Instant }[] {
  const end = startOfMonth(monthAfter(month, 1));
  const days: { from: Instant; to: Instant }[] = [];
  for (let from = startOfMonth(month); from < end; from += day) days.push({ from, to: from + day });
  return days;
}
