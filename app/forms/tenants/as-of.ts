import { type Instant, lastInstant } from "~/core/model";
import { instantIn, timeZoneNamed } from "~/core/zoned-time";
import { isoInstant } from "~/forms/instants";

/**
 * The instant that a tenant's page is requested for: `?at=2026-05-03T10:00&zone=Europe/Paris`, or with its own offset. A
 * day without a time means its start. `problem`: why `at` was ignored, as a sentence.
 */
type AsOfQuery = { at: Instant | null; problem: string | null };

/** `zone` is the reader's, for an address without one. */
export function readAsOf(params: URLSearchParams, zone: string): AsOfQuery {
  const text = params.get("at") ?? "";
  if (text === "") return { at: null, problem: null };
  const named = timeZoneNamed(params.get("zone") ?? "") ?? zone;
  const local = /^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00` : text;
  const at = isoInstant.safeParse(local).data ?? instantIn(local, named);
  if (at !== null && at <= lastInstant) return { at, problem: null };
  return { at: null, problem: "That is not a date and time between the years 1970 and 9999, so this page shows today." };
}
