import { LRUCache } from "lru-cache";
import type { Instant } from "~/core/model";
import type { PosthogSettings } from "./settings.server";

/** Who asks: an app's server with its secret key, or a page with a browser key or token, which anyone can read. */
export type Asker = "server" | "browser";

const windowMs = 60_000;
/** Pairs of tenant and asker that are counted; the least recently used start again from zero. */
const maxCounted = 100_000;

/**
 * Requests to PostHog about users, per tenant, minute and asker. Each is billed, and the user's id comes from whoever asks: without
 * a bound, made-up ids become a bill. Browser keys have a budget of their own, so that they cannot use up the server's.
 */
export function createUserBudget({ userQuestions }: Pick<PosthogSettings, "userQuestions">, now: () => Instant) {
  const counted = new LRUCache<string, { since: Instant; used: number }>({ max: maxCounted });

  function current(tenant: string, asker: Asker) {
    const id = `${asker}\n${tenant}`;
    const at = now();
    const found = counted.get(id);
    if (found && at >= found.since && at - found.since < windowMs) return found;
    const fresh = { since: at, used: 0 };
    counted.set(id, fresh);
    return fresh;
  }

  const hasLeft = (tenant: string, asker: Asker) => userQuestions[asker] === 0 || current(tenant, asker).used < userQuestions[asker];

  return {
    hasLeft,
    /** False: the budget of this minute is used up. */
    take(tenant: string, asker: Asker): boolean {
      if (!hasLeft(tenant, asker)) return false;
      current(tenant, asker).used += 1;
      return true;
    },
  };
}
export type UserBudget = ReturnType<typeof createUserBudget>;
