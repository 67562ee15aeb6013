import type { ScheduledFields, ScheduleProblem } from "~/core/model";
import { listWords } from "~/core/text";

const statusWords = { active: "is reinstated", suspended: "is suspended", archived: "is archived" } as const;

/** What a scheduled change does, to follow the tenant's name: "moves to Premium and adds Boost". */
export function scheduleWords({ plan, addOns, status }: ScheduledFields, planName: (key: string) => string): string {
  const words: string[] = [];
  if (plan !== undefined) words.push(plan === null ? "has no plan any more" : `moves to ${planName(plan)}`);
  if (addOns && addOns.add.length > 0) words.push(`adds ${listWords(addOns.add.map(planName))}`);
  if (addOns && addOns.remove.length > 0) words.push(`removes ${listWords(addOns.remove.map(planName))}`);
  if (status !== undefined) words.push(statusWords[status]);
  return listWords(words);
}

/** Why a change has no effect at its time, as a sentence. */
export const scheduleProblemWords: { [problem in ScheduleProblem]: string } = {
  plan_archived: "A plan or add-on of this change is archived. Restore it, or cancel this change.",
  plan_not_found: "A plan or add-on of this change no longer exists. Cancel this change.",
  plan_kind: "A plan of this change is an add-on, or the reverse. Cancel this change.",
};
