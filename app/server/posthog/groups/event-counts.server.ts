import type { Logger } from "pino";
import { z } from "zod";
import { type Instant, tenantKeyPattern } from "~/core/model";
import type { GroupEventCount, GroupEventCounts } from "~/core/posthog/group-event-counts";
import { createBreaker } from "~/server/posthog/breaker.server";
import { askPosthog, type PosthogAsker, PosthogUnavailable } from "~/server/posthog/rest.server";
import type { PosthogSettings } from "~/server/posthog/settings.server";
import { readGroupTypeIndex, whyNoGroups } from "./group-list.server";

/** Events per tenant on the page, the most frequent first. */
const maxEvents = 20;
/** How long an answer is shown before it is requested again. PostHog allows 240 queries a minute for a project. */
const ttlMs = 10 * 60_000;
/** How long a failure is shown before the next request. */
const failedTtlMs = 60_000;
/** How long a page waits for an answer before it is sent without one. */
const pageWaitMs = 300;
/** PostHog runs three queries of a project at a time. One fewer leaves room for its own pages. */
const maxInFlight = 2;
const maxCached = 500;

const rows = z.object({ results: z.array(z.tuple([z.string(), z.number(), z.string().nullable()])) });

const hogql = (index: number) =>
  `select event, count() as events, max(timestamp) as last from events where $group_${index} = {tenant} and timestamp >= now() - toIntervalDay({days}) group by event order by events desc, event limit ${maxEvents + 1}`;

type Cached = { counts: GroupEventCount[]; isCut: boolean; at: Instant | null; why: string | null; askedAt: number };

type Parts = { settings: PosthogSettings; now: () => Instant; elapsed: () => number; log: Logger };

/** PostHog's own counts of a tenant's events, cached in this process. Only pages read them, and none waits for long. */
export function createEventCounts({ settings, now, elapsed, log }: Parts) {
  const cache = new Map<string, Cached>();
  const inFlight = new Map<string, Promise<void>>();
  const stopping = new AbortController();
  const breaker = createBreaker(elapsed);
  const asker: PosthogAsker = { settings, stop: stopping.signal };
  let index: number | undefined;

  async function ask(tenant: string, days: number): Promise<Omit<Cached, "askedAt">> {
    index ??= await readGroupTypeIndex(asker, 1);
    const query = { kind: "HogQLQuery", query: hogql(index), values: { tenant, days } };
    const body = { query, name: "latchkey events of a tenant", refresh: "blocking" };
    const answer = rows.safeParse(await askPosthog(asker, "query/", { scope: "query:read", about: "a group's events", body, attempts: 1 }));
    if (!answer.success) throw new PosthogUnavailable("PostHog's answer about the events of a group cannot be read.");
    const counts = answer.data.results.map(([event, count, last]) => ({ event, count, lastAt: instantOf(last) }));
    return { counts: counts.slice(0, maxEvents), isCut: counts.length > maxEvents, at: now(), why: null };
  }

  async function refresh(id: string, tenant: string, days: number): Promise<void> {
    const askedAt = elapsed();
    const before = cache.get(id);
    try {
      put(id, { ...(await ask(tenant, days)), askedAt: elapsed() });
      breaker.succeeded();
    } catch (error) {
      breaker.failed(askedAt);
      if (stopping.signal.aborted) return;
      if (!(error instanceof PosthogUnavailable)) log.error({ err: error }, "PostHog's counts of events cannot be read");
      const why = error instanceof PosthogUnavailable ? error.message : "Something went wrong; the log has the reason.";
      put(id, { counts: [], isCut: false, at: null, ...before, why, askedAt: elapsed() });
    }
  }

  function put(id: string, entry: Cached): void {
    cache.delete(id);
    cache.set(id, entry);
    for (const oldest of cache.keys()) {
      if (cache.size <= maxCached) return;
      cache.delete(oldest);
    }
  }

  const isFresh = (entry: Cached) => elapsed() - entry.askedAt < (entry.why === null ? ttlMs : failedTtlMs);

  function shown(entry: Cached | undefined): GroupEventCounts {
    if (!entry) return { state: "asking" };
    const { counts, isCut, at, why } = entry;
    if (why !== null) return { state: "failed", why, counts, isCut, at };
    return { state: "known", counts, isCut, at: at as Instant };
  }

  return {
    /** Null without a secret key: then nothing is requested. Waits 300 ms at most. */
    async of(tenant: string, days: number): Promise<GroupEventCounts | null> {
      if (settings.secretKey === null || !tenantKeyPattern.test(tenant)) return null;
      const whyNot = whyNoGroups(settings);
      if (whyNot !== null) return { state: "failed", why: whyNot, counts: [], isCut: false, at: null };
      const id = JSON.stringify([tenant, days]);
      const entry = cache.get(id);
      if (entry && isFresh(entry)) return shown(entry);
      if (!inFlight.has(id) && inFlight.size < maxInFlight && breaker.mayTry())
        inFlight.set(
          id,
          refresh(id, tenant, days).finally(() => inFlight.delete(id)),
        );
      else if (!inFlight.has(id) && !entry && breaker.isOpen())
        return { state: "failed", why: "PostHog does not answer. Latchkey asks again soon.", counts: [], isCut: false, at: null };
      if (!entry) await Promise.race([inFlight.get(id), pause(pageWaitMs)]);
      return shown(cache.get(id));
    },
    async stop(): Promise<void> {
      stopping.abort();
      await Promise.all(inFlight.values());
    },
  };
}

const pause = (ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms).unref());

/** HogQL writes times in UTC, with or without the zone. Null if there is none that can be read. */
function instantOf(text: string | null): Instant | null {
  if (text === null) return null;
  const at = Date.parse(/[zZ]|[+-]\d\d:?\d\d$/.test(text) ? text : `${text.replace(" ", "T")}Z`);
  return Number.isNaN(at) ? null : at;
}
