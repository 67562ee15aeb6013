import { type Act, mayAct, type Role } from "~/core/permissions";
import { undoneAction } from "./reverted";

/** What a person needs to undo an action: to be allowed to do it. */
const acts: Readonly<Record<string, Act>> = {
  "trial.granted": "trials.grant",
  "trial.extended": "trials.extend",
  "trial.ended": "trials.end",
  "trial.converted": "tenants.change",
  "override.set": "overrides.change",
  "override.extended": "overrides.change",
  "override.ended": "overrides.change",
  "tenant.created": "tenants.change",
  "tenant.updated": "tenants.change",
  "tenant.plan_changed": "tenants.change",
  "tenant.suspended": "tenants.change",
  "tenant.reinstated": "tenants.change",
  "tenant.archived": "tenants.change",
  "feature.created": "catalogue.change",
  "feature.updated": "catalogue.change",
  "feature.archived": "catalogue.change",
  "feature.restored": "catalogue.change",
  "plan.created": "catalogue.change",
  "plan.updated": "catalogue.change",
  "plan.archived": "catalogue.change",
  "plan.restored": "catalogue.change",
  "plan.deleted": "catalogue.change",
  "plan.entries_changed": "catalogue.change",
  "catalogue.imported": "data.import",
};

/** Null if the action cannot be undone. */
export const actToUndo = (action: string): Act | null => acts[undoneAction(action)] ?? null;

const strictest: readonly Act[] = ["data.import", "catalogue.change", "tenants.change", "overrides.change"];

/** The act that the fewest roles may do, of those that undoing all of these actions needs. Roles include each other. */
export function actToUndoAll(actions: readonly string[]): Act | null {
  const needed = new Set(actions.map(actToUndo));
  if (needed.has(null)) return null;
  return strictest.find((act) => needed.has(act)) ?? [...needed][0] ?? null;
}

export const mayUndo = (role: Role, action: string): boolean => {
  const act = actToUndo(action);
  return act !== null && mayAct(role, act);
};

const reasons: readonly [prefix: string, sentence: string][] = [
  ["api_key.", "API keys cannot be brought back or taken back by an undo. Create, rotate or revoke one under API keys."],
  ["token", "Browser tokens and their secret cannot be undone. Rotate the secret again if you have to."],
  ["admin.", "Accounts, roles and sign-ins cannot be undone. Change the person under People."],
  ["posthog.", "What was sent to PostHog cannot be undone. Change its settings on the PostHog page."],
  ["preset.", "Presets cannot be undone. Keep or delete the preset again."],
  ["draft.", "A discarded draft cannot be brought back. Edit the cells in the grid again."],
  ["view.", "Views cannot be undone. Save or delete the view again."],
  ["tenant.change_scheduled", "A coming change can be moved or cancelled under Coming changes."],
  ["tenant.scheduled_change", "What a scheduled change did can be changed on the tenant's page. Coming ones can be moved or cancelled."],
  ["webhook.", "Webhooks cannot be undone. Edit, disable or remove the webhook instead."],
  ["notice_rules.", "Which notices people get cannot be undone. Choose them again under Notices."],
  ["job.", "A job is undone on its own page, under Jobs."],
  ["demo.", "The demo data cannot be undone. Begin with an empty database instead."],
];

/** Why an action cannot be undone. */
export const whyNotUndoable = (action: string): string =>
  reasons.find(([prefix]) => action.startsWith(prefix))?.[1] ?? "This entry changed nothing that could be undone.";
