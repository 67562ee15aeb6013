import { z } from "zod";
import type { Feature, Json, Value } from "~/core/model";
import { note } from "~/forms/tenants/tenant";
import { readValue } from "./feature-value";

/** `own`: the value given with it. `none`: no entry of its own, so the plan gives what it inherits. */
export const cellGives = ["own", "none"] as const;

/** The plan's own entry that the editor saw, as JSON; null for none. */
const was = z.string("Open the cell again: this form is not whole.").transform((text, ctx): Value | null => {
  try {
    return JSON.parse(text) as Json;
  } catch {
    ctx.addIssue({ code: "custom", message: "Open the cell again: this form is not whole." });
    return z.NEVER;
  }
});

/** Parses the form of a plan's value by the feature's type. */
export function cellForm(feature: Feature) {
  return z
    .object({
      gives: z.enum(cellGives, "Choose what the plan gives."),
      value: z.string().max(10_000, "A value has up to 10,000 characters.").optional(),
      was,
      why: note.optional(),
      intent: z.enum(["save", "draft"]).optional(),
    })
    .transform((form, ctx): { value: Value | null; was: Value | null; why?: string; intent?: "save" | "draft" } => {
      const common = { was: form.was, why: form.why, intent: form.intent };
      if (form.gives === "none") return { value: null, ...common };
      const read = readValue(feature, form.value);
      if (read.ok) return { value: read.value, ...common };
      ctx.addIssue({ code: "custom", path: ["value"], message: read.message });
      return z.NEVER;
    });
}
