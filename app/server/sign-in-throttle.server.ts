import { LRUCache } from "lru-cache";
import type { Instant } from "~/core/model";

/** Tries without any wait, for each account; then the wait doubles from the first to the longest, in ms. */
const freeTries = 5;
const firstWait = 1_000;
const longestWait = 15 * 60_000;
/** Tries in a minute for each address, over all accounts. */
const triesPerMinute = 20;
const minute = 60_000;
/** Names and addresses remembered; the ones not seen for longest are forgotten first. */
const remembered = 20_000;
/** Failures that the audit log takes in a minute; it is not for strangers to fill. */
const notedPerMinute = 10;

type Account = { failures: number; lastAt: Instant };
type Address = { minute: number; tries: number };

export type SignInThrottle = ReturnType<typeof createSignInThrottle>;

/** Slows guessing down without locking anybody out for good. Lives in this process; each process counts for itself. */
export function createSignInThrottle() {
  const accounts = new LRUCache<string, Account>({ max: remembered });
  const addresses = new LRUCache<string, Address>({ max: remembered });
  let noted = { minute: 0, written: 0, left: 0 };

  function waitOf({ failures, lastAt }: Account, now: Instant): number {
    if (failures < freeTries) return 0;
    return Math.max(0, lastAt + Math.min(firstWait * 2 ** (failures - freeTries), longestWait) - now);
  }

  return {
    /**
     * Counts one try, before the password is looked at, so that tries at the same moment count too.
     * Returns 0, or how long to wait in ms; then nothing was counted and nothing may be tried.
     */
    take(account: string, ip: string, now: Instant): number {
      const name = account.slice(0, 254);
      const network = networkOf(ip);
      const address = addresses.get(network);
      const thisMinute = Math.floor(now / minute);
      const tries = address?.minute === thisMinute ? address.tries : 0;
      if (tries >= triesPerMinute) return (thisMinute + 1) * minute - now;
      const known = accounts.get(name);
      const wait = known ? waitOf(known, now) : 0;
      if (wait > 0) return wait;
      addresses.set(network, { minute: thisMinute, tries: tries + 1 });
      accounts.set(name, { failures: (known?.failures ?? 0) + 1, lastAt: now });
      return 0;
    },
    /** Null: there are enough of them in the audit log for this minute; else how many were left out since the last one. */
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
    /** The password was right. */
    forget(account: string): void {
      accounts.delete(account.slice(0, 254));
    },
  };
}

/** One subscriber of IPv6 has at least a /64 of addresses to come from. */
function networkOf(ip: string): string {
  if (!ip.includes(":") || ip.includes(".")) return ip;
  const [head = "", tail] = ip.split("::");
  const left = head.split(":").filter(Boolean);
  const missing = tail === undefined ? 0 : 8 - left.length - tail.split(":").filter(Boolean).length;
  return [...left, ...Array<string>(missing).fill("0")].slice(0, 4).join(":");
}

export function waitInWords(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 60) return seconds === 1 ? "1 second" : `${seconds} seconds`;
  const minutes = Math.ceil(seconds / 60);
  return minutes === 1 ? "1 minute" : `${minutes} minutes`;
}
