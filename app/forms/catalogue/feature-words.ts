import type { FeatureType, FlagLink, ResetPeriod } from "~/core/model";

/** The three types as labels. */
export const typeWords: { [T in FeatureType]: string } = { boolean: "On or off", config: "Value", metered: "Limit" };

export const typeHints: { [T in FeatureType]: string } = {
  boolean: "A plan has it or not.",
  config: "A number, a text or JSON.",
  metered: "So many in each period.",
};

export const resetWords: [ResetPeriod, string][] = [
  ["hour", "Each hour"],
  ["day", "Each day"],
  ["week", "Each week"],
  ["month", "Each month"],
  ["year", "Each year"],
  ["never", "Never"],
];

export const flagRuleWords: [FlagLink["rule"], string][] = [
  ["grant", "Grant: on gives it"],
  ["gate", "Gate: off takes it away"],
  ["both", "Both"],
];

export const whenUnknownWords: [FlagLink["whenUnknown"], string][] = [
  ["last", "Its last answer counts"],
  ["on", "It counts as on"],
  ["off", "It counts as off"],
];
