import type { TrialOutcome } from "~/core/trials/trial-chains";
import type { TrialTab } from "~/forms/trials/trial-filters";
import type { Tone } from "~/ui/kit/badge";

export const trialTabWords = { ending: "Ending", running: "Running", upcoming: "Upcoming", ended: "Ended" } satisfies Record<
  TrialTab,
  string
>;

export const outcomeLooks: Record<TrialOutcome, { label: string; tone: Tone; means: string }> = {
  running: { label: "Running", tone: "trial", means: "It is live." },
  extended: { label: "Extended", tone: "trial", means: "Another grant took over." },
  never: { label: "Never started", tone: "neutral", means: "It was ended before it could start." },
  open: { label: "Open", tone: "warn", means: "No plan gives the feature yet. It lapses 30 days after the end." },
  converted: { label: "Converted", tone: "yes", means: "Within 30 days of the end the plan or an add-on gave the feature." },
  lapsed: { label: "Lapsed", tone: "no", means: "Within 30 days of the end no plan or add-on gave the feature." },
};
