import { z } from "zod";
import { featureKey } from "./grant";
import { inputInstant } from "./instants";
import { note } from "./tenant";

export const trialLengths = ["7", "14", "30", "own"] as const;

/** A value for each feature that has one, under `nameOfKey`, as it was typed. */
export const typedValues = z.record(z.string(), z.string().max(10_000, "That is too long.")).optional();

export const trialPage = z
  .object({
    feature: z
      .array(z.string())
      .min(1, "Choose at least one feature.")
      .max(100, "Grant up to 100 features at once.")
      .refine((keys) => keys.every((key) => featureKey.safeParse(key).success), "That is not a feature's key."),
    length: z.enum(trialLengths, "Choose how long."),
    startsAt: inputInstant.optional(),
    endsAt: inputInstant.optional(),
    values: typedValues,
    note: note.optional(),
  })
  .refine((f) => f.length !== "own" || f.endsAt !== undefined, { path: ["endsAt"], error: "A trial always has an end: choose it." });
export type TrialPage = z.infer<typeof trialPage>;
