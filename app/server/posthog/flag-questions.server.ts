import { LRUCache } from "lru-cache";
import limitTo, { type LimitFunction } from "p-limit";
import type { Logger } from "pino";
import type { PostHog } from "posthog-node";
import { withMarkers } from "~/core/absent-properties";
import { asFlagProperties, type GroupProperties, groupProperties, groupSet } from "~/core/group-properties";
import type { Instant, TenantFacts } from "~/core/model";
import type { FactsCache } from "../facts-cache.server";
import type { Breaker } from "./breaker.server";
import type { FlagAudiences } from "./flag-audiences.server";
import type { Contact } from "./flag-contact";
import type { FlagDefinitions } from "./flag-definitions.server";
import type { Verdicts } from "./flag-readings";
import { askLocalFlags } from "./local-flags.server";
import { askRemoteFlags, type FlagQuestion, FlagsUnavailable, QuestionRefused } from "./remote-flags.server";
import type { PosthogSettings } from "./settings.server";

/** Why PostHog is asked: a check waits for it, the tenant is another one, or what it said has grown old. */
export type Reason = "awaited" | "changed" | "aged";

/** Questions under way for each reason that nobody waits for: the verdicts of many tenants grow old together. */
const askedAtOnce = 16;
/** Concurrent questions about users: of all tenants together, and of one. */
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
  audiences: FlagAudiences;
  contact: Contact;
  metadata: () => readonly string[];
  /** Properties of a tenant that PostHog accepted last; null: none. */
  sentProperties: (tenant: string) => Promise<GroupProperties | null>;
  now: () => Instant;
  /** In ms, monotonic. */
  elapsed: () => number;
  log: Logger;
};

/** How flags are asked about: here, as far as definitions go, and over the wire. Neither ever throws. */
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
  const inTurn = { changed: limitTo(askedAtOnce), aged: limitTo(askedAtOnce) };
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

  /** PostHog adds what it holds of the tenant to what the question says: what it holds and the tenant lacks by now is named as empty. */
  async function remoteQuestion(tenant: TenantFacts, user: string | undefined, flags: string[]): Promise<FlagQuestion> {
    const sent = await sentProperties(tenant.key).catch((err: unknown) => {
      log.debug({ err }, "the properties that PostHog holds cannot be read");
      return null;
    });
    return questionOf(tenant, user, flags, asFlagProperties(groupSet(propertiesOf(tenant), sent)));
  }

  async function askOverTheWire(tenant: TenantFacts, user: string | undefined, flags: string[]): Promise<Verdicts> {
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
    /** What this process can say by itself. */
    here: (tenant: TenantFacts, user: string | undefined, flags: string[]): Promise<Verdicts> =>
      askLocalFlags(client, definitions, () => localQuestion(tenant, user, flags)),
    overTheWire(tenant: TenantFacts, user: string | undefined, flags: string[], reason: Reason): Promise<Verdicts> {
      const ask = () => askOverTheWire(tenant, user, flags);
      if (user !== undefined) return laneOf(tenant.key)(() => ofUsers(ask));
      return reason === "awaited" ? ask() : inTurn[reason](ask);
    },
  };
}
export type FlagQuestions = ReturnType<typeof createFlagQuestions>;
