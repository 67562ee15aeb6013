import { LRUCache } from "lru-cache";
import type { Logger } from "pino";
import type { PostHog } from "posthog-node";
import type { Decision } from "~/core/decision/decide";
import type { FlagValue, Instant } from "~/core/model";
import { day, hour } from "~/core/time";
import type { PosthogSettings } from "~/server/posthog/settings.server";
import type { CheckCount } from "~db/store/check-counts.server";
import { eventId } from "./event-id.server";
import type { Requests } from "./request-context.server";

/** Minimum interval between two denial events of one tenant and feature, in ms. */
const deniedEvery = hour;
/** Minimum interval between two `$feature_flag_called` events of one tenant, flag and value, in ms. */
const calledEvery = day;
/** Max per minute over all tenants. */
const deniedPerMinute = 30;
/** Remembered pairs of tenant and feature. The least recently used are evicted, so their next event may come early. */
const maxPairs = 50_000;

/** Counts processed per event-loop turn; takes some tenths of a millisecond. */
const batchSize = 100;

/** Returns the current decision, or null if the tenant does not exist and no event is sent. */
export type Explain = (tenant: string, feature: string) => Promise<Decision | null>;

type Parts = {
  settings: Pick<PosthogSettings, "groupType" | "projectKey">;
  client: PostHog;
  requests: Requests;
  now: () => Instant;
  log: Logger;
};

/**
 * Sends frequent events that may be lost: sampled, rate-limited, sent by the SDK, and independent of any request. Each
 * process samples for itself. Events of two processes about the same period share an id, so PostHog keeps one.
 */
export function createEvents({ settings, client, requests, now, log }: Parts) {
  const { groupType: type, projectKey } = settings;
  const sampled = new LRUCache<string, { at: Instant; since: number }>({ max: maxPairs });
  let minute = { start: 0, sent: 0 };

  /** `once` lists the parts of the event's id. */
  function capture(tenant: string, event: string, once: unknown[], properties: Record<string, unknown>): void {
    // The event belongs to no person. The tenant is its group and gets no profile.
    const own = { ...properties, $process_person_profile: false };
    const uuid = eventId(projectKey, event, tenant, ...once);
    requests.outside(() => client.capture({ distinctId: `$${type}_${tenant}`, event, uuid, properties: own, groups: { [type]: tenant } }));
  }

  function mayCapture(at: Instant): boolean {
    if (at - minute.start >= 60_000 || at < minute.start) minute = { start: at, sent: 0 };
    return minute.sent < deniedPerMinute;
  }

  async function denied({ tenant, feature }: CheckCount, count: number, at: Instant, explain: Explain): Promise<void> {
    const decision = await explain(tenant, feature);
    if (decision === null || decision.entitled) return;
    const { reason, source, availableIn } = decision;
    const once = [feature, Math.floor(at / deniedEvery)];
    capture(tenant, "entitlement_denied", once, { feature, reason, source, available_in: availableIn, count });
  }

  return {
    /** Called about once a second with the counts of recent checks, never on the check path. */
    async noteChecks(counted: readonly CheckCount[], explain: Explain): Promise<void> {
      const at = now();
      for (const [i, no] of counted.entries()) {
        // Lets waiting checks run.
        if (i % batchSize === batchSize - 1) await new Promise(setImmediate);
        if (no.allowed) continue;
        const pair = `${no.tenant}\n${no.feature}`;
        const known = sampled.get(pair);
        const count = (known?.since ?? 0) + no.count;
        if ((known && at - known.at < deniedEvery && at >= known.at) || !mayCapture(at)) {
          sampled.set(pair, { at: known?.at ?? Number.NEGATIVE_INFINITY, since: count });
          continue;
        }
        sampled.set(pair, { at, since: 0 });
        minute.sent += 1;
        try {
          await denied(no, count, at, explain);
        } catch (err) {
          log.debug({ err }, "a denial was not captured");
        }
      }
    },

    /** Called once per changed flag value. */
    flagCalled(tenant: string, flag: string, verdict: FlagValue): void {
      const value = verdict.state === "off" ? false : (verdict.variant ?? true);
      const once = [flag, value, Math.floor(now() / calledEvery)];
      capture(tenant, "$feature_flag_called", once, { $feature_flag: flag, $feature_flag_response: value, [`$feature/${flag}`]: value });
    },
  };
}
export type Events = ReturnType<typeof createEvents>;
