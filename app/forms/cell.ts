import { z } from "zod";
import type { Feature, Json, Value } from "~/core/model";
import { readValue } from "./feature-value";
import { note } from "./tenant";

/** `own`: the value beside it. `none`: no entry of the plan's own, so that it gives what it inherits, if anything. */
export const cellGives = ["own", "none"] as const;
export type CellGives = (typeof cellGives)[number];

/** The plan's own entry that the editor saw, as JSON; null for none. */
const was = z.string("Open the cell again: this form is not whole.").transform((text, ctx): Value | null => {
  try {
    return JSON.parse(text) as Json;
  } catch {
    ctx.addIssue({ code: "custom", message: "Open the cell again: this form is not whole." });
    return z.NEVER;
  }
});

/** What a plan gives of one feature: fields as a page sends them, out comes the value that fits the feature's type. */
export function cellForm(feature: Feature) {
  return z
    .object({
      gives: z.enum(cellGives, "Choose what the plan gives."),
      value: z.string().max(10_000, "A value has up to 10,000 characters.").optional(),
      was,
      why: note.optional(),
    })
    .transform((form, ctx): { value: Value | null; was: Value | null; why?: string } => {
      const common = { was: form.was, why: form.why };
      if (form.gives === "none") return { value: null, ...common };
      const read = readValue(feature, form.value);
      if (read.ok) return { value: read.value, ...common };
      ctx.addIssue({ code: "custom", path: ["value"], message: read.message });
      return z.NEVER;
    });
}
