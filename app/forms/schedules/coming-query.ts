import { z } from "zod";
import { type Instant, lastInstant } from "~/core/model";
import { cursor } from "~/forms/pagination";

/** Where the previous page ended. An invalid value is ignored, so that the list always shows something. */
const place = cursor([1798761600000, "sc_5xQ0sM21RW1pjgTWQWxE"], z.int().min(0).max(lastInstant), z.string().max(100))
  .optional()
  .catch(undefined);

export function readComingPlace(params: URLSearchParams): { at: Instant; id: string } | undefined {
  const read = place.parse(params.get("page") ?? undefined);
  return read && { at: read[0], id: read[1] };
}
