import { wordsOf } from "~/core/search/search-words";
import { trialDays } from "~/forms/grants/grant";

/** What can be typed into search to act, with how it is written. `isRead`: it changes nothing. */
export const verbs = {
  trial: { usage: "trial <tenant> <feature> [days]", description: "Grant a trial", example: "trial acme sso 14" },
  extend: { usage: "extend <tenant> <feature> [days]", description: "Extend a trial", example: "extend acme sso 14" },
  plan: { usage: "plan <tenant>", description: "Change a tenant's plan", example: "plan acme" },
  compare: { usage: "compare <tenant> [tenant]", description: "Compare two tenants", example: "compare acme umbrella", isRead: true },
} as const;
export type Verb = keyof typeof verbs;

export const defaultDays = 14;

/** `words` name the tenant, the tenant and then the feature, or two tenants. */
export type Command = { verb: Verb; words: string[]; days: number };

/** Null if the text is no command; a sentence if it is one that cannot be followed. */
export function parseCommand(text: string): Command | { verb: Verb; problem: string } | null {
  const [first = "", ...rest] = wordsOf(text);
  if (!Object.hasOwn(verbs, first) || rest.length === 0) return null;
  const verb = first as Verb;
  if (verb === "plan" || verb === "compare") return { verb, words: rest, days: defaultDays };
  const { words, days } = takeDays(rest);
  if (words.length < 2) return { verb, problem: `Name a tenant and a feature, such as “${verbs[verb].example}”.` };
  const read = trialDays.safeParse(days ?? defaultDays);
  if (!read.success) return { verb, problem: read.error.issues[0]?.message ?? "" };
  return { verb, words, days: read.data };
}

/** Reads "14", "14d" or "14 days" at the end. */
function takeDays(all: string[]): { words: string[]; days: number | null } {
  const isNamed = ["day", "days"].includes(all.at(-1) ?? "");
  const words = isNamed ? all.slice(0, -1) : all;
  const [, digits] = /^(\d{1,6})d?$/.exec(words.at(-1) ?? "") ?? [];
  return digits === undefined ? { words: all, days: null } : { words: words.slice(0, -1), days: Number(digits) };
}
