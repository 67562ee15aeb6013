import { createHash } from "node:crypto";
import type { Logger } from "pino";
import type { FlagDefinitionCacheData, FlagDefinitionCacheProvider } from "posthog-node";
import type { Instant, Json } from "~/core/model";
import { dependenciesOf, type FlagFilters, type FlagTarget, flagTargetOf, payloadOf } from "~/core/posthog/flag-filters";
import { groupTypeIndex, localDefinitions } from "~/core/posthog/local-definitions";
import type { PosthogSettings } from "~/server/posthog/settings.server";
import type { TroubleLog } from "~/server/posthog/trouble-log.server";
import type { Database } from "~db/database";
import { giveUpLease, takeLease } from "~db/store/leases.server";
import { deleteSetting, readSetting, writeSetting } from "~db/store/settings.server";
import { readDefinitionsAnswer, type SentDefinitions } from "./definitions-answer.server";
import { createFlagHealth, type FlagTrouble } from "./flag-health";

/** `data`: as PostHog sent it. `id` is another one for other definitions; those that were kept before it was written have none. */
type Kept = { at: Instant; id?: string; data: FlagDefinitionCacheData };

type Parts = { db: Database; settings: PosthogSettings; holder: string; now: () => Instant; log: Logger; trouble: TroubleLog };

/**
 * Caches flag definitions in the database: one of several processes fetches (each fetch is billed as ten flag
 * requests), and a restart during a PostHog outage still has them.
 */
export function createFlagDefinitions({ db, settings, holder, now, log, trouble }: Parts) {
  const project = createHash("sha256").update(settings.projectKey).digest("hex").slice(0, 16);
  const name = `${settings.definitionsPrefix}:flag_definitions:${project}`;
  const troubleName = `${name}:trouble`;
  const confirmedName = `${name}:confirmed`;
  const contact = createFlagHealth(now);
  let latest: Kept | undefined;
  /** The last answer of PostHog's, until the SDK hands it back as its own. */
  let received: SentDefinitions | undefined;
  /** True once this process had definitions that were no older than `definitionsTtl`. */
  let wereCurrent = false;
  let hasLooked = false;
  let isFromKept = false;

  const filtersOf = (flag: string) => latest?.data.flags.find(({ key }) => key === flag)?.filters as FlagFilters | undefined;

  function audience(flag: string, above: string[] = []): FlagTarget | undefined {
    const filters = filtersOf(flag);
    if (!filters || !latest || above.includes(flag)) return undefined;
    const dependencies = dependenciesOf(filters).map((key) => audience(key, [...above, flag]));
    return flagTargetOf(filters, groupTypeIndex(latest.data, settings.groupType), dependencies);
  }

  /** Definitions from the database. Those older than `definitionsTtl` are read too, and count as expired in a process without newer ones. */
  async function readKept(): Promise<Kept | undefined> {
    const kept = (await readSetting(db.read, db.tables, name)) as unknown as Kept | null;
    if (kept === null) return undefined;
    const confirmedAt = ((await readSetting(db.read, db.tables, confirmedName)) as Instant | null) ?? 0;
    const at = Math.max(kept.at, confirmedAt);
    wereCurrent ||= settings.definitionsTtl === 0 || now() - at <= settings.definitionsTtl;
    return { ...kept, at };
  }

  /** PostHog says that nothing changed, so what is kept is as good as new. */
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
      return takeLease(db, name, holder, now(), Math.max(settings.definitionsLockTtl, settings.pollInterval));
    },
    async onFlagDefinitionsReceived(given) {
      // The SDK hands back what it was given, which is made for local evaluation.
      const data = { ...given, ...(received && { flags: received.flags, cohorts: received.cohorts ?? {} }) } as FlagDefinitionCacheData;
      const id = createHash("sha256").update(JSON.stringify(data)).digest("hex");
      const kept: Kept = { at: now(), id, data };
      latest = kept;
      wereCurrent = true;
      await db.transaction([], (tx) => writeSetting(tx, db.tables, name, kept as unknown as Json));
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
    /** True if this process started with cached definitions and has not yet fetched current ones. */
    isFromKept: () => isFromKept,
    /** When PostHog last gave or confirmed definitions that are too old to count as what it says now; null: they are not. */
    expiredSince: (): Instant | null => (latest && !wereCurrent ? latest.at : null),
    /** Undefined if the flag is in no definitions. */
    audience: (flag: string) => audience(flag),
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
