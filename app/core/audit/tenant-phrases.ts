import type { Json, ScheduledChange } from "~/core/model";
import { sameJson } from "~/core/same-json";
import { scheduleWords } from "~/core/schedules/schedule-words";
import { listWords } from "~/core/text";
import { type Activity, type ActivityNames, documentFields } from "./activity";

/** "changed the plan of Acme from Starter to Premium". `ofTenant` is empty or begins with a space. */
export function planPhrase({ before, after }: Activity, names: ActivityNames, ofTenant: string): string {
  const [was, is] = [documentFields(before), documentFields(after)];
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
export const schedulePhrases: Readonly<Record<string, { in: "before" | "after"; verb: string; more?: string }>> = {
  "tenant.change_scheduled": { in: "after", verb: "scheduled a change" },
  "tenant.scheduled_change_moved": { in: "after", verb: "moved a scheduled change" },
  "tenant.scheduled_change_cancelled": { in: "before", verb: "cancelled a scheduled change" },
  "tenant.scheduled_change_applied": { in: "before", verb: "had scheduled a change", more: ", which took effect" },
  "tenant.scheduled_change_refused": { in: "after", verb: "had scheduled a change", more: ", which was impossible" },
};

/** "scheduled a change of Acme: moves to Premium, from 1 Jan 2027" */
export function schedulePhrase({ action, before, after }: Activity, names: ActivityNames, ofTenant: string): string {
  const { in: side, verb, more = "" } = schedulePhrases[action] as (typeof schedulePhrases)[string];
  const listOf = (document: Json) => (documentFields(document).scheduled ?? []) as unknown as ScheduledChange[];
  const [own, others] = side === "after" ? [listOf(after), listOf(before)] : [listOf(before), listOf(after)];
  const changed = own.find((entry) => !others.some((other) => sameJson(other as unknown as Json, entry as unknown as Json)));
  if (!changed) return `${verb}${ofTenant}${more}`;
  return `${verb}${ofTenant}: ${scheduleWords(changed, names.plan)}, from ${names.date(changed.at)}${more}`;
}

/** Null if more than the name changed. */
export function renamePhrase({ before, after }: Activity): string | null {
  const [was, is] = [documentFields(before).name, documentFields(after).name];
  if (typeof was !== "string" || typeof is !== "string" || Object.keys(documentFields(after)).length !== 1) return null;
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

/** The fields that changed, as a list of words. */
export function fieldWords({ after }: Activity): string {
  const fields = Object.keys(documentFields(after)).map((field) => fieldNames[field] ?? field);
  return fields.length > 0 ? listWords(fields) : "something";
}
