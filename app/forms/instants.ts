import { z } from "zod";
import { lastInstant } from "~/core/model";
import { isoTime } from "~/core/time";

/** ISO 8601 with a zone: "2026-12-04T10:00:00Z". */
export const isoInstant = z.iso
  .datetime({ offset: true, error: "Write a time with its zone, such as 2026-12-04T10:00:00Z." })
  .transform((text) => Date.parse(text))
  .refine((at) => at >= 0 && at <= lastInstant, "Choose a time between the years 1970 and 9999.");

/** The value of a date and time input: UTC without a zone. */
export const inputInstant = z
  .string()
  .transform((text) => ({ text, at: /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?$/.test(text) ? Date.parse(`${text}Z`) : Number.NaN }))
  // 30 February parses as 2 March.
  .refine(({ text, at }) => at >= 0 && at <= lastInstant && isoTime(at).startsWith(text), "Choose a date and time, in UTC.")
  .transform(({ at }) => at);
