import { z } from "zod";
import { featureKey } from "./grant";
import { inputInstant } from "./instants";
import { note } from "./tenant";
import { trialLengths } from "./trial-page";

export const endPage = z.object({ note: note.optional() });

/** Days count from the end that it has. */
export const extendPage = z
  .object({
    length: z.enum(trialLengths, "Choose how long."),
    endsAt: inputInstant.optional(),
    note: note.optional(),
  })
  .refine((f) => f.length !== "own" || f.endsAt !== undefined, { path: ["endsAt"], error: "Choose the new end." });
export type ExtendPage = z.infer<typeof extendPage>;

export const overridePage = z.object({
  feature: z.string("Choose a feature.").pipe(featureKey),
  effect: z.enum(["allow", "deny"], "Choose what it does."),
  value: z.string().max(10_000, "That is too long.").optional(),
  endsAt: inputInstant.optional(),
  note: note.optional(),
});
export type OverridePage = z.infer<typeof overridePage>;
