import type { Catalogue } from "~/core/catalogue/catalogue";
import type { Instant, Json, ScheduledChange } from "~/core/model";
import { sameJson } from "~/core/same-json";
import { scheduleWords } from "~/core/schedules/schedule-words";
import { listWords } from "~/core/text";
import { zonedDate } from "~/core/zoned-time";
import { actionWords } from "./action-words";
import { undoPhrase } from "./undo-phrase";

/** An audit entry, with `before` and `after` as written. Null if the documents are too large to be read. */
export type Activity = { action: string; subjectKind: string; before: Json; after: Json };

export type ActivityNames = {
  /** The entry's subject, as people call it. */
  subject: string;
  feature: (key: string) => string;
  plan: (key: string) => string;
  date: (at: Instant) => string;
};

/** Names of today's catalogue. What it no longer has is named by its key. Dates are those of the reader's zone. */
export const namesIn = ({ features, plans }: Catalogue, subject: string, zone: string): ActivityNames => ({
  subject,
  feature: (key) => features.get(key)?.name ?? key,
  plan: (key) => plans.get(key)?.name ?? key,
  date: (at) => zonedDate(at, zone),
});

type Document = { [field: string]: Json };
type GrantDocument = {
  bundle?: { plan: string };
  id: string;
  feature: string;
  effect?: string;
  endsAt: Instant | null;
  extends?: string | null;
};

const isDocument = (value: Json | undefined): value is Document => typeof value === "object" && value !== null && !Array.isArray(value);
const fieldsOf = (value: Json | undefined): Document => (isDocument(value) ? value : {});
/** Grants named in one sentence. */
const maxNamed = 3;

/** Actions on the subject itself, after which its name follows. */
const onSubject: Readonly<Record<string, string>> = {
  "tenant.created": "created",
  "tenant.suspended": "suspended",
  "tenant.reinstated": "reinstated",
  "tenant.archived": "archived",
  "tenant.usage_exported": "exported the usage of",
  "feature.created": "created",
  "feature.updated": "edited",
  "feature.archived": "archived",
  "feature.restored": "restored",
  "plan.created": "created",
  "plan.updated": "edited",
  "plan.entries_changed": "changed features of",
  "plan.archived": "archived",
  "plan.restored": "restored",
  "plan.deleted": "deleted",
  "admin.created": "created the account of",
  "admin.disabled": "disabled the account of",
  "admin.enabled": "enabled the account of",
  "admin.invited": "invited",
  "admin.invite_renewed": "renewed the invitation of",
  "admin.reset_link_made": "created a password link for",
  "api_key.created": "created",
  "api_key.rotated": "rotated",
  "api_key.revoked": "revoked",
  "posthog.resync": "started a resync of",
  "preset.created": "saved the preset",
  "preset.deleted": "deleted the preset",
  "webhook.created": "created",
  "webhook.changed": "edited",
  "webhook.disabled": "disabled",
  "webhook.enabled": "enabled",
  "webhook.removed": "removed",
  "webhook.tested": "tested",
  "webhook.secret_rotated": "rotated the secret of",
  "webhook.sent_again": "sent an event again to",
  "webhook.delivery_skipped": "skipped a delivery to",
  "request.granted": "granted a request for",
  "request.refused": "refused a request for",
  "request.withdrawn": "withdrew a request for",
  "request.created": "sent a request for",
  "draft.discarded": "discarded the draft",
  "view.saved": "saved the view",
  "view.deleted": "deleted the view",
};

/** Actions that are complete without a name. */
const alone: Readonly<Record<string, string>> = {
  "activity.exported": "exported the activity log",
  "usage.exported": "exported the usage of all tenants",
  "demand.exported": "exported the demand for features",
  "trials.exported": "exported the report on trials",
  "job.exported": "exported the results of a job",
  "job.started": "started a job",
  "job.cancelled": "cancelled a job",
  "tenants.exported": "exported the list of tenants",
  "trial_list.exported": "exported the list of trials",
  "plans.exported": "exported the list of plans",
  "features.exported": "exported the list of features",
  "keys.exported": "exported the list of API keys",
  "people.exported": "exported the list of people",
  "admin.invite_accepted": "accepted the invitation",
  "admin.password_changed": "changed the password",
  "admin.password_change_failed": "entered a wrong password when changing it",
  "admin.password_reset": "set a new password with a link",
  "admin.session_replay_chosen": "changed whether visits are recorded",
  "admin.signed_in": "signed in",
  "admin.sign_in_failed": "failed to sign in",
  "admin.signed_out": "signed out",
  "admin.signed_out_elsewhere": "ended all other sessions",
  "api_key.refused": "used an API key that was refused",
  "notice_rules.changed": "changed the notices that people get",
  "rails.changed": "changed the guard rails",
  "approvals.changed": "changed which acts need a second person",
  "catalogue.imported": "imported a catalogue",
  "catalogue.exported_with_tenants": "exported the catalogue with all tenants",
  "demo.filled": "filled in the demo data",
  "posthog.drift_compared": "compared PostHog with Latchkey",
  "posthog.resync_all": "started a resync of all tenants",
  "posthog.metadata_chosen": "chose the metadata that PostHog receives",
  "token.minted": "created a browser token",
  "token_secret.rotated": "replaced the secret of browser tokens",
};

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
    const [from, to] = [fieldsOf(activity.before).role, fieldsOf(activity.after).role];
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

