import type { Feature } from "~/core/model";
import type { Decision, ReasonCode } from "./decide";
import type { Source, SourceKind } from "./sources";

export type Considered = { rule: number; asks: string; answer: "no" | "yes" | "decides" | "not_reached" };

type Rule = { asks: string; decides: ReasonCode[]; source?: SourceKind[] };

/** The decision's rules in order, in words. */
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
  { asks: "Is its limit reached, with what is asked for?", decides: ["limit_reached"] },
];
/** The first rule about a giving source: a rule that decides before it skips all of them. */
const firstGiver = rules.findIndex(({ source }) => source?.includes("plan"));
const limit = rules.length - 1;

/**
 * Every rule in order with its result. The best source decides amounts and values, so a later rule may decide although
 * an earlier one said yes. A reached limit decides last. `feature` is the feature of the decision.
 */
export function explain({ reason, source, amount, sources }: Decision, feature: Feature | undefined): Considered[] {
  const decider = rules.findIndex(({ decides }) => decides.includes(reason));
  const overridden = rules.findIndex((r) => r.source?.includes("override"));
  // After an override only its limit is checked.
  const last = decider === limit && source === "override" ? overridden : decider;
  const gives = (s: Source) => s.source !== "flag" || (s.state === "on" && feature?.flag?.rule === "grant");
  return rules.map(({ asks, source: givers }, rule) => {
    if (rule === decider) return { rule, asks, answer: "decides" };
    if (rule === last) return { rule, asks, answer: "yes" };
    if (rule === limit && amount?.used !== undefined) return { rule, asks, answer: "no" };
    if (last >= firstGiver && rule >= firstGiver && sources.some((s) => givers?.includes(s.source) && gives(s)))
      return { rule, asks, answer: "yes" };
    return { rule, asks, answer: rule < last ? "no" : "not_reached" };
  });
}
