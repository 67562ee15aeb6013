import { actionWords } from "./action-words";
import { type Activity, type ActivityNames, documentFields } from "./activity";
import { alone, onSubject } from "./activity-verbs";
import { grantPhrase } from "./grant-phrase";
import { fieldWords, planPhrase, renamePhrase, schedulePhrase, schedulePhrases } from "./tenant-phrases";
import { undoPhrase } from "./undo-phrase";

/** What was done, to follow the actor's name: "extended Single sign-on for Acme to 13 Dec 2026". `isOwnPage` omits the subject. */
export function activityPhrase(activity: Activity, names: ActivityNames, { isOwnPage = false } = {}): string {
  const { action } = activity;
  const of = (preposition: string) => (isOwnPage ? "" : ` ${preposition} ${names.subject}`);
  const isGrant = /\.(trial|override)\./.test(action);
  const undone = undoPhrase(action, activity.after, {
    subject: isOwnPage ? null : isGrant ? names.subject : subjectWords(activity, names, false),
    feature: names.feature,
  });
  if (undone !== null) return undone;
  if (action.startsWith("trial.") || action.startsWith("override.")) return grantPhrase(activity, names, of("for"));
  if (action in schedulePhrases) return schedulePhrase(activity, names, of("of"));
  if (action === "tenant.plan_changed") return planPhrase(activity, names, of("of"));
  if (action === "tenant.updated") return renamePhrase(activity) ?? `changed ${fieldWords(activity)}${of("of")}`;
  if (action === "admin.role_changed") {
    const [from, to] = [documentFields(activity.before).role, documentFields(activity.after).role];
    return `changed the role${of("of")} from ${from} to ${to}`;
  }
  const verb = onSubject[action];
  if (verb !== undefined) return `${verb} ${subjectWords(activity, names, isOwnPage)}`;
  return alone[action] ?? actionWords(action).toLowerCase();
}

const nouns: Readonly<Record<string, string>> = {
  feature: "feature",
  plan: "plan",
  api_key: "API key",
  tenant: "tenant",
  admin: "account",
  webhook: "webhook to",
};
/** These are known by their name alone. */
const isNamed = (kind: string) => kind === "tenant" || kind === "admin";

function subjectWords({ subjectKind }: Activity, { subject }: ActivityNames, isOwnPage: boolean): string {
  const noun = nouns[subjectKind];
  if (noun === undefined || (!isOwnPage && isNamed(subjectKind))) return subject;
  return isOwnPage ? `this ${noun}` : `the ${noun} ${subject}`;
}
