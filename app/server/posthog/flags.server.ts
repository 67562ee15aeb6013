import { LRUCache } from "lru-cache";
import type { Logger } from "pino";
import type { PostHog } from "posthog-node";
import { asFlagProperties, groupProperties } from "~/core/group-properties";
import type { FlagReading, Instant, TenantFacts } from "~/core/model";
import type { FactsCache } from "../facts-cache.server";
import type { Breaker } from "./breaker.server";
import type { LastValueStore, LastValues } from "./last-values.server";
import { askLocalFlags } from "./local-flags.server";
import { askRemoteFlags, type FlagQuestion, type Verdict } from "./remote-flags.server";
import type { PosthogSettings } from "./settings.server";

/** What is known of one tenant's flags. Another object whenever a reading is another one. */
export type FlagState = { readonly readings: ReadonlyMap<string, FlagReading> };

const nothing: FlagState = { readings: new Map() };

/** What stands in for all of this when PostHog is off: every flag is unknown. */
export const noFlags = { of: () => nothing, peek: () => nothing };

type Entry = {
  state: FlagState;
  last: LastValues;
  checkedAt: Instant;
  revision: number;
  catalogue: object;
  definitions: number;
  refreshing: Promise<void> | undefined;
};

/** Tenants (and tenant with user) whose verdicts are held. */
const mostHeld = 200_000;

export type FlagParts = {
  settings: PosthogSettings;
  client: PostHog;
  facts: FactsCache;
  last: LastValueStore;
  breaker: Breaker;
  needsUser: (flag: string) => boolean;
  metadata: () => readonly string[];
  /** Told once of each verdict that is new or another one than before. */
  onVerdict: (tenant: string, flag: string, verdict: Exclude<Verdict, "unknown">) => void;
  now: () => Instant;
  log: Logger;
};

/**
 * Verdicts are made when facts or definitions change or have grown old, and kept: evaluating one flag costs seventy times
 * what a whole decision does. A tenant that is known never waits; one that is not waits `flagTimeout` at the longest.
 */
