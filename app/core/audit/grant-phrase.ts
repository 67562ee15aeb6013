import type { Instant, ScheduledChange } from "~/core/model";
import { listWords } from "~/core/text";
import { actionWords } from "./action-words";
import { type Activity, type ActivityNames, documentFields } from "./activity";

type GrantDocument = {
  bundle?: { plan: string };
  id: string;
  feature: string;
  effect?: string;
  endsAt: Instant | null;
  extends?: string | null;
};

/** Grants named in one sentence. */
const maxNamed = 3;

/** ", then Business": the plan that the tenant moves to when what is granted ends. */
function planAfter({ before, after }: Pick<Activity, "before" | "after">, names: ActivityNames): string {
  const listOf = (document: Activity["after"]) => (documentFields(document).scheduled ?? []) as unknown as ScheduledChange[];
  const had = new Set(listOf(before).map(({ id }) => id));
  const plan = listOf(after).find(({ id, follows }) => follows && !had.has(id))?.plan;
  return plan == null ? "" : `, then ${names.plan(plan)}`;
}

/** Of an action on trials or overrides: "extended Single sign-on for Acme to 13 Dec 2026". `forTenant` is empty or begins with a space. */
export function grantPhrase({ action, before, after }: Activity, names: ActivityNames, forTenant: string): string {
  const grants = (documentFields(after).grants ?? []) as unknown as GrantDocument[];
  // An extension writes the old grant, ended, and the new one.
  const shown = action.endsWith(".extended") ? grants.filter((g) => g.extends != null) : grants;
  const keys = [...new Set(shown.map((g) => g.feature))];
  if (keys.length === 0) return `${actionWords(action).toLowerCase()}${forTenant}`;
  const listed = keys.slice(0, maxNamed).map(names.feature);
  const plan = shown[0]?.bundle?.plan;
  const parts = listWords(keys.length > maxNamed ? [...listed, `${keys.length - maxNamed} more`] : listed);
  const features =
    plan === undefined ? parts : `the bundle ${names.plan(plan)} (${keys.length} ${keys.length === 1 ? "feature" : "features"})`;
  const ends = new Set(shown.map((g) => g.endsAt));
  const [end] = ends.size === 1 ? ends : [undefined];
  const until = end == null ? "" : names.date(end);
  const beyond = documentFields(after).railsPassed ? ", beyond a guard rail" : "";
  switch (action) {
    case "trial.granted":
      return `granted a trial of ${features}${forTenant}${until && ` until ${until}`}${planAfter({ before, after }, names)}${beyond}`;
    case "trial.extended":
    case "override.extended":
      return `extended ${features}${forTenant}${until ? ` to ${until}` : ""}${beyond}`;
    case "trial.ended":
      return `ended the trial of ${features}${forTenant}`;
    case "trial.converted":
      return `converted the trial of ${features}${forTenant} to ${names.plan(String(documentFields(after).plan))}`;
    case "override.ended":
      return `ended the override of ${features}${forTenant}`;
    default: {
      const denies = shown.some((g) => g.effect === "deny");
      return `${denies ? "denied" : "allowed"} ${features}${forTenant}${until ? ` until ${until}` : ""}${documentFields(before).grants ? ", in place of an override" : ""}`;
    }
  }
}
