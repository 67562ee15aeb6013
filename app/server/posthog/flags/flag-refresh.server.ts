import { setTimeout as sleep } from "node:timers/promises";
import { type FlagReading, type FlagValue, isKnownFlag, type TenantFacts } from "~/core/model";
import type { FlagDefinitions } from "./flag-definitions.server";
import type { FlagEntry } from "./flag-entry";
import type { createFlagHealth } from "./flag-health";
import { createFlagQuestions, type QuestionParts, type Reason } from "./flag-questions.server";
import { type FlagReadings, flagReadingsOf, sameReadings } from "./flag-readings";
import { type LastValueStore, withOlderValues } from "./last-known-values.server";
import { linkedFlags } from "./linked-flags";
import type { PastReadings } from "./reading-history.server";
import type { Asker, UserBudget } from "./user-budget.server";

/** Min time between two background refreshes, in ms: 15,000 tenants in 30 s, with a core to spare. */
const minRefreshIntervalMs = 2;

export type FlagParts = Omit<QuestionParts, "definitions" | "contact"> & {
  last: LastValueStore;
  past: Pick<PastReadings, "read" | "note">;
  userBudget: UserBudget;
  definitions: Pick<FlagDefinitions, "audience" | "payload" | "id" | "trouble" | "heardAt" | "expiredSince">;
  /** Called once per changed flag value. */
  onFlagResult: (tenant: string, flag: string, said: FlagValue) => void;
};

type Forget = (tenant: string, user: string) => unknown;

