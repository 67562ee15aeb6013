import type { Tone } from "~/ui/kit/badge";

/** Whether an admin can sign in, as a badge. */
export const adminStateLooks = {
  active: { tone: "yes", label: "Active" },
  invited: { tone: "accent", label: "Invited" },
  lapsed: { tone: "warn", label: "Link lapsed" },
  disabled: { tone: "neutral", label: "Disabled" },
} as const satisfies Record<string, { tone: Tone; label: string }>;
