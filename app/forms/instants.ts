import { z } from "zod";
import { type Instant, lastInstant } from "~/core/model";
import { instantIn, timeZoneNamed } from "~/core/zoned-time";

/** ISO 8601 with a zone: "2026-12-04T10:00:00Z". */
export const isoInstant = z.iso
  .datetime({ offset: true, error: "Write a time with its zone, such as 2026-12-04T10:00:00Z." })
  .transform((text) => Date.parse(text))
  .refine((at) => at >= 0 && at <= lastInstant, "Choose a time between the years 1970 and 9999.");

/** The value of a date and time input, "2026-12-13T18:12", which `inZone` reads. */
export const localTime = z.string().max(30).optional();

/** The zone in which the form showed its times. UTC if it is absent. */
export const formZone = z.string().max(64).optional();

/** Replaces these fields by instants, read in the form's `zone`. */
export const inZone =
  <Name extends string>(...names: Name[]) =>
  <Form extends { zone?: string } & { [name in Name]?: string }>(form: Form, context: z.RefinementCtx) => {
    const { zone: name = "UTC", ...rest } = form;
    const zone = timeZoneNamed(name);
    const instants: { [name in Name]?: Instant } = {};
    for (const field of names) {
      const text = form[field];
      if (text === undefined) continue;
      const at = zone === null ? null : instantIn(text, zone);
      if (at === null) context.addIssue({ code: "custom", path: [field], message: "Choose a date and time." });
      else instants[field] = at;
    }
    return { ...(rest as Omit<Form, Name | "zone">), ...Object.fromEntries(names.map((field) => [field, undefined])), ...instants };
  };