/** Evaluates the flags of cached entries again, locally first and then at PostHog. `forgetUser` drops a user's entry. */
export function createFlagRefreshes(parts: FlagParts, contact: ReturnType<typeof createFlagHealth>, forgetUser: Forget) {
  const { settings, client, facts, audiences, userBudget, now, elapsed, log } = parts;
  const questions = createFlagQuestions({ ...parts, contact });
  let definitions = 0;
  let definitionsId: string | undefined;
  client.on("localEvaluationFlagsLoaded", () => {
    const id = parts.definitions.id();
    // A process that reads stored definitions loads the same ones at each poll.
    if (id === undefined || id !== definitionsId) definitions += 1;
    definitionsId = id;
  });

  const lastTurn = { tenants: Promise.resolve(), users: Promise.resolve() };
  /** Spaces out background refreshes: many tenants expire together, and a refresh costs many times a check. */
  function turn(of: keyof typeof lastTurn): Promise<void> {
    lastTurn[of] = lastTurn[of].then(() => sleep(minRefreshIntervalMs));
    return lastTurn[of];
  }

  /** Another number whenever flags have to be evaluated again. */
  const epoch = () => 2 * (definitions + audiences.version()) + (parts.definitions.expiredSince() === null ? 0 : 1);

  /** Evaluates locally and calls `onLocal`, then asks PostHog for the rest. */
  async function refresh(entry: FlagEntry, tenant: TenantFacts, reason: Reason, asker: Asker, onLocal: () => void): Promise<void> {
    const wasBehind = isBehind(entry, tenant);
    Object.assign(entry, { epoch: epoch(), revision: tenant.revision, catalogue: facts.catalogue() });
    const { user } = entry;
    const all = linkedFlags(facts.catalogue());
    const flags = flagsOf(entry, all);
    // Definitions of a mixed flag decide for the tenant.
    const here = flags.filter((flag) => {
      const audience = audiences.of(flag);
      return audience !== "elsewhere" && (user === undefined ? audience !== "persons" : audience !== "mixed");
    });
    const evaluated = await questions.here(tenant, user, here);
    const expiredSince = parts.definitions.expiredSince();
    // Values from expired definitions are last known values, not PostHog's current ones.
    if (expiredSince !== null) entry.last = withOlderValues(entry.last, evaluated, expiredSince);
    const said: FlagReadings = expiredSince === null ? evaluated : new Map();
    const open = flags.filter(
      (flag) => !said.has(flag) && audiences.of(flag) !== "elsewhere" && (user !== undefined || !audiences.isOfPersons(flag)),
    );
    if (wasBehind || said.size > 0) take(entry, tenant, flags, said, open);
    onLocal();
    entry.needsPosthog = open.length > 0;
    if (open.length === 0) {
      entry.askedFlags = flags;
      return;
    }
    if (user !== undefined && !userBudget.take(tenant.key, asker)) return overBudget(entry, tenant, flags, said, open);
    const told = await questions.overTheWire(tenant, user, open, reason);
    // Skips a flag that turned out to be a person flag but was asked without a user.
    const isOfUse = ([flag]: [string, unknown]) => user !== undefined || !audiences.isOfPersons(flag);
    take(entry, tenant, flags, new Map([...said, ...[...told].filter(isOfUse)]), []);
    entry.askedFlags = flags;
  }

  const flagsOf = (entry: FlagEntry, all = linkedFlags(facts.catalogue())) =>
    entry.user === undefined ? all : all.filter(audiences.isOfPersons);

  /** Keeps known values. Unknown ones get the reason and are not cached, so the next check asks again. */
  function overBudget(entry: FlagEntry, tenant: TenantFacts, flags: readonly string[], said: FlagReadings, open: string[]): void {
    const known = open.filter((flag) => (entry.state.readings.get(flag)?.state ?? "unknown") !== "unknown");
    const refused = open
      .filter((flag) => !known.includes(flag))
      .map((flag): [string, FlagReading] => [flag, { state: "unknown", userLimit: true }]);
    take(entry, tenant, flags, new Map([...said, ...refused]), known);
    if (refused.length > 0) forgetUser(tenant.key, entry.user as string);
  }

  function take(entry: FlagEntry, tenant: TenantFacts, flags: readonly string[], said: FlagReadings, open: string[]): void {
    const { user, last: before } = entry;
    if (user === undefined) {
      entry.last = parts.last.note(tenant.key, entry.last, said, now());
      for (const [flag, reading] of said) {
        const was = before.get(flag);
        if (isKnownFlag(reading) && (was?.state !== reading.state || was.variant !== reading.variant))
          parts.onFlagResult(tenant.key, flag, reading);
      }
    }
    const readings = flagReadingsOf(flags, said, entry.last, audiences, user !== undefined);
    // Flags that PostHog has yet to answer keep their value.
    for (const flag of open) {
      const known = entry.state.readings.get(flag);
      const hasMore = known?.state === "unknown" && !known.last && readings.get(flag)?.last;
      if (known && !hasMore) readings.set(flag, known);
    }
    put(entry, readings);
    if (user === undefined) note(entry, tenant);
  }

  function note(entry: FlagEntry, tenant: TenantFacts): void {
    const { state, noted } = entry;
    if (entry.notedState !== state && parts.past.note(tenant.key, noted, state.readings, now())) entry.notedState = state;
  }

  /** Keeps the previous object if nothing changed, so that cached answers stay valid. */
  function put(entry: FlagEntry, readings: Map<string, FlagReading>): void {
    if (!sameReadings(entry.state.readings, readings)) entry.state = { readings };
  }

  /** True if the entry was made from other facts, definitions or another catalogue than the current ones. */
  const isBehind = (entry: FlagEntry, tenant: TenantFacts) =>
    entry.epoch !== epoch() || entry.catalogue !== facts.catalogue() || tenant.revision !== entry.revision;

  const isOld = (entry: FlagEntry, tenant: TenantFacts) => isBehind(entry, tenant) || elapsed() - entry.checkedAt >= settings.flagsTtl;

  function reasonOf(entry: FlagEntry, tenant: TenantFacts): Reason {
    if (entry.checkedAt === Number.NEGATIVE_INFINITY) return "awaited";
    return tenant.revision === entry.revision ? "aged" : "changed";
  }

  function startRefresh(entry: FlagEntry, tenant: TenantFacts, asker: Asker, isAwaited = false): Promise<void> {
    if (entry.refreshing) return entry.refreshing;
    let onLocal = () => {};
    const here = new Promise<void>((resolve) => {
      onLocal = resolve;
    });
    if (isBehind(entry, tenant) && client.isLocalEvaluationReady()) {
      entry.catchingUp = here.then(() => {
        entry.catchingUp = undefined;
      });
    }
    const reason = isAwaited ? "awaited" : reasonOf(entry, tenant);
    const start = () => refresh(entry, tenant, reason, asker, onLocal);
    const isWaitedFor = reason === "awaited" || entry.catchingUp !== undefined;
    entry.refreshing = (isWaitedFor ? start() : turn(entry.user === undefined ? "tenants" : "users").then(start))
      .catch((err) => log.warn({ err }, "flags were not evaluated"))
      .finally(() => {
        entry.checkedAt = elapsed();
        entry.refreshing = undefined;
        onLocal();
      });
    return entry.refreshing;
  }

  return { start: startRefresh, isBehind, isOld, flagsOf, put, note };
}
