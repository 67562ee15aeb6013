import type { Decision, ReasonCode } from "./decide";
import type { SourceKind } from "./sources";

export type Considered = { rule: number; asks: string; answer: "no" | "yes" | "decides" | "not_reached" };

type Rule = { asks: string; decides: ReasonCode[]; source?: SourceKind[] };

/** The ordered list of the decision, in words. */
const rules: Rule[] = [
  { asks: "Is the tenant missing?", decides: ["tenant_not_found"] },
  { asks: "Is the feature missing?", decides: ["feature_not_found"] },
  { asks: "Is the feature archived?", decides: ["feature_archived"] },
  { asks: "Is the tenant suspended or archived?", decides: ["tenant_suspended", "tenant_archived"] },
  { asks: "Is an override live?", decides: ["override"], source: ["override"] },
  { asks: "Does the feature's flag gate it, and say off?", decides: ["flag_off"] },
  { asks: "Does the plan, a plan it includes, or an add-on have it?", decides: ["plan", "add_on"], source: ["plan", "add_on"] },
  { asks: "Is a trial live?", decides: ["trial"], source: ["trial"] },
  { asks: "Does the feature's flag grant it, and say on?", decides: ["flag_on"], source: ["flag"] },
  { asks: "Is there nothing that gives it?", decides: ["not_in_plan"] },
];

/**
 * Every rule in order and what it said. Of amounts and values the best source decides, so a later rule may decide although an
 * earlier one said yes. A reached limit is the decision of the source that gave it, and then of usage.
 */
export function explain(decision: Decision): Considered[] {
  const byLimit = decision.reason === "limit_reached";
  const decider = rules.findIndex((r) =>
    byLimit ? r.source?.includes(decision.source as SourceKind) : r.decides.includes(decision.reason),
  );
  return rules.map(({ asks, source }, rule) => {
    if (rule === decider) return { rule, asks, answer: "decides" };
    const hasOpinion = decision.sources.some((s) => source?.includes(s.source) && (s.source !== "flag" || s.state === "on"));
    if (hasOpinion && rule >= 6) return { rule, asks, answer: "yes" };
    return { rule, asks, answer: rule < decider ? "no" : "not_reached" };
  });
}
