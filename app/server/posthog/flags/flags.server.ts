import { LRUCache } from "lru-cache";
import type { Instant, TenantFacts } from "~/core/model";
import { waitAtMost } from "~db/wait-at-most";
import { type FlagEntry, newEntry } from "./flag-entry";
import { createFlagHealth } from "./flag-health";
import { type FlagState, type FlagStatus, flagReadingsOf, nothing, withUser } from "./flag-readings";
import { createFlagRefreshes, type FlagParts } from "./flag-refresh.server";
import { hasLinks, linkedFlags } from "./linked-flags";
import type { Asker } from "./user-budget.server";

/** Max cached tenants, and as many users. */
const maxCached = 200_000;

/**
 * Evaluates flags when facts or definitions change or values expire, and caches the results: one flag costs seventy
 * times a whole decision. A cached tenant never waits for PostHog. One that is not cached, or a user about whom a flag
 * must be asked, waits at most `flagTimeout`. What can be evaluated locally is evaluated before the first answer after
 * a change.
 */
export function createFlags(parts: FlagParts) {
  const { settings, client, facts, audiences, userBudget, now, log } = parts;
  const tenants = new LRUCache<string, FlagEntry>({ max: maxCached });
  const users = new LRUCache<string, FlagEntry>({ max: maxCached });
  const contact = createFlagHealth(now);
  const userId = (tenant: string, user: string) => `${tenant}\n${user}`;
  const refreshes = createFlagRefreshes(parts, contact, (tenant, user) => users.delete(userId(tenant, user)));
  const { isBehind, isOld, flagsOf, put, note, start: startRefresh } = refreshes;

  /** True if an answer can depend on the user. `features` null means all features. */
  function isPersonal(features: readonly string[] | null): boolean {
    const { features: all } = facts.catalogue();
    const isLinked = (key: string) => {
      const flag = all.get(key)?.flag;
      return flag ? audiences.isOfPersons(flag.key) : false;
    };
    return features === null ? linkedFlags(facts.catalogue()).some(audiences.isOfPersons) : features.some(isLinked);
  }

  /** False if a background refresh would ask PostHog about a user and the budget is used up. Local evaluation always runs. */
  const mayRefresh = (entry: FlagEntry, tenant: TenantFacts, asker: Asker) =>
    entry.user === undefined || !entry.needsPosthog || isBehind(entry, tenant) || userBudget.hasLeft(tenant.key, asker);

  function keepFresh(entry: FlagEntry, tenant: TenantFacts, asker: Asker): void {
    if (entry.metCatalogue !== facts.catalogue()) meetNewFlags(entry, tenant, asker);
    if (isOld(entry, tenant) && mayRefresh(entry, tenant, asker)) void startRefresh(entry, tenant, asker);
  }

  /** Waits for flags that were linked or restored since the entry was created, as for a tenant that is not cached. */
  function meetNewFlags(entry: FlagEntry, tenant: TenantFacts, asker: Asker): void {
    const isNew = flagsOf(entry).some((flag) => !entry.askedFlags.includes(flag));
    entry.metCatalogue = facts.catalogue();
    if (!isNew) return;
    // A refresh in progress does not include the new flags.
    const asked = Promise.resolve(entry.refreshing).then(() => startRefresh(entry, tenant, asker, true));
    const met = waitAtMost(asked, settings.flagTimeout).then(() => {
      if (entry.meetingFlags === met) entry.meetingFlags = undefined;
    });
    entry.meetingFlags = met;
  }

  async function meetTenant(tenant: TenantFacts, asker: Asker, deadline: Promise<void>): Promise<FlagState> {
    const entry = newEntry();
    entry.metCatalogue = facts.catalogue();
    tenants.set(tenant.key, entry);
    try {
      [entry.last, entry.noted] = await Promise.all([parts.last.read(tenant.key), parts.past.read(tenant.key)]);
    } catch (err) {
      log.debug({ err }, "last flag values cannot be read");
    }
    put(entry, flagReadingsOf(linkedFlags(facts.catalogue()), new Map(), entry.last, audiences, false));
    await Promise.race([startRefresh(entry, tenant, asker), deadline]);
    note(entry, tenant);
    return entry.state;
  }

  async function meetUser(tenant: TenantFacts, user: string, asker: Asker, deadline: Promise<void>): Promise<FlagState> {
    const entry = newEntry(user);
    entry.metCatalogue = facts.catalogue();
    users.set(userId(tenant.key, user), entry);
    put(entry, flagReadingsOf(linkedFlags(facts.catalogue()).filter(audiences.isOfPersons), new Map(), entry.last, audiences, true));
    await Promise.race([startRefresh(entry, tenant, asker), deadline]);
    return entry.state;
  }

  const meeting = new Map<string, Promise<FlagState>>();

  /** Synchronous for cached entries. */
  function stateOf(
    id: string,
    entry: FlagEntry | undefined,
    tenant: TenantFacts,
    asker: Asker,
    meet: () => Promise<FlagState>,
  ): FlagState | Promise<FlagState> {
    const first = meeting.get(id);
    if (first) return first;
    if (entry) {
      keepFresh(entry, tenant, asker);
      const wait = entry.meetingFlags ?? entry.catchingUp;
      return wait ? wait.then(() => entry.state) : entry.state;
    }
    const started = meet().finally(() => meeting.delete(id));
    meeting.set(id, started);
    return started;
  }

  /** Returns the same object while both parts are unchanged. */
  function both(entry: FlagEntry | undefined, ofTenant: FlagState, ofUser: FlagState): FlagState {
    if (entry?.both?.ofTenant === ofTenant && entry.both.ofUser === ofUser) return entry.both.state;
    const state = withUser(ofTenant, ofUser);
    if (entry) entry.both = { ofTenant, ofUser, state };
    return state;
  }

  function peekAt(entry: FlagEntry | undefined, tenant: TenantFacts, asker: Asker): FlagState | undefined {
    if (entry) keepFresh(entry, tenant, asker);
    return (entry?.meetingFlags ?? entry?.catchingUp) ? undefined : entry?.state;
  }

  return {
    /** Synchronous if cached; otherwise waits at most `flagTimeout`. Never throws. `features` null means all. */
    of(
      tenant: TenantFacts,
      user?: string,
      features: readonly string[] | null = null,
      asker: Asker = "server",
    ): FlagState | Promise<FlagState> {
      if (!hasLinks(facts.catalogue())) return nothing;
      let started: Promise<void> | undefined;
      const deadline = () => {
        started ??= timeout(settings.flagTimeout);
        return started;
      };
      const own = stateOf(tenant.key, tenants.get(tenant.key), tenant, asker, () => meetTenant(tenant, asker, deadline()));
      if (user === undefined) return own;
      // Whether a flag targets persons may be known only after the tenant was evaluated.
      const andUser = (ofTenant: FlagState): FlagState | Promise<FlagState> => {
        if (!isPersonal(features)) return ofTenant;
        const id = userId(tenant.key, user);
        const ofUser = stateOf(id, users.get(id), tenant, asker, () => meetUser(tenant, user, asker, deadline()));
        const join = (state: FlagState) => both(users.peek(id), ofTenant, state);
        return ofUser instanceof Promise ? ofUser.then(join) : join(ofUser);
      };
      return own instanceof Promise ? own.then(andUser) : andUser(own);
    },
    /**
     * The current state, or undefined if there is none or it is being evaluated again. Expired values are refreshed in
     * the background.
     */
    peek(
      tenant: TenantFacts | null,
      user?: string,
      features: readonly string[] | null = null,
      asker: Asker = "server",
    ): FlagState | undefined {
      if (tenant === null || !hasLinks(facts.catalogue())) return nothing;
      const own = peekAt(tenants.get(tenant.key), tenant, asker);
      if (user === undefined || own === undefined || !isPersonal(features)) return own;
      const entry = users.get(userId(tenant.key, user));
      const ofUser = peekAt(entry, tenant, asker);
      return ofUser && both(entry, own, ofUser);
    },
    /** When PostHog last answered about flags or definitions, or null. */
    answeredAt: () => newer(parts.definitions.heardAt(), contact.heardAt()),
    isDown: () => parts.breaker.isOpen(),
    /** From memory. Null if no feature is linked to a flag. */
    status(tenant?: string): FlagStatus | null {
      if (!hasLinks(facts.catalogue())) return null;
      const ofDefinitions = parts.definitions.trouble();
      const isCached = ofDefinitions !== null && client.isLocalEvaluationReady() && parts.definitions.expiredSince() === null;
      return {
        trouble: ofDefinitions ?? contact.trouble(),
        restsOn: isCached ? "definitions" : "last",
        isAsking: tenant !== undefined && tenants.peek(tenant)?.refreshing !== undefined,
      };
    },
  };
}
export type Flags = ReturnType<typeof createFlags>;

/** Health of the flags of the process that asks PostHog. `answeredAt`: when it last answered about flags, or null. */
export type FlagReport = { status: FlagStatus | null; answeredAt: Instant | null };

/** Flags of another process. */
export type OtherFlags = Pick<Flags, "of"> & { report(tenant?: string): Promise<FlagReport> };

const newer = (a: Instant | null, b: Instant | null) => (a === null || b === null ? (a ?? b) : Math.max(a, b));

function timeout(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms).unref());
}