function grantPhrase({ action, before, after }: Activity, names: ActivityNames, forTenant: string): string {
  const grants = (fieldsOf(after).grants ?? []) as unknown as GrantDocument[];
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
  const beyond = fieldsOf(after).railsPassed ? ", beyond a guard rail" : "";
  switch (action) {
    case "trial.granted":
      return `granted a trial of ${features}${forTenant}${until && ` until ${until}`}${beyond}`;
    case "trial.extended":
    case "override.extended":
      return `extended ${features}${forTenant}${until ? ` to ${until}` : ""}${beyond}`;
    case "trial.ended":
      return `ended the trial of ${features}${forTenant}`;
    case "trial.converted":
      return `converted the trial of ${features}${forTenant} to ${names.plan(String(fieldsOf(after).plan))}`;
    case "override.ended":
      return `ended the override of ${features}${forTenant}`;
    default: {
      const denies = shown.some((g) => g.effect === "deny");
      return `${denies ? "denied" : "allowed"} ${features}${forTenant}${until ? ` until ${until}` : ""}${fieldsOf(before).grants ? ", in place of an override" : ""}`;
    }
  }
}

function planPhrase({ before, after }: Activity, names: ActivityNames, ofTenant: string): string {
  const [was, is] = [fieldsOf(before), fieldsOf(after)];
  const phrases: string[] = [];
  const name = (key: Json | undefined) => (typeof key === "string" ? names.plan(key) : "no plan");
  if ("plan" in is) phrases.push(`changed the plan${ofTenant} from ${name(was.plan)} to ${name(is.plan)}`);
  const addOns = (list: Json | undefined) => new Set(((list ?? []) as { plan: string }[]).map((a) => a.plan));
  const [had, has] = [addOns(was.addOns), addOns(is.addOns)];
  const added = [...has].filter((key) => !had.has(key)).map(names.plan);
  const removed = [...had].filter((key) => !has.has(key)).map(names.plan);
  const rest = phrases.length > 0 ? "" : ofTenant;
  if (added.length > 0) phrases.push(`added the add-on ${listWords(added)}${rest}`);
  if (removed.length > 0) phrases.push(`removed the add-on ${listWords(removed)}${rest}`);
  return phrases.length > 0 ? listWords(phrases) : `changed the plan${ofTenant}`;
}

/** Whether the change is in the document before or after, and the words around it. */
const schedulePhrases: Readonly<Record<string, { in: "before" | "after"; verb: string; more?: string }>> = {
  "tenant.change_scheduled": { in: "after", verb: "scheduled a change" },
  "tenant.scheduled_change_moved": { in: "after", verb: "moved a scheduled change" },
  "tenant.scheduled_change_cancelled": { in: "before", verb: "cancelled a scheduled change" },
  "tenant.scheduled_change_applied": { in: "before", verb: "had scheduled a change", more: ", which took effect" },
  "tenant.scheduled_change_refused": { in: "after", verb: "had scheduled a change", more: ", which was impossible" },
};

/** "scheduled a change of Acme: moves to Premium, from 1 Jan 2027" */
function schedulePhrase({ action, before, after }: Activity, names: ActivityNames, ofTenant: string): string {
  const { in: side, verb, more = "" } = schedulePhrases[action] as (typeof schedulePhrases)[string];
  const listOf = (document: Json) => (fieldsOf(document).scheduled ?? []) as unknown as ScheduledChange[];
  const [own, others] = side === "after" ? [listOf(after), listOf(before)] : [listOf(before), listOf(after)];
  const changed = own.find((entry) => !others.some((other) => sameJson(other as unknown as Json, entry as unknown as Json)));
  if (!changed) return `${verb}${ofTenant}${more}`;
  return `${verb}${ofTenant}: ${scheduleWords(changed, names.plan)}, from ${names.date(changed.at)}${more}`;
}

function renamePhrase({ before, after }: Activity): string | null {
  const [was, is] = [fieldsOf(before).name, fieldsOf(after).name];
  if (typeof was !== "string" || typeof is !== "string" || Object.keys(fieldsOf(after)).length !== 1) return null;
  return `renamed ${was} to ${is}`;
}

const fieldNames: Readonly<Record<string, string>> = {
  addOns: "the add-ons",
  plan: "the plan",
  name: "the name",
  metadata: "the metadata",
  status: "the status",
  scheduled: "the scheduled changes",
  usageAnchor: "the start of reset periods",
};

function fieldWords({ after }: Activity): string {
  const fields = Object.keys(fieldsOf(after)).map((field) => fieldNames[field] ?? field);
  return fields.length > 0 ? listWords(fields) : "something";
}
