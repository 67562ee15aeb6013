import type { Instant } from "~/core/model";

/** Since when PostHog has told nothing of flags, and what it did instead. `why` is for people and has no secrets. */
export type FlagTrouble = { since: Instant; why: string };

/** What came of the last question, as it was met on the way: nobody asks PostHog only to know this. */
export function createContact(now: () => Instant) {
  let trouble: FlagTrouble | null = null;
  let heardAt: Instant | null = null;
  return {
    heard(): void {
      trouble = null;
      heardAt = now();
    },
    missed(why: string): void {
      trouble = { since: trouble?.since ?? now(), why };
    },
    /** As another process met it last. */
    put(theirs: FlagTrouble | null): void {
      trouble = theirs;
    },
    /** Null: not yet. */
    heardAt: () => heardAt,
    trouble: () => trouble,
  };
}
export type Contact = ReturnType<typeof createContact>;

/** Why a look-up over PostHog's REST API was refused, 401 or 403. A project's secret key opens flag definitions, and not that API. */
export function refusedLookUp(status: number, secretKey: string, scope: string): string {
  const refused = `PostHog refuses the secret key (${status}).`;
  if (secretKey.startsWith("phs_"))
    return `${refused} A project's key (phs_) is for flags alone: set a personal key (phx_) with the scope ${scope}.`;
  return `${refused} It needs the scope ${scope} for this project.`;
}

/** `key`: the name of the key that goes along with the question. */
export function statusInWords(status: number, key: "project API key" | "secret key"): string {
  if (status === 401 || status === 403) return `PostHog refuses the ${key} (${status}).`;
  if (status === 402) return "PostHog's quota of flag requests is used up (402).";
  if (status === 429) return "PostHog asks for fewer requests (429).";
  return `PostHog answered ${status} to a question about flags.`;
}
