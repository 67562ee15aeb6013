import { LRUCache } from "lru-cache";
import limitTo from "p-limit";
import type { Logger } from "pino";
import type { PostHog } from "posthog-node";
import { asFlagProperties, groupProperties } from "~/core/group-properties";
import type { FlagReading, Instant, TenantFacts } from "~/core/model";
import type { FactsCache } from "../facts-cache.server";
import type { Breaker } from "./breaker.server";
import { createContact } from "./flag-contact";
import type { FlagDefinitions } from "./flag-definitions.server";
import { type FlagState, type FlagStatus, nothing, readingsOf, type Verdicts } from "./flag-readings";
import type { LastValueStore, LastValues } from "./last-values.server";
import { askLocalFlags } from "./local-flags.server";
import type { Noted, PastReadings } from "./past-readings.server";
import { askRemoteFlags, type FlagQuestion, FlagsUnavailable, type Verdict } from "./remote-flags.server";
import type { PosthogSettings } from "./settings.server";
import { hasTies, tiedFlags } from "./tied-flags";

type Entry = {
  state: FlagState;
  last: LastValues;
  noted: Noted;
  checkedAt: Instant;
  revision: number;
  catalogue: object;
  definitions: number;
  refreshing: Promise<void> | undefined;
  /** While what this process can say by itself is made anew. */
  catchingUp: Promise<void> | undefined;
};

/** Tenants (and tenant with user) whose verdicts are held. */
const mostHeld = 200_000;
/** Questions to PostHog under way for tenants that are known. The verdicts of many grow old together; nobody waits for them. */
const askedAtOnce = 8;

export type FlagParts = {
  settings: PosthogSettings;
  client: PostHog;
  facts: FactsCache;
  last: LastValueStore;
  past: Pick<PastReadings, "read" | "note">;
  breaker: Breaker;
  definitions: Pick<FlagDefinitions, "needsUser" | "payload" | "id" | "trouble" | "heardAt">;
  metadata: () => readonly string[];
  /** Told once of each verdict that is new or another one than before. */
  onVerdict: (tenant: string, flag: string, verdict: Exclude<Verdict, "unknown">) => void;
  now: () => Instant;
  log: Logger;
};

/**
 * Verdicts are made when facts or definitions change or have grown old, and kept: evaluating one flag costs seventy times
 * what a whole decision does. A tenant that is known never waits for PostHog; one that is not waits `flagTimeout` at the
 * longest. What can be evaluated here is so before the first answer after a change.
 */
