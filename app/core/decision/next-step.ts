import type { Decision } from "./decide";

/** The action that would turn this no into a yes. */
export type NextStep = { step: "grant_trial" | "override" | "reinstate" | "open_feature" } | { step: "end_override"; grant: string };

export function nextStep(decision: Decision): NextStep | null {
  if (decision.entitled) return null;
  const winner = decision.sources.find((s) => s.wins);
  switch (decision.reason) {
    case "feature_archived":
      return { step: "open_feature" };
    case "tenant_suspended":
    case "tenant_archived":
      return { step: "reinstate" };
    // A gate applies before plans and trials; only an override takes precedence.
    case "flag_off":
      return { step: "override" };
    case "override":
    case "limit_reached":
      if (winner?.source === "override") return { step: "end_override", grant: winner.grant };
      // A feature has one trial at a time, so with a live one only an override can raise the limit.
      return { step: decision.sources.some((s) => s.source === "trial") ? "override" : "grant_trial" };
    case "not_in_plan":
      return { step: "grant_trial" };
    default:
      return null;
  }
}
