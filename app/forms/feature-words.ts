import type { FeatureType } from "~/core/model";

/** The three types as people choose and filter by them. */
export const typeWords: { [T in FeatureType]: string } = { boolean: "On or off", config: "Value", metered: "Limit" };