export function createFlags(parts: FlagParts) {
  const { settings, client, facts, now, log } = parts;
  const held = new LRUCache<string, Entry>({ max: mostHeld });
  const contact = createContact(now);
  const inTurn = limitTo(askedAtOnce);
  let definitions = 0;
  let definitionsId: string | undefined;
  client.on("localEvaluationFlagsLoaded", () => {
    const id = parts.definitions.id();
    // A process that reads what another one fetched loads the same at each poll.
    if (id === undefined || id !== definitionsId) definitions += 1;
    definitionsId = id;
  });

  /** Whether a flag cannot be answered for without a user, and there is none. */
  const needsUser = (user: string | undefined) => (flag: string) => user === undefined && parts.definitions.needsUser(flag);
  const idOf = (tenant: string, user: string | undefined) => (user === undefined ? tenant : `${tenant}\n${user}`);

  function questionOf(tenant: TenantFacts, user: string | undefined, flags: string[]): FlagQuestion {
    const type = settings.groupType;
    const properties = asFlagProperties(groupProperties(tenant, facts.catalogue(), now(), parts.metadata()));
    const askable = flags.filter((f) => !needsUser(user)(f));
    const distinctId = user ?? `$${type}_${tenant.key}`;
    return { distinctId, groups: { [type]: tenant.key }, groupProperties: { [type]: properties }, flags: askable };
  }

  async function askOverTheWire(question: FlagQuestion): Promise<Map<string, Verdict>> {
    if (!parts.breaker.mayTry()) return new Map();
    try {
      const verdicts = await askRemoteFlags(settings, question, settings.flagTimeout);
      parts.breaker.succeeded();
      contact.heard();
      return verdicts;
    } catch (err) {
      parts.breaker.failed();
      contact.missed(err instanceof FlagsUnavailable ? err.message : "PostHog cannot be reached.");
      log.debug({ err }, "flags are unknown");
      return new Map();
    }
  }

  /** First what this process can say by itself, after which `saidHere` is called; then what PostHog has to be asked for. */
  async function refresh(entry: Entry, tenant: TenantFacts, user: string | undefined, saidHere: () => void): Promise<void> {
    const isAwaited = entry.checkedAt === 0;
    Object.assign(entry, { definitions, revision: tenant.revision, catalogue: facts.catalogue() });
    const flags = tiedFlags(facts.catalogue());
    const question = questionOf(tenant, user, flags);
    const said = await askLocalFlags(client, parts.definitions, question);
    const open = question.flags.filter((f) => !said.has(f));
    take(entry, tenant, user, flags, said, open);
    saidHere();
    if (open.length === 0) return;
    const ask = () => askOverTheWire({ ...question, flags: open });
    take(entry, tenant, user, flags, new Map([...said, ...(await (isAwaited ? ask() : inTurn(ask)))]), []);
  }

  function take(entry: Entry, tenant: TenantFacts, user: string | undefined, flags: string[], said: Verdicts, open: string[]): void {
    const before = entry.last;
    if (user === undefined) {
      entry.last = parts.last.note(tenant.key, entry.last, said, now());
      for (const [flag, verdict] of said) {
        const was = before.get(flag);
        if (verdict !== "unknown" && (was?.state !== verdict.state || was.variant !== verdict.variant))
          parts.onVerdict(tenant.key, flag, verdict);
      }
    }
    const readings = readingsOf(flags, said, entry.last, needsUser(user));
    // What PostHog is still to be asked stays as it was.
    for (const flag of open) {
      const known = entry.state.readings.get(flag);
      if (known) readings.set(flag, known);
    }
    put(entry, readings);
    if (user === undefined) parts.past.note(tenant.key, entry.noted, entry.state.readings, now());
  }

  /** Keeps the old object when nothing is different, so that answers made from it stay. */
  function put(entry: Entry, readings: Map<string, FlagReading>): void {
    const plain = (m: ReadonlyMap<string, FlagReading>) => JSON.stringify([...m]);
    if (plain(entry.state.readings) !== plain(readings)) entry.state = { readings };
  }

  /** Made from something else than what counts now. */
  function isBehind(entry: Entry, tenant: TenantFacts | undefined): boolean {
    return (
      entry.definitions !== definitions ||
      entry.catalogue !== facts.catalogue() ||
      (tenant !== undefined && tenant.revision !== entry.revision)
    );
  }

  const isOld = (entry: Entry, tenant: TenantFacts | undefined) => isBehind(entry, tenant) || now() - entry.checkedAt >= settings.flagsTtl;

  function startRefresh(entry: Entry, tenant: TenantFacts, user: string | undefined): Promise<void> {
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
    entry.refreshing = refresh(entry, tenant, user, saidHere)
      .catch((err) => log.warn({ err }, "flags were not evaluated"))
      .finally(() => {
        entry.checkedAt = now();
        entry.refreshing = undefined;
        saidHere();
      });
    return entry.refreshing;
  }

  async function meet(tenant: TenantFacts, user: string | undefined): Promise<FlagState> {
    const entry: Entry = {
      state: nothing,
      last: new Map(),
      noted: new Map(),
      checkedAt: 0,
      revision: -1,
      catalogue: {},
      definitions: -1,
      refreshing: undefined,
      catchingUp: undefined,
    };
    held.set(idOf(tenant.key, user), entry);
    try {
      [entry.last, entry.noted] = await Promise.all([parts.last.read(tenant.key), parts.past.read(tenant.key)]);
    } catch (err) {
      log.debug({ err }, "last flag values cannot be read");
    }
    put(entry, readingsOf(tiedFlags(facts.catalogue()), new Map(), entry.last, needsUser(user)));
    await Promise.race([startRefresh(entry, tenant, user), timeout(settings.flagTimeout)]);
    if (user === undefined) parts.past.note(tenant.key, entry.noted, entry.state.readings, now());
    return entry.state;
  }

  const meeting = new Map<string, Promise<FlagState>>();

  return {
    /** At once for a tenant that is known. Never throws. */
    of(tenant: TenantFacts, user?: string): FlagState | Promise<FlagState> {
      if (tiedFlags(facts.catalogue()).length === 0) return nothing;
      const id = idOf(tenant.key, user);
      const entry = held.get(id);
      const first = meeting.get(id);
      if (first) return first;
      if (entry) {
        if (isOld(entry, tenant)) void startRefresh(entry, tenant, user);
        return entry.catchingUp ? entry.catchingUp.then(() => entry.state) : entry.state;
      }
      const started = meet(tenant, user).finally(() => meeting.delete(id));
      meeting.set(id, started);
      return started;
    },
    /** What counts now, or undefined; an old one is asked again in the background. Undefined also while it is made anew here. */
    peek(tenant: TenantFacts | null, user?: string): FlagState | undefined {
      if (tenant === null || !hasTies(facts.catalogue())) return nothing;
      const entry = held.get(idOf(tenant.key, user));
      if (entry && isOld(entry, tenant)) void startRefresh(entry, tenant, user);
      return entry?.catchingUp ? undefined : entry?.state;
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
        isAsking: tenant !== undefined && held.peek(tenant)?.refreshing !== undefined,
      };
    },
  };
}
export type Flags = ReturnType<typeof createFlags>;

const newer = (a: Instant | null, b: Instant | null) => (a === null || b === null ? (a ?? b) : Math.max(a, b));

function timeout(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms).unref());
}
