import { describeValue } from "~/core/catalogue/catalogue-words";
import type { Feature } from "~/core/model";
import type { Decision } from "./decide";

/** What a table shows of a decision: the source of a yes, or the kind of a no. */
export const cellStates = [
  "plan",
  "add_on",
  "trial",
  "override",
  "flag",
  "limit_reached",
  "denied",
  "flag_off",
  "suspended",
  "archived",
  "not_included",
] as const;
export type CellState = (typeof cellStates)[number];

/** `text`: the value or limit; null for boolean features and if nothing is given. */
export type AnswerCell = { state: CellState; text: string | null };

export function answerCell({ entitled, reason, source, value, amount }: Decision, feature: Feature): AnswerCell {
  const given = amount ? amount.limit : value;
  const text = given === undefined ? null : describeValue(feature, given);
  if (entitled) return { state: source ?? "plan", text };
  switch (reason) {
    case "limit_reached":
      return { state: "limit_reached", text };
    case "override":
      return { state: "denied", text: null };
    case "flag_off":
      return { state: "flag_off", text: null };
    case "tenant_suspended":
      return { state: "suspended", text: null };
    case "tenant_archived":
    case "feature_archived":
      return { state: "archived", text: null };
    default:
      return { state: "not_included", text: null };
  }
}
