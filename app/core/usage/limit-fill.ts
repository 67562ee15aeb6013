import type { Limit } from "~/core/model";

/** A full limit, in the unit of `fillOf`. */
export const fullLimit = 10_000;
/** From here on a limit is nearly full. */
export const nearLimit = 8_000;
/** The fill of a use without a limit, or of a feature the tenant does not have. */
export const noFill = -1;

/** Use in hundredths of a per cent of the limit, rounded down. A limit of 0 is full. */
export function fillOf(used: number, limit: Limit | null): number {
  if (limit === null || limit === "unlimited") return noFill;
  if (limit === 0) return fullLimit;
  return Math.floor(Math.min((used / limit) * fullLimit, Number.MAX_SAFE_INTEGER));
}

/** "82 %"; "12.5 %" is shown as "12 %", so that 100 % is never shown before it is reached. Null without a limit. */
export const percentText = (fill: number): string | null => (fill === noFill ? null : `${Math.floor(fill / 100).toLocaleString("en")} %`);
