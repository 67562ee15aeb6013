import type { Logger } from "pino";
import type { FlagDefinitionCacheData, FlagDefinitionCacheProvider } from "posthog-node";
import type { Instant, Json } from "~/core/model";
import { dependenciesOf, type FlagFilters, type FlagTarget, flagTargetOf, payloadOf } from "~/core/posthog/flag-filters";
import { groupTypeIndex, localDefinitions } from "~/core/posthog/local-definitions";
import type { PosthogSettings } from "~/server/posthog/settings.server";
import type { TroubleLog } from "~/server/posthog/trouble-log.server";
import { sha256 } from "~/server/random.server";
import type { Database } from "~db/database";
import { giveUpLease, takeLease } from "~db/store/leases.server";
import { deleteSetting, readSetting, writeSetting } from "~db/store/settings.server";
import { readDefinitionsAnswer, type SentDefinitions } from "./definitions-answer.server";
import { createFlagHealth, type FlagTrouble } from "./flag-health";

/** `data`: as PostHog sent it. `id` changes with the definitions; absent in definitions stored by earlier versions. */
type Kept = { at: Instant; id?: string; data: FlagDefinitionCacheData };

type Parts = {
  db: Database;
  settings: PosthogSettings;
  holder: string;
  now: () => Instant;
  log: Logger;
  trouble: TroubleLog;
  /** False for a process that only reads what others stored. */
  mayFetch?: boolean;
};

/**
 * Caches flag definitions in the database: one of several processes fetches (each fetch is billed as ten flag
 * requests), and a restart during a PostHog outage still has them.
 */
