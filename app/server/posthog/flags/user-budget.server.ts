import { LRUCache } from "lru-cache";
import type { PosthogSettings } from "~/server/posthog/settings.server";

/** `server`: an app's server with its secret key. `browser`: a page with a browser key or token, which anyone can read. */
export type Asker = "server" | "browser";

const windowMs = 60_000;
/** Max counted pairs of tenant and asker; the least recently used ones restart at zero. */
const maxCounted = 100_000;

/**
 * Limits requests to PostHog about users, per tenant, minute and kind of key. Each request is billed and callers choose the user ids,
 * so made-up ids would cost money without a limit. Browser keys have a separate budget and cannot use up the server keys' one.
 */
export function createUserBudget({ userQuestions }: Pick<PosthogSettings, "userQuestions">, elapsed: () => number) {
  const counted = new LRUCache<string, { since: number; used: number }>({ max: maxCounted });

  function current(tenant: string, asker: Asker) {
    const id = `${asker}\n${tenant}`;
    const at = elapsed();
    const found = counted.get(id);
    if (found && at - found.since < windowMs) return found;
    const fresh = { since: at, used: 0 };
    counted.set(id, fresh);
    return fresh;
  }

  const hasLeft = (tenant: string, asker: Asker) => userQuestions[asker] === 0 || current(tenant, asker).used < userQuestions[asker];

  return {
    hasLeft,
    /** Returns false if this minute's budget is used up. */
    take(tenant: string, asker: Asker): boolean {
      if (!hasLeft(tenant, asker)) return false;
      current(tenant, asker).used += 1;
      return true;
    },
  };
}
export type UserBudget = ReturnType<typeof createUserBudget>;
