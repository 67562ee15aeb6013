import { setTimeout as sleep } from "node:timers/promises";
import { LRUCache } from "lru-cache";
import type { Catalogue } from "~/core/catalogue";
import type { FlagReading, Instant, TenantFacts } from "~/core/model";
import { createContact } from "./flag-contact";
import type { FlagDefinitions } from "./flag-definitions.server";
import { createFlagQuestions, type QuestionParts, type Reason } from "./flag-questions.server";
import { type FlagState, type FlagStatus, nothing, readingsOf, sameReadings, type Verdicts, withUser } from "./flag-readings";
import type { LastValueStore, LastValues } from "./last-values.server";
import type { Noted, PastReadings } from "./past-readings.server";
import type { Said } from "./remote-flags.server";
import { hasTies, tiedFlags } from "./tied-flags";
import type { Asker, UserBudget } from "./user-budget.server";

/** What is held of one tenant, or of one user of it, of whom only flags about persons are asked. */
type Entry = {
  user: string | undefined;
  state: FlagState;
  last: LastValues;
  noted: Noted;
  /** The state whose readings are noted, all of them. */
  notedState: FlagState | undefined;
  checkedAt: Instant;
  /** What the state was made from. */
  revision: number;
  catalogue: Catalogue | undefined;
  epoch: number;
  refreshing: Promise<void> | undefined;
  /** While what this process can say by itself is made anew. */
  catchingUp: Promise<void> | undefined;
  /** Flags that a refresh which has ended asked about. */
  askedFlags: readonly string[];
  /** The catalogue whose linked flags were last compared with `askedFlags`. */
  metCatalogue: Catalogue | undefined;
  /** While flags that were linked since are asked about for the first time. */
  meetingFlags: Promise<void> | undefined;
  /** Some flag could not be evaluated here the last time. */
  needsPosthog: boolean;
  /** With what is known of the tenant, for as long as both are the same. */
  both: { ofTenant: FlagState; ofUser: FlagState; state: FlagState } | undefined;
};

/** The shortest between two refreshes that nobody waits for, in milliseconds: 15,000 tenants in 30 s, with a core to spare. */
const refreshEvery = 2;
/** Tenants whose verdicts are held, and as many users. */
const mostHeld = 200_000;

export type FlagParts = Omit<QuestionParts, "definitions" | "contact"> & {
  last: LastValueStore;
  past: Pick<PastReadings, "read" | "note">;
  userBudget: UserBudget;
  definitions: Pick<FlagDefinitions, "audience" | "payload" | "id" | "trouble" | "heardAt">;
  /** Told once of each verdict that is new or another one than before. */
  onVerdict: (tenant: string, flag: string, said: Said) => void;
};

/**
 * Verdicts are made when facts or definitions change or have grown old, and kept: evaluating one flag costs seventy times
 * what a whole decision does. A tenant that is known never waits for PostHog; one that is not, or a user of it about whom a flag
 * is to be asked, waits `flagTimeout` at the longest. What can be evaluated here is so before the first answer after a change.
 */
