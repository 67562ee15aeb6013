import { LRUCache } from "lru-cache";
import limitTo, { type LimitFunction } from "p-limit";
import type { Logger } from "pino";
import type { PostHog } from "posthog-node";
import type { Instant, TenantFacts } from "~/core/model";
import { withMarkers } from "~/core/posthog/absent-properties";
import { asFlagProperties, type GroupProperties, groupProperties, groupSet } from "~/core/posthog/group-properties";
import type { FactsCache } from "~/server/facts/facts-cache.server";
import type { Breaker } from "~/server/posthog/breaker.server";
import type { PosthogSettings } from "~/server/posthog/settings.server";
import type { FlagDefinitions } from "./flag-definitions.server";
import type { FlagHealth } from "./flag-health";
import type { FlagReadings } from "./flag-readings";
import type { FlagTargets } from "./flag-targets.server";
import { askLocalFlags } from "./local-flags.server";
import { askRemoteFlags, type FlagQuestion, FlagsUnavailable, QuestionRefused } from "./remote-flags.server";

/** `awaited`: a check waits. `changed`: the tenant changed. `aged`: the value is older than its TTL. */
export type Reason = "awaited" | "changed" | "aged";

/** Concurrent background requests per reason: values of many tenants expire together. */
const maxConcurrentRequests = 16;
/** Concurrent requests about users: of all tenants, and of one tenant. */
const maxUserQuestions = 32;
const maxUserQuestionsOfTenant = 8;
/** Max tenants with a separate queue of questions about users. */
const maxLanes = 10_000;

export type QuestionParts = {
  settings: PosthogSettings;
  client: PostHog;
  facts: FactsCache;
  /** For questions about tenants. */
  breaker: Breaker;
  /** For questions about users. Separate, because callers choose how many users they name, and must not stop refreshes of tenants. */
  userBreaker: Breaker;
  definitions: Pick<FlagDefinitions, "payload">;
  audiences: FlagTargets;
  contact: FlagHealth;
  metadata: () => readonly string[];
  /** Properties of a tenant that PostHog accepted last; null: none. */
  sentProperties: (tenant: string) => Promise<GroupProperties | null>;
  now: () => Instant;
  /** In ms, monotonic. */
  elapsed: () => number;
  log: Logger;
};

/** Evaluates flags locally as far as definitions allow, and remotely. Neither throws. */
export function createFlagQuestions({
  settings,
  client,
  facts,
  breaker,
  userBreaker,
  definitions,
  audiences,
  contact,
  metadata,
  sentProperties,
  now,
  elapsed,
  log,
}: QuestionParts) {
  const inTurn = { changed: limitTo(maxConcurrentRequests), aged: limitTo(maxConcurrentRequests) };
  const ofUsers = limitTo(maxUserQuestions);
  const lanes = new LRUCache<string, LimitFunction>({ max: maxLanes });

  /** Questions about one tenant's users queue up behind each other, not behind those of other tenants. */
  function laneOf(tenant: string): LimitFunction {
    const lane = lanes.get(tenant) ?? limitTo(maxUserQuestionsOfTenant);
    lanes.set(tenant, lane);
    return lane;
  }

  const propertiesOf = (tenant: TenantFacts) => groupProperties(tenant, facts.catalogue(), now(), metadata());

  function questionOf(tenant: TenantFacts, user: string | undefined, flags: string[], properties: Record<string, string>): FlagQuestion {
    const type = settings.groupType;
    const distinctId = user ?? `$${type}_${tenant.key}`;
    return { distinctId, groups: { [type]: tenant.key }, groupProperties: { [type]: properties }, flags };
  }

  function localQuestion(tenant: TenantFacts, user: string | undefined, flags: string[]): FlagQuestion {
    const properties = propertiesOf(tenant);
    return questionOf(tenant, user, flags, withMarkers(properties, asFlagProperties(properties)));
  }

  /**
   * PostHog merges its stored properties into the request's. Properties that it has and the tenant no longer has are
   * therefore sent as empty.
   */
  async function remoteQuestion(tenant: TenantFacts, user: string | undefined, flags: string[]): Promise<FlagQuestion> {
    const sent = await sentProperties(tenant.key).catch((err: unknown) => {
      log.debug({ err }, "the properties that PostHog holds cannot be read");
      return null;
    });
    return questionOf(tenant, user, flags, asFlagProperties(groupSet(propertiesOf(tenant), sent)));
  }

  async function askOverTheWire(tenant: TenantFacts, user: string | undefined, flags: string[]): Promise<FlagReadings> {
    const health = user === undefined ? breaker : userBreaker;
    if (!health.mayTry()) return new Map();
    const askedAt = elapsed();
    try {
      const question = await remoteQuestion(tenant, user, flags);
      await audiences.learn(flags);
      const verdicts = await askRemoteFlags(settings, question, settings.flagTimeout);
      health.succeeded();
      contact.heard();
      return verdicts;
    } catch (err) {
      log.debug({ err }, "flags are unknown");
      if (err instanceof QuestionRefused && user !== undefined) {
        health.succeeded();
        return new Map();
      }
      health.failed(askedAt);
      contact.missed(err instanceof FlagsUnavailable ? err.message : "PostHog cannot be reached.");
      return new Map();
    }
  }

  return {
    /** Evaluates locally. */
    here: (tenant: TenantFacts, user: string | undefined, flags: string[]): Promise<FlagReadings> =>
      askLocalFlags(client, definitions, () => localQuestion(tenant, user, flags)),
    overTheWire(tenant: TenantFacts, user: string | undefined, flags: string[], reason: Reason): Promise<FlagReadings> {
      const ask = () => askOverTheWire(tenant, user, flags);
      if (user !== undefined) return laneOf(tenant.key)(() => ofUsers(ask));
      return reason === "awaited" ? ask() : inTurn[reason](ask);
    },
  };
}
