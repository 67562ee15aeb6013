/** A choice of features and a length that the team uses again. Values are suggested for each tenant. */
export type TrialPreset = { name: string; features: string[]; days: number };

export const maxPresets = 30;
export const maxPresetFeatures = 50;
export const maxPresetName = 60;

/** In the order of their names. */
export const withPreset = (presets: readonly TrialPreset[], preset: TrialPreset): TrialPreset[] =>
  [...presets, preset].sort((a, b) => a.name.localeCompare(b.name, "en"));
/** In days. */
export const presetLengths = ["7", "14", "30"] as const;
