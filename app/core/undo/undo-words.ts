import { endOf } from "~/core/grants/grant-lifetime";
import type { Grant, Instant, TenantFacts } from "~/core/model";
import { sameJson } from "~/core/same-json";
import { listWordsUpTo, shorten } from "~/core/text";
import { longDate } from "~/core/time";
import type { NamedCatalogue } from "./revert-tenant";
import type { UndoProblem } from "./reverted";
import type { UndoneTenant } from "./undo-change-set";

/** Of one result, in characters. */
const maxMessage = 1_000;
const maxNamed = 3;

/**
 * The result of undoing one tenant's part of an act. `skipped`: nothing of it goes back.
 * `stays`: why a part stays as it is, null if none does.
 */
export type UndoResult = { state: "done" | "skipped"; message: string; stays: string | null };

/** What goes back and what stays, as sentences. */
export function undoResult({ before, change, problems }: Pick<UndoneTenant, "before" | "change" | "problems">, names: NamedCatalogue) {
  const goesBack = before && change ? [...fieldWords(before, change.set, names), ...grantWords(before, change.grants, names)] : [];
  return resultOf(change === null ? null : goesBack.join(" "), problems);
}

/** `goesBack`: null if nothing does. What was settled already is said only then. */
export function resultOf(goesBack: string | null, problems: readonly Pick<UndoProblem, "kind" | "message">[]): UndoResult {
  const said = (kind: UndoProblem["kind"]) => [...new Set(problems.filter((p) => p.kind === kind).map(({ message }) => sentence(message)))];
  const stays = said("refused");
  const settled = goesBack === null && stays.length === 0 ? said("settled") : [];
  const words = [goesBack ?? "", ...stays, ...settled].filter(Boolean).join(" ") || "Nothing is left to undo.";
  return {
    state: goesBack === null ? "skipped" : "done",
    message: shorten(words, maxMessage),
    stays: stays.length > 0 ? shorten(stays.join(" "), maxMessage) : null,
  };
}

export const sentence = (message: string): string => (message.endsWith(".") ? message : `${message}.`);

function fieldWords(before: TenantFacts, set: NonNullable<UndoneTenant["change"]>["set"], { plans }: NamedCatalogue): string[] {
  const planName = (key: string | null) => (key === null ? "no plan" : (plans.get(key)?.name ?? key));
  const words: string[] = [];
  if (set.name !== undefined) words.push(`Name: ${before.name} → ${set.name}.`);
  if (set.plan !== undefined) words.push(`Plan: ${planName(before.plan)} → ${planName(set.plan)}.`);
  if (set.status !== undefined) words.push(`Status: ${before.status} → ${set.status}.`);
  if (set.addOns) {
    const [had, has] = [before.addOns.map((a) => a.plan), set.addOns.map((a) => a.plan)];
    const [added, removed] = [has.filter((key) => !had.includes(key)), had.filter((key) => !has.includes(key))];
    if (added.length > 0) words.push(`Adds ${named(added.map(planName))}.`);
    if (removed.length > 0) words.push(`Removes ${named(removed.map(planName))}.`);
  }
  if (set.metadata) {
    const [was, is] = [new Map(Object.entries(before.metadata)), new Map(Object.entries(set.metadata))];
    const keys = [...new Set([...was.keys(), ...is.keys()])].filter((key) => !sameJson(was.get(key), is.get(key)));
    words.push(`Sets back metadata ${named(keys)}.`);
  }
  if (set.usageAnchor !== undefined) words.push("Sets back the start of reset periods.");
  if ("scheduled" in set) words.push("Sets back what is scheduled.");
  return words;
}

function grantWords(before: TenantFacts, grants: readonly Grant[], { features }: NamedCatalogue): string[] {
  const nameOf = ({ kind, feature }: Grant) => `${kind} of ${features.get(feature)?.name ?? feature}`;
  const ended = grants.filter((g) => g.endedAt !== null);
  const made = grants.filter((g) => g.endedAt === null);
  const formerOf = (grant: Grant) => before.grants.find((g) => g.id === grant.id) ?? grant;
  const words = ended
    .filter(({ id }) => !made.some((g) => g.extends === id))
    .map((grant) => `Ends the ${nameOf(grant)}, which ran ${until(formerOf(grant).endsAt)}.`);
  for (const grant of made) {
    const replaced = ended.find(({ id }) => id === grant.extends);
    const was = replaced && formerOf(replaced).endsAt;
    if (was === undefined || was === endOf(grant)) words.push(`Gives back the ${nameOf(grant)}, ${until(grant.endsAt)}.`);
    else words.push(`The ${nameOf(grant)} runs ${until(grant.endsAt)} instead of ${until(was)}.`);
  }
  return words;
}

const until = (end: Instant | null) => (end === null ? "without an end" : `until ${longDate(end)}`);
const named = (names: readonly string[]) => listWordsUpTo(names, maxNamed);