export function createFlags(parts: FlagParts) {
  const { settings, client, facts, audiences, userBudget, now, log } = parts;
  const tenants = new LRUCache<string, Entry>({ max: mostHeld });
  const users = new LRUCache<string, Entry>({ max: mostHeld });
  const contact = createContact(now);
  const questions = createFlagQuestions({ ...parts, contact });
  let definitions = 0;
  let definitionsId: string | undefined;
  client.on("localEvaluationFlagsLoaded", () => {
    const id = parts.definitions.id();
    // A process that reads what another one fetched loads the same at each poll.
    if (id === undefined || id !== definitionsId) definitions += 1;
    definitionsId = id;
  });

  const lastTurn = { tenants: Promise.resolve(), users: Promise.resolve() };
  /** The verdicts of many tenants grow old together, and a refresh takes many times what a check does: so they begin one by one. */
  function turn(of: keyof typeof lastTurn): Promise<void> {
    lastTurn[of] = lastTurn[of].then(() => sleep(refreshEvery));
    return lastTurn[of];
  }

  const epoch = () => definitions + audiences.version();
  const userId = (tenant: string, user: string) => `${tenant}\n${user}`;

  /** Whether what is asked can depend on who asks. `features` null: all. */
  function isPersonal(features: readonly string[] | null): boolean {
    const { features: all } = facts.catalogue();
    const isTied = (key: string) => {
      const flag = all.get(key)?.flag;
      return flag ? audiences.isOfPersons(flag.key) : false;
    };
    return features === null ? tiedFlags(facts.catalogue()).some(audiences.isOfPersons) : features.some(isTied);
  }

  /** First what this process can say by itself, after which `saidHere` is called; then what PostHog has to be asked for. */
  async function refresh(entry: Entry, tenant: TenantFacts, reason: Reason, asker: Asker, saidHere: () => void): Promise<void> {
    const wasBehind = isBehind(entry, tenant);
    Object.assign(entry, { epoch: epoch(), revision: tenant.revision, catalogue: facts.catalogue() });
    const { user } = entry;
    const all = tiedFlags(facts.catalogue());
    const flags = flagsOf(entry, all);
    // Definitions of a flag about both say what counts for the tenant.
    const here = flags.filter((flag) => {
      const audience = audiences.of(flag);
      return audience !== "elsewhere" && (user === undefined ? audience !== "persons" : audience !== "mixed");
    });
    const said = await questions.here(tenant, user, here);
    const open = flags.filter(
      (flag) => !said.has(flag) && audiences.of(flag) !== "elsewhere" && (user !== undefined || !audiences.isOfPersons(flag)),
    );
    if (wasBehind || said.size > 0) take(entry, tenant, flags, said, open);
    saidHere();
    entry.needsPosthog = open.length > 0;
    if (open.length === 0) {
      entry.askedFlags = flags;
      return;
    }
    if (user !== undefined && !userBudget.take(tenant.key, asker)) return overBudget(entry, tenant, flags, said, open);
    const told = await questions.overTheWire(tenant, user, open, reason);
    // What turned out only now to be about persons was asked about nobody.
    const isOfUse = ([flag]: [string, unknown]) => user !== undefined || !audiences.isOfPersons(flag);
    take(entry, tenant, flags, new Map([...said, ...[...told].filter(isOfUse)]), []);
    entry.askedFlags = flags;
  }

  const flagsOf = (entry: Entry, all = tiedFlags(facts.catalogue())) =>
    entry.user === undefined ? all : all.filter(audiences.isOfPersons);

  /** Known values stay. What was never known says why, and is asked again with the next check: nothing of it is kept. */
  function overBudget(entry: Entry, tenant: TenantFacts, flags: readonly string[], said: Verdicts, open: string[]): void {
    const known = open.filter((flag) => (entry.state.readings.get(flag)?.state ?? "unknown") !== "unknown");
    const refused = open.filter((flag) => !known.includes(flag)).map((flag) => [flag, "user_limit"] as const);
    take(entry, tenant, flags, new Map([...said, ...refused]), known);
    if (refused.length > 0) users.delete(userId(tenant.key, entry.user as string));
  }

  function take(entry: Entry, tenant: TenantFacts, flags: readonly string[], said: Verdicts, open: string[]): void {
    const { user, last: before } = entry;
    if (user === undefined) {
      entry.last = parts.last.note(tenant.key, entry.last, said, now());
      for (const [flag, verdict] of said) {
        const was = before.get(flag);
        if (typeof verdict === "object" && (was?.state !== verdict.state || was.variant !== verdict.variant))
          parts.onVerdict(tenant.key, flag, verdict);
      }
    }
    const readings = readingsOf(flags, said, entry.last, audiences, user !== undefined);
    // What PostHog is still to be asked stays as it was.
    for (const flag of open) {
      const known = entry.state.readings.get(flag);
      if (known) readings.set(flag, known);
    }
    put(entry, readings);
    if (user === undefined) note(entry, tenant);
  }

  function note(entry: Entry, tenant: TenantFacts): void {
    const { state, noted } = entry;
    if (entry.notedState !== state && parts.past.note(tenant.key, noted, state.readings, now())) entry.notedState = state;
  }

  /** Keeps the old object when nothing is different, so that answers made from it stay. */
  function put(entry: Entry, readings: Map<string, FlagReading>): void {
    if (!sameReadings(entry.state.readings, readings)) entry.state = { readings };
  }

  /** Made from something else than what counts now. */
  const isBehind = (entry: Entry, tenant: TenantFacts) =>
    entry.epoch !== epoch() || entry.catalogue !== facts.catalogue() || tenant.revision !== entry.revision;

  const isOld = (entry: Entry, tenant: TenantFacts) => isBehind(entry, tenant) || now() - entry.checkedAt >= settings.flagsTtl;

  function reasonOf(entry: Entry, tenant: TenantFacts): Reason {
    if (entry.checkedAt === 0) return "awaited";
    return tenant.revision === entry.revision ? "aged" : "changed";
  }

  function startRefresh(entry: Entry, tenant: TenantFacts, asker: Asker, isAwaited = false): Promise<void> {
    if (entry.refreshing) return entry.refreshing;
    let saidHere = () => {};
    const here = new Promise<void>((resolve) => {
      saidHere = resolve;
    });
    if (isBehind(entry, tenant) && client.isLocalEvaluationReady()) {
      entry.catchingUp = here.then(() => {
        entry.catchingUp = undefined;
      });
    }
    const reason = isAwaited ? "awaited" : reasonOf(entry, tenant);
    const start = () => refresh(entry, tenant, reason, asker, saidHere);
    const isWaitedFor = reason === "awaited" || entry.catchingUp !== undefined;
    entry.refreshing = (isWaitedFor ? start() : turn(entry.user === undefined ? "tenants" : "users").then(start))
      .catch((err) => log.warn({ err }, "flags were not evaluated"))
      .finally(() => {
        entry.checkedAt = now();
        entry.refreshing = undefined;
        saidHere();
      });
    return entry.refreshing;
  }

  const newEntry = (user?: string): Entry => ({
    user,
    state: nothing,
    last: new Map(),
    noted: new Map(),
    notedState: undefined,
    checkedAt: 0,
    revision: -1,
    catalogue: undefined,
    epoch: -1,
    refreshing: undefined,
    catchingUp: undefined,
    askedFlags: [],
    metCatalogue: undefined,
    meetingFlags: undefined,
    needsPosthog: false,
    both: undefined,
  });

  /** A question about a user is not started in the background while its asker has no budget; what is evaluated here always is. */
  const mayRefresh = (entry: Entry, tenant: TenantFacts, asker: Asker) =>
    entry.user === undefined || !entry.needsPosthog || isBehind(entry, tenant) || userBudget.hasLeft(tenant.key, asker);

  function keepFresh(entry: Entry, tenant: TenantFacts, asker: Asker): void {
    if (entry.metCatalogue !== facts.catalogue()) meetNewFlags(entry, tenant, asker);
    if (isOld(entry, tenant) && mayRefresh(entry, tenant, asker)) void startRefresh(entry, tenant, asker);
  }

  /** A flag that was linked, or whose feature was restored, since this entry was made is waited for as for a tenant never known. */
  function meetNewFlags(entry: Entry, tenant: TenantFacts, asker: Asker): void {
    const isNew = flagsOf(entry).some((flag) => !entry.askedFlags.includes(flag));
    entry.metCatalogue = facts.catalogue();
    if (!isNew) return;
    // A refresh that is under way knows nothing of the new flags.
    const asked = Promise.resolve(entry.refreshing).then(() => startRefresh(entry, tenant, asker, true));
    const met = Promise.race([asked, timeout(settings.flagTimeout)]).then(() => {
      if (entry.meetingFlags === met) entry.meetingFlags = undefined;
    });
    entry.meetingFlags = met;
  }

  async function meetTenant(tenant: TenantFacts, asker: Asker, patience: Promise<void>): Promise<FlagState> {
    const entry = newEntry();
    entry.metCatalogue = facts.catalogue();
    tenants.set(tenant.key, entry);
    try {
      [entry.last, entry.noted] = await Promise.all([parts.last.read(tenant.key), parts.past.read(tenant.key)]);
    } catch (err) {
      log.debug({ err }, "last flag values cannot be read");
    }
    put(entry, readingsOf(tiedFlags(facts.catalogue()), new Map(), entry.last, audiences, false));
    await Promise.race([startRefresh(entry, tenant, asker), patience]);
    note(entry, tenant);
    return entry.state;
  }

  async function meetUser(tenant: TenantFacts, user: string, asker: Asker, patience: Promise<void>): Promise<FlagState> {
    const entry = newEntry(user);
    entry.metCatalogue = facts.catalogue();
    users.set(userId(tenant.key, user), entry);
    put(entry, readingsOf(tiedFlags(facts.catalogue()).filter(audiences.isOfPersons), new Map(), entry.last, audiences, true));
    await Promise.race([startRefresh(entry, tenant, asker), patience]);
    return entry.state;
  }

  const meeting = new Map<string, Promise<FlagState>>();

  /** At once for who is known. */
  function stateOf(
    id: string,
    entry: Entry | undefined,
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

  /** The same object for as long as both are the same. */
  function both(entry: Entry | undefined, ofTenant: FlagState, ofUser: FlagState): FlagState {
    if (entry?.both?.ofTenant === ofTenant && entry.both.ofUser === ofUser) return entry.both.state;
    const state = withUser(ofTenant, ofUser);
    if (entry) entry.both = { ofTenant, ofUser, state };
    return state;
  }

  function peekAt(entry: Entry | undefined, tenant: TenantFacts, asker: Asker): FlagState | undefined {
    if (entry) keepFresh(entry, tenant, asker);
    return (entry?.meetingFlags ?? entry?.catchingUp) ? undefined : entry?.state;
  }

  return {
    /** At once for whom it is known; nobody waits longer than `flagTimeout`. Never throws. `features`: what is asked; null: all. */
    of(
      tenant: TenantFacts,
      user?: string,
      features: readonly string[] | null = null,
      asker: Asker = "server",
    ): FlagState | Promise<FlagState> {
      if (!hasTies(facts.catalogue())) return nothing;
      let started: Promise<void> | undefined;
      const patience = () => {
        started ??= timeout(settings.flagTimeout);
        return started;
      };
      const own = stateOf(tenant.key, tenants.get(tenant.key), tenant, asker, () => meetTenant(tenant, asker, patience()));
      if (user === undefined) return own;
      // Whether a flag is about persons may be known only once the tenant was met.
      const andUser = (ofTenant: FlagState): FlagState | Promise<FlagState> => {
        if (!isPersonal(features)) return ofTenant;
        const id = userId(tenant.key, user);
        const ofUser = stateOf(id, users.get(id), tenant, asker, () => meetUser(tenant, user, asker, patience()));
        const join = (state: FlagState) => both(users.peek(id), ofTenant, state);
        return ofUser instanceof Promise ? ofUser.then(join) : join(ofUser);
      };
      return own instanceof Promise ? own.then(andUser) : andUser(own);
    },
    /** What counts now, or undefined; an old one is asked again in the background. Undefined also while it is made anew here. */
    peek(
      tenant: TenantFacts | null,
      user?: string,
      features: readonly string[] | null = null,
      asker: Asker = "server",
    ): FlagState | undefined {
      if (tenant === null || !hasTies(facts.catalogue())) return nothing;
      const own = peekAt(tenants.get(tenant.key), tenant, asker);
      if (user === undefined || own === undefined || !isPersonal(features)) return own;
      const entry = users.get(userId(tenant.key, user));
      const ofUser = peekAt(entry, tenant, asker);
      return ofUser && both(entry, own, ofUser);
    },
    /** When PostHog last told something of flags or their definitions; null: not yet. */
    answeredAt: () => newer(parts.definitions.heardAt(), contact.heardAt()),
    isDown: () => parts.breaker.isOpen(),
    /** From memory. Null: no feature is tied to a flag, so nothing depends on PostHog. */
    status(tenant?: string): FlagStatus | null {
      if (!hasTies(facts.catalogue())) return null;
      const ofDefinitions = parts.definitions.trouble();
      const isHeld = ofDefinitions !== null && client.isLocalEvaluationReady();
      return {
        trouble: ofDefinitions ?? contact.trouble(),
        restsOn: isHeld ? "definitions" : "last",
        isAsking: tenant !== undefined && tenants.peek(tenant)?.refreshing !== undefined,
      };
    },
  };
}
export type Flags = ReturnType<typeof createFlags>;

const newer = (a: Instant | null, b: Instant | null) => (a === null || b === null ? (a ?? b) : Math.max(a, b));

function timeout(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms).unref());
}
