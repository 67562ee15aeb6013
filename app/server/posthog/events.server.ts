import { LRUCache } from "lru-cache";
import type { Logger } from "pino";
import type { PostHog } from "posthog-node";
import type { Decision } from "~/core/decide";
import type { Instant } from "~/core/model";
import type { CheckCount } from "~db/store/check-counts.server";
import { eventId } from "./event-id.server";
import type { Said } from "./remote-flags.server";
import type { Requests } from "./request-context.server";
import type { PosthogSettings } from "./settings.server";

/** Of one tenant and feature at most one event in this time, in milliseconds. */
const deniedEvery = 3_600_000;
/** Of one tenant, flag and verdict PostHog keeps at most one `$feature_flag_called` in this time, in milliseconds. */
const calledEvery = 24 * 3_600_000;
/** Of all tenants together at most so many in a minute. */
const deniedPerMinute = 30;
/** Pairs of tenant and feature that are remembered; of the longest silent ones an event may come early. */
const mostPairs = 50_000;

/** Counts looked at in one go, which take some tenths of a millisecond. */
const inOneGo = 100;

/** Why the answer is no now; null: the tenant does not exist, and PostHog need not hear of it. */
export type Explain = (tenant: string, feature: string) => Promise<Decision | null>;

type Parts = {
  settings: Pick<PosthogSettings, "groupType" | "projectKey">;
  client: PostHog;
  requests: Requests;
  now: () => Instant;
  log: Logger;
};

/**
 * What happens often and may be missed: sampled, limited, and sent by the SDK. Set off by no request in particular. Each process
 * samples for itself; what two of them tell of the same time has the same id, so that PostHog keeps one of it.
 */
export function createEvents({ settings, client, requests, now, log }: Parts) {
  const { groupType: type, projectKey } = settings;
  const sampled = new LRUCache<string, { at: Instant; since: number }>({ max: mostPairs });
  let minute = { start: 0, sent: 0 };

  /** `once`: what makes it the same event as another. */
  function capture(tenant: string, event: string, once: unknown[], properties: Record<string, unknown>): void {
    // Of no person: the tenant stands for itself, without a profile.
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
    /** Told with what checks have just been counted, about each second: a check itself never comes here. */
    async noteChecks(counted: readonly CheckCount[], explain: Explain): Promise<void> {
      const at = now();
      for (const [i, no] of counted.entries()) {
        // Checks that wait are let in between.
        if (i % inOneGo === inOneGo - 1) await new Promise(setImmediate);
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

    /** Told once of each verdict that is new or another one than before. */
    flagCalled(tenant: string, flag: string, verdict: Said): void {
      const value = verdict.state === "off" ? false : (verdict.variant ?? true);
      const once = [flag, value, Math.floor(now() / calledEvery)];
      capture(tenant, "$feature_flag_called", once, { $feature_flag: flag, $feature_flag_response: value, [`$feature/${flag}`]: value });
    },
  };
}
export type Events = ReturnType<typeof createEvents>;
