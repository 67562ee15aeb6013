import { z } from "zod";
import { featureKey } from "./grant";
import { inputInstant } from "./instants";
import { note } from "./tenant";

export const endPage = z.object({ note: note.optional() });

export const extendPage = z.object({ endsAt: inputInstant, note: note.optional() });

export const overridePage = z.object({
  feature: z.string("Choose a feature.").pipe(featureKey),
  effect: z.enum(["allow", "deny"], "Choose what it does."),
  value: z.string().max(10_000, "That is too long.").optional(),
  startsAt: inputInstant.optional(),
  endsAt: inputInstant.optional(),
  note: note.optional(),
});
export type OverridePage = z.infer<typeof overridePage>;
