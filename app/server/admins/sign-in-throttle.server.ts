import { LRUCache } from "lru-cache";
import type { Instant } from "~/core/model";
import { minute } from "~/core/time";
import { attackFailures, type Failures, failureWait, type Level, levelAt, networkLimits, networkOf, raised } from "./sign-in-limits";

/** Max entries per kind, evicted by least recent use. About 10 MB in total. */
const maxEntries = 20_000;
/** Failures recorded in the audit log per minute, so that strangers cannot fill it. */
const notedPerMinute = 10;

/**
 * `device` is the browser, if it proved an earlier sign-in to this account. It then waits for its own failures only.
 * `isSignedIn`: someone with a session confirms a password.
 */
export type Try = { account: string; ip: string; device?: string | null; isSignedIn?: true };

export type SignInThrottle = ReturnType<typeof createSignInThrottle>;
type Windows = { index: number; tries: number }[];

export const accountOf = ({ account }: Try) => account.slice(0, 254);
export const sourceOf = (tried: Try) => `${accountOf(tried)}\n${tried.device ? `device ${tried.device}` : networkOf(tried.ip)}`;

/** Slows down guessing without letting strangers lock an account. State is per process. */
export function createSignInThrottle() {
  /** Keyed by account and network, or account and device. */
  const failures = new LRUCache<string, Failures>({ max: maxEntries });
  const networks = new LRUCache<string, Windows>({ max: maxEntries });
  const attacks = new LRUCache<string, Level>({ max: maxEntries });
  let noted = { minute: 0, written: 0, left: 0 };

  const windowsOf = (network: string, now: Instant): Windows =>
    networkLimits.map(({ spanMs }, i) => {
      const index = Math.floor(now / spanMs);
      const known = networks.get(network)?.[i];
      return known?.index === index ? known : { index, tries: 0 };
    });
  const networkWait = (windows: Windows, now: Instant) =>
    Math.max(
      0,
      ...windows.map(({ index, tries }, i) => {
        const { spanMs, tries: limit } = networkLimits[i as 0 | 1];
        return tries < limit ? 0 : (index + 1) * spanMs - now;
      }),
    );

  function lowerFailures(tried: Try): void {
    const known = failures.get(sourceOf(tried));
    if (known) failures.set(sourceOf(tried), { ...known, count: Math.max(0, known.count - 1) });
  }

  function lowerNetwork(tried: Try, now: Instant): void {
    if (tried.device) return;
    const network = networkOf(tried.ip);
    networks.set(
      network,
      windowsOf(network, now).map(({ index, tries }) => ({ index, tries: Math.max(0, tries - 1) })),
    );
  }

  function lowerAttack(tried: Try, now: Instant): void {
    const attack = tried.device ? undefined : attacks.get(accountOf(tried));
    if (attack) attacks.set(accountOf(tried), { level: Math.max(0, levelAt(attack, now) - 1), at: now });
  }

  return {
    /**
     * Counts a try as a failure before the password is checked, so that concurrent tries count; `succeeded` reverts it.
     * Returns 0, or the wait in ms, in which case the try must be refused.
     */
    take(tried: Try, now: Instant): number {
      const source = sourceOf(tried);
      const known = failures.get(source) ?? { count: 0, lastAt: now };
      const attack = attacks.get(accountOf(tried)) ?? { level: 0, at: now };
      const isUnderAttack = !tried.device && levelAt(attack, now) >= attackFailures;
      let wait = failureWait(known, isUnderAttack, now);
      if (!tried.device) {
        const network = networkOf(tried.ip);
        const windows = windowsOf(network, now);
        wait = Math.max(wait, networkWait(windows, now));
        networks.set(
          network,
          windows.map(({ index, tries }) => ({ index, tries: tries + 1 })),
        );
      }
      if (wait > 0) return wait;
      failures.set(source, { count: known.count + 1, lastAt: now });
      if (!tried.device) attacks.set(accountOf(tried), raised(attack, now));
      return 0;
    },
    /** The password was correct: clears the failures of this source. Failures of others remain. */
    succeeded(tried: Try, now: Instant): void {
      failures.delete(sourceOf(tried));
      lowerNetwork(tried, now);
      lowerAttack(tried, now);
    },
    /** The password was not checked: the try is no failure, but still counts for its network. */
    takeBack(tried: Try, now: Instant): void {
      lowerFailures(tried);
      lowerAttack(tried, now);
    },
    /** The try could not be counted: it leaves no trace. */
    forget(tried: Try, now: Instant): void {
      lowerFailures(tried);
      lowerNetwork(tried, now);
      lowerAttack(tried, now);
    },
    /** Null if this minute's audit quota is used up; otherwise the number of failures omitted since the last row. */
    mayNoteFailure(now: Instant): number | null {
      const thisMinute = Math.floor(now / minute);
      if (noted.minute !== thisMinute) noted = { minute: thisMinute, written: 0, left: noted.left };
      if (noted.written >= notedPerMinute) {
        noted.left += 1;
        return null;
      }
      noted.written += 1;
      const { left } = noted;
      noted.left = 0;
      return left;
    },
  };
}

export function waitInWords(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 60) return seconds === 1 ? "1 second" : `${seconds} seconds`;
  const minutes = Math.ceil(seconds / 60);
  return minutes === 1 ? "1 minute" : `${minutes} minutes`;
}