export function createFlagDefinitions({ db, settings, holder, now, log, trouble, mayFetch = true }: Parts) {
  const project = sha256(settings.projectKey).slice(0, 16);
  const name = `${settings.definitionsPrefix}:flag_definitions:${project}`;
  const troubleName = `${name}:trouble`;
  const confirmedName = `${name}:confirmed`;
  const contact = createFlagHealth(now);
  let latest: Kept | undefined;
  /** PostHog's last response, until the SDK passes it to the cache. */
  let received: SentDefinitions | undefined;
  /** True once this process had definitions that were no older than `definitionsTtl`. */
  let wereCurrent = false;
  let hasLooked = false;
  let isFromKept = false;
  const onStored: (() => void)[] = [];

  /** Checks ask for targets, so each is determined once for the definitions. */
  let targets = { data: undefined as FlagDefinitionCacheData | undefined, of: new Map<string, FlagTarget | undefined>() };

  const filtersOf = (flag: string) => latest?.data.flags.find(({ key }) => key === flag)?.filters as FlagFilters | undefined;

  function audience(flag: string): FlagTarget | undefined {
    if (targets.data !== latest?.data) targets = { data: latest?.data, of: new Map() };
    if (!targets.of.has(flag)) targets.of.set(flag, targetOf(flag, []));
    return targets.of.get(flag);
  }

  function targetOf(flag: string, above: string[]): FlagTarget | undefined {
    const filters = filtersOf(flag);
    if (!filters || !latest || above.includes(flag)) return undefined;
    const dependencies = dependenciesOf(filters).map((key) => targetOf(key, [...above, flag]));
    return flagTargetOf(filters, groupTypeIndex(latest.data, settings.groupType), dependencies);
  }

  /**
   * Definitions from the database. Expired ones (`definitionsTtl`) are read too, and are used as last known values
   * unless this process had current ones.
   */
  async function readKept(): Promise<Kept | undefined> {
    const kept = (await readSetting(db.read, db.tables, name)) as unknown as Kept | null;
    if (kept === null) return undefined;
    const confirmedAt = ((await readSetting(db.read, db.tables, confirmedName)) as Instant | null) ?? 0;
    const at = Math.max(kept.at, confirmedAt);
    wereCurrent ||= settings.definitionsTtl === 0 || now() - at <= settings.definitionsTtl;
    return { ...kept, at };
  }

  /** PostHog confirmed the definitions (304), so the stored ones are current. */
  async function confirm(): Promise<void> {
    if (!latest) return;
    latest = { ...latest, at: now() };
    wereCurrent = true;
    await db
      .transaction([], (tx) => writeSetting(tx, db.tables, confirmedName, now()))
      .catch((err) => log.debug({ err }, "that definitions are unchanged was not written"));
  }

  async function readTrouble(): Promise<void> {
    contact.put((await readSetting(db.read, db.tables, troubleName)) as FlagTrouble | null);
    hasLooked = true;
  }

  /** One process fetches; every process must know the result. */
  async function note(why: string | null): Promise<void> {
    const before = contact.trouble();
    if (why === null) {
      contact.heard();
      trouble.isOver("definitions", "PostHog gives flag definitions again");
    } else {
      contact.missed(why);
      trouble.lasts("definitions", { why }, "PostHog gives no flag definitions; going on with those it gave last");
    }
    const after = contact.trouble();
    if (before?.why === after?.why) return;
    const write = db.transaction([], (tx) =>
      after ? writeSetting(tx, db.tables, troubleName, after) : deleteSetting(tx, db.tables, troubleName),
    );
    await write.catch((err) => log.debug({ err }, "how PostHog's definitions fare was not written"));
  }

  const provider: FlagDefinitionCacheProvider<FlagDefinitionCacheData> = {
    async getFlagDefinitions() {
      await readTrouble();
      latest = await readKept();
      // Another process fetches, and records its failures.
      if (latest && contact.trouble() === null) contact.heard();
      return latest && localDefinitions(latest.data, settings.groupType);
    },
    /**
     * The lease lasts one poll: its holder fetches, the others read what it stored. At startup every process reads
     * first, because a fetch may not return at all.
     */
    async shouldFetchFlagDefinitions() {
      if (!hasLooked) {
        await readTrouble();
        isFromKept = (await readKept()) !== undefined;
        if (isFromKept) return false;
      }
      if (!mayFetch) return false;
      return takeLease(db, name, holder, now(), Math.max(settings.definitionsLockTtl, settings.pollInterval));
    },
    async onFlagDefinitionsReceived(given) {
      // The SDK returns what it was given, which was rewritten for local evaluation.
      const data = { ...given, ...(received && { flags: received.flags, cohorts: received.cohorts ?? {} }) } as FlagDefinitionCacheData;
      const id = sha256(JSON.stringify(data));
      const kept: Kept = { at: now(), id, data };
      latest = kept;
      wereCurrent = true;
      await db.transaction([], (tx) => writeSetting(tx, db.tables, name, kept as unknown as Json));
      for (const listener of onStored) listener();
    },
    shutdown: () => giveUpLease(db, name, holder).catch((err) => log.debug({ err }, "lease not given up")),
  };

  /** Intercepts the SDK's request for definitions. */
  async function fetchThrough(ask: () => Promise<Response>): Promise<Response> {
    const answer = await readDefinitionsAnswer(ask);
    await note(answer.why);
    if (answer.response === null) throw answer.error;
    const { response, definitions } = answer;
    if (response.status === 304) await confirm();
    if (definitions === null) return response;
    received = definitions;
    const { status, headers } = response;
    return new Response(JSON.stringify(localDefinitions(definitions, settings.groupType)), { status, headers });
  }

  return {
    provider,
    fetchThrough,
    /** Calls back when this process has stored new definitions. */
    onStored: (listener: () => void) => void onStored.push(listener),
    /** True if this process started with cached definitions and has not yet fetched current ones. */
    isFromKept: () => isFromKept,
    /**
     * When PostHog last sent or confirmed the definitions, if they have expired and are only used as last known values;
     * else null.
     */
    expiredSince: (): Instant | null => (latest && !wereCurrent ? latest.at : null),
    /** Undefined if the flag is in no definitions. */
    audience,
    /** Undefined without definitions; null if they do not contain the flag. */
    find: (flag: string) => (latest ? (latest.data.flags.find(({ key }) => key === flag) ?? null) : undefined),
    payload: (flag: string, variant?: string) => {
      const filters = filtersOf(flag);
      return filters && payloadOf(filters, variant);
    },
    /** Id of the definitions this process evaluates, or undefined if they have none. */
    id: () => latest?.id,
    /** Null if this process, or the one that fetches, has current definitions. */
    trouble: () => contact.trouble(),
    heardAt: () => contact.heardAt(),
  };
}

export type FlagDefinitions = ReturnType<typeof createFlagDefinitions>;
