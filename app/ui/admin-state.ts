import type { Tone } from "./badge";

/** Whether somebody can sign in, as a pill. */
export const adminStateLooks = {
  active: { tone: "yes", label: "Active" },
  invited: { tone: "accent", label: "Invited" },
  lapsed: { tone: "warn", label: "Link lapsed" },
  disabled: { tone: "neutral", label: "Disabled" },
} as const satisfies Record<string, { tone: Tone; label: string }>;
