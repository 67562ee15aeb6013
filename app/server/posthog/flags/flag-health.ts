import type { Instant } from "~/core/model";

/** `since` is the start of the failure. `why` is a message without secrets. */
export type FlagTrouble = { since: Instant; why: string };

/** Tracks the result of the last flag request. No request is made just to check. */
export function createFlagHealth(now: () => Instant) {
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
    /** As reported by another process. */
    put(theirs: FlagTrouble | null): void {
      trouble = theirs;
    },
    /** Null before the first response. */
    heardAt: () => heardAt,
    trouble: () => trouble,
  };
}
export type FlagHealth = ReturnType<typeof createFlagHealth>;

/** Explains a 401 or 403 of PostHog's REST API. A project's secret key grants flag definitions but not that API. */
export function refusedLookUp(status: number, secretKey: string, scope: string): string {
  const refused = `PostHog refuses the secret key (${status}).`;
  if (secretKey.startsWith("phs_"))
    return `${refused} A project's key (phs_) is for flags alone: set a personal key (phx_) with the scope ${scope}.`;
  return `${refused} It needs the scope ${scope} for this project.`;
}

/** `key` names the credential sent with the request. */
export function statusInWords(status: number, key: "project API key" | "secret key"): string {
  if (status === 401 || status === 403) return `PostHog refuses the ${key} (${status}).`;
  if (status === 402) return "PostHog's quota of flag requests is used up (402).";
  if (status === 429) return "PostHog asks for fewer requests (429).";
  return `PostHog answered ${status} to a question about flags.`;
}
