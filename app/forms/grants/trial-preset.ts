import { z } from "zod";
import { maxPresetFeatures, maxPresetName, presetLengths } from "~/core/grants/trial-presets";
import { displayName } from "~/forms/catalogue/plan";
import { featureKey } from "~/forms/entity-keys";

/** As stored. */
export const storedPresets = z.array(z.object({ name: z.string(), features: z.array(z.string()), days: z.number() }));

export const presetForm = z.object({
  name: displayName.max(maxPresetName, `A name has up to ${maxPresetName} characters.`),
  features: z
    .string("Name at least one feature.")
    .max(10_000, "That is too long.")
    .transform((text) => [...new Set(text.split(/[\s,]+/).filter(Boolean))])
    .pipe(
      z.array(featureKey).min(1, "Name at least one feature.").max(maxPresetFeatures, `A preset has up to ${maxPresetFeatures} features.`),
    ),
  days: z.enum(presetLengths, "Choose how long."),
});

export const presetDeleted = z.object({ name: z.string().max(1_000) });