export function createFlags(parts: FlagParts) {
  const { settings, client, facts, now, log } = parts;
  const held = new LRUCache<string, Entry>({ max: mostHeld });
  let definitions = 0;
  let answeredAt: Instant | null = null;
  client.on("localEvaluationFlagsLoaded", () => {
    definitions += 1;
  });

  const idOf = (tenant: string, user: string | undefined) => (user === undefined ? tenant : `${tenant}\n${user}`);

  function tiedFlags(): string[] {
    const keys = new Set<string>();
    for (const { flag, archivedAt } of facts.catalogue().features.values()) if (flag && archivedAt === null) keys.add(flag.key);
    return [...keys];
  }

  async function ask(tenant: TenantFacts, user: string | undefined, flags: string[]): Promise<Map<string, Verdict>> {
    const type = settings.groupType;
    const properties = asFlagProperties(groupProperties(tenant, facts.catalogue(), now(), parts.metadata()));
    const askable = user === undefined ? flags.filter((f) => !parts.needsUser(f)) : flags;
    const distinctId = user ?? `$${type}_${tenant.key}`;
    const question: FlagQuestion = { distinctId, groups: { [type]: tenant.key }, groupProperties: { [type]: properties }, flags: askable };
    const verdicts = await askLocalFlags(client, question);
    const open = askable.filter((f) => !verdicts.has(f));
    if (open.length > 0) for (const [flag, verdict] of await askOverTheWire({ ...question, flags: open })) verdicts.set(flag, verdict);
    return verdicts;
  }

  async function askOverTheWire(question: FlagQuestion): Promise<Map<string, Verdict>> {
    if (!parts.breaker.mayTry()) return new Map();
    try {
      const verdicts = await askRemoteFlags(settings, question, settings.flagTimeout);
      parts.breaker.succeeded();
      return verdicts;
    } catch (err) {
      parts.breaker.failed();
      log.debug({ err }, "flags are unknown");
      return new Map();
    }
  }

  async function refresh(entry: Entry, tenant: TenantFacts, user: string | undefined): Promise<void> {
    const catalogue = facts.catalogue();
    const seen = { definitions, revision: tenant.revision, catalogue };
    const flags = tiedFlags();
    const said = await ask(tenant, user, flags);
    if (said.size > 0) answeredAt = now();
    const before = entry.last;
    if (user === undefined) {
      entry.last = parts.last.note(tenant.key, entry.last, said, now());
      for (const [flag, verdict] of said) {
        const was = before.get(flag);
        if (verdict !== "unknown" && (was?.state !== verdict.state || was.variant !== verdict.variant))
          parts.onVerdict(tenant.key, flag, verdict);
      }
    }
    Object.assign(entry, seen, { checkedAt: now() });
    put(entry, readingsOf(flags, said, entry.last, user));
  }

  function readingsOf(flags: string[], said: Map<string, Verdict>, last: LastValues, user: string | undefined): Map<string, FlagReading> {
    return new Map(
      flags.map((flag): [string, FlagReading] => {
        const verdict = said.get(flag) ?? "unknown";
        if (verdict !== "unknown") return [flag, verdict];
        const known = last.get(flag);
        const userRequired = user === undefined && parts.needsUser(flag);
        return [
          flag,
          { state: "unknown", ...(known && !userRequired ? { last: known } : {}), ...(userRequired ? { userRequired: true } : {}) },
        ];
      }),
    );
  }

  /** Keeps the old object when nothing is different, so that answers made from it stay. */
  function put(entry: Entry, readings: Map<string, FlagReading>): void {
    const plain = (m: ReadonlyMap<string, FlagReading>) => JSON.stringify([...m]);
    if (plain(entry.state.readings) !== plain(readings)) entry.state = { readings };
  }

  function isOld(entry: Entry, tenant: TenantFacts | undefined): boolean {
    return (
      entry.definitions !== definitions ||
      now() - entry.checkedAt >= settings.flagsTtl ||
      entry.catalogue !== facts.catalogue() ||
      (tenant !== undefined && tenant.revision !== entry.revision)
    );
  }

  function startRefresh(entry: Entry, tenant: TenantFacts, user: string | undefined): Promise<void> {
    entry.refreshing ??= refresh(entry, tenant, user)
      .catch((err) => log.warn({ err }, "flags were not evaluated"))
      .finally(() => {
        entry.refreshing = undefined;
      });
    return entry.refreshing;
  }

  async function meet(tenant: TenantFacts, user: string | undefined): Promise<FlagState> {
    const entry: Entry = {
      state: nothing,
      last: new Map(),
      checkedAt: 0,
      revision: -1,
      catalogue: {},
      definitions: -1,
      refreshing: undefined,
    };
    held.set(idOf(tenant.key, user), entry);
    try {
      entry.last = await parts.last.read(tenant.key);
    } catch (err) {
      log.debug({ err }, "last flag values cannot be read");
    }
    put(entry, readingsOf(tiedFlags(), new Map(), entry.last, user));
    await Promise.race([startRefresh(entry, tenant, user), timeout(settings.flagTimeout)]);
    return entry.state;
  }

  const meeting = new Map<string, Promise<FlagState>>();

  return {
    /** At once for a tenant that is known. Never throws. */
    of(tenant: TenantFacts, user?: string): FlagState | Promise<FlagState> {
      if (tiedFlags().length === 0) return nothing;
      const id = idOf(tenant.key, user);
      const entry = held.get(id);
      const first = meeting.get(id);
      if (first) return first;
      if (entry) {
        if (isOld(entry, tenant)) void startRefresh(entry, tenant, user);
        return entry.state;
      }
      const started = meet(tenant, user).finally(() => meeting.delete(id));
      meeting.set(id, started);
      return started;
    },
    /** What counts now, or undefined; an old one is asked again in the background. */
    peek(tenant: TenantFacts | null, user?: string): FlagState | undefined {
      if (tenant === null || !hasTies(facts.catalogue())) return nothing;
      const entry = held.get(idOf(tenant.key, user));
      if (entry && isOld(entry, tenant)) void startRefresh(entry, tenant, user);
      return entry?.state;
    },
    /** When PostHog, or what it defined, last told something; null: not yet. */
    answeredAt: () => answeredAt,
    isDown: () => parts.breaker.isOpen(),
  };
}
export type Flags = ReturnType<typeof createFlags>;

const ties = new WeakMap<object, boolean>();
function hasTies(catalogue: ReturnType<FactsCache["catalogue"]>): boolean {
  let has = ties.get(catalogue);
  if (has === undefined) {
    has = [...catalogue.features.values()].some((f) => f.flag !== null && f.archivedAt === null);
    ties.set(catalogue, has);
  }
  return has;
}

function timeout(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms).unref());
}
