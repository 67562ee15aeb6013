import { createHash } from "node:crypto";
import type { Logger } from "pino";
import type { FlagDefinitionCacheData, FlagDefinitionCacheProvider } from "posthog-node";
import { type Audience, audienceOf, dependenciesOf, type FlagFilters, payloadOf, withoutPersons } from "~/core/flag-filters";
import type { Instant, Json } from "~/core/model";
import type { Database } from "~db/database";
import { giveUpLease, takeLease } from "~db/store/leases.server";
import { deleteSetting, readSetting, writeSetting } from "~db/store/settings.server";
import { createContact, type FlagTrouble, statusInWords } from "./flag-contact";
import type { PosthogSettings } from "./settings.server";
import type { TroubleLog } from "./trouble-log.server";

/** `id` is another one for other definitions; those that were kept before it was written have none. */
type Kept = { at: Instant; id?: string; data: FlagDefinitionCacheData };

type Parts = { db: Database; settings: PosthogSettings; holder: string; now: () => Instant; log: Logger; trouble: TroubleLog };

/**
 * Flag definitions in our own database: of many processes one fetches (each fetch is billed as ten flag requests), and a
 * restart while PostHog is away still has them.
 */
export function createFlagDefinitions({ db, settings, holder, now, log, trouble }: Parts) {
  const project = createHash("sha256").update(settings.projectKey).digest("hex").slice(0, 16);
  const name = `${settings.definitionsPrefix}:flag_definitions:${project}`;
  const troubleName = `${name}:trouble`;
  const contact = createContact(now);
  let latest: Kept | undefined;
  let hasLooked = false;
  let isFromKept = false;

  const filtersOf = (flag: string) => latest?.data.flags.find(({ key }) => key === flag)?.filters as FlagFilters | undefined;

  /** A flag that depends on one of persons is of persons too: what it says without one is a guess. */
  function audience(flag: string, above: string[] = []): Audience | undefined {
    const filters = filtersOf(flag);
    if (!filters || above.includes(flag)) return undefined;
    const { group_type_mapping, groupTypeMapping } = latest?.data ?? { groupTypeMapping: {} };
    const [own] = Object.entries(group_type_mapping ?? groupTypeMapping).find(([, type]) => type === settings.groupType) ?? [];
    const rests = dependenciesOf(filters).some((key) => ["persons", "mixed"].includes(audience(key, [...above, flag]) ?? ""));
    return rests ? "persons" : audienceOf(filters, own === undefined ? undefined : Number(own));
  }

  async function readKept(): Promise<Kept | undefined> {
    const kept = (await readSetting(db.read, db.tables, name)) as unknown as Kept | null;
    const isTooOld = kept !== null && settings.definitionsTtl > 0 && now() - kept.at > settings.definitionsTtl;
    return kept === null || isTooOld ? undefined : kept;
  }

  async function readTrouble(): Promise<void> {
    contact.put((await readSetting(db.read, db.tables, troubleName)) as FlagTrouble | null);
    hasLooked = true;
  }

  /** One process asks, and all have to know what came of it. */
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
      // Another process asks, and writes down when it gets no answer.
      if (latest && contact.trouble() === null) contact.heard();
      return latest?.data;
    },
    /**
     * The lease lasts one poll: whoever has it fetches, everybody else reads what that one kept. At first everybody reads: who
     * fetches has nothing until PostHog answers, which it may not do at all.
     */
    async shouldFetchFlagDefinitions() {
      if (!hasLooked) {
        await readTrouble();
        isFromKept = (await readKept()) !== undefined;
        if (isFromKept) return false;
      }
      return takeLease(db, name, holder, now(), Math.max(settings.definitionsLockTtl, settings.pollInterval));
    },
    async onFlagDefinitionsReceived(data) {
      const id = createHash("sha256").update(JSON.stringify(data)).digest("hex");
      const kept: Kept = { at: now(), id, data };
      latest = kept;
      await db.transaction([], (tx) => writeSetting(tx, db.tables, name, kept as unknown as Json));
    },
    shutdown: () => giveUpLease(db, name, holder).catch((err) => log.debug({ err }, "lease not given up")),
  };

  /** The SDK's question for definitions and what it is told. */
  async function fetchThrough(ask: () => Promise<Response>): Promise<Response> {
    const met = await meet(ask);
    await note(met.why);
    if (met.response === null) throw met.error;
    return keepDefinitions(met.response);
  }

  return {
    provider,
    fetchThrough,
    /** Whether this process began with what was kept, and has still to ask what counts now. */
    isFromKept: () => isFromKept,
    /** Undefined: it is in no definitions. */
    audience: (flag: string) => audience(flag),
    /** Undefined: there are none. Else its definition, or null. */
    find: (flag: string) => (latest ? (latest.data.flags.find(({ key }) => key === flag) ?? null) : undefined),
    payload: (flag: string, variant?: string) => {
      const filters = filtersOf(flag);
      return filters && payloadOf(filters, variant);
    },
    /** Which definitions this process evaluates; undefined: they have no name. */
    id: () => latest?.id,
    /** Null: PostHog, or the process that asks it, has what it should. */
    trouble: () => contact.trouble(),
    heardAt: () => contact.heardAt(),
  };
}

export type FlagDefinitions = ReturnType<typeof createFlagDefinitions>;

type Met = { why: string | null } & ({ response: Response } | { response: null; error: unknown });

/** Read whole: what breaks off half-way, or is no answer of PostHog's, the SDK takes for nothing new, without a word. */
async function meet(ask: () => Promise<Response>): Promise<Met> {
  try {
    const response = await ask();
    const { status, headers } = response;
    if (status === 304) return { why: null, response };
    if (status !== 200) return { why: statusInWords(status, "secret key"), response };
    const text = await response.text();
    const kept = text.includes('"flags"') ? ofTenants(text) : null;
    return {
      why: kept === null ? "Something that is not PostHog answered." : null,
      response: new Response(kept ?? text, { status, headers }),
    };
  } catch (error) {
    return { why: whyNoAnswer(error), response: null, error };
  }
}

/**
 * The SDK answers a flag of tenants and persons for whoever it is asked about, also where nobody was named: so it has only what is
 * said of tenants, and PostHog itself is asked about a person. Null: this is no JSON.
 */
function ofTenants(text: string): string | null {
  try {
    const data = JSON.parse(text) as { flags?: unknown };
    if (!Array.isArray(data.flags)) return text;
    const flags = (data.flags as { filters?: FlagFilters }[]).map((f) => (f?.filters ? { ...f, filters: withoutPersons(f.filters) } : f));
    return JSON.stringify({ ...data, flags });
  } catch {
    return null;
  }
}

function whyNoAnswer(error: unknown): string {
  const isTimeout = error instanceof Error && (error.name === "AbortError" || error.name === "TimeoutError");
  return isTimeout ? "PostHog gave no whole answer about flags in time." : "PostHog cannot be reached.";
}

/**
 * After 402 (quota used up) the SDK drops its definitions but keeps their tag, so that the 304 that follows leaves it
 * without any for ever. Told 429 instead it keeps what it has and asks less often.
 */
const keepDefinitions = (response: Response) =>
  response.status === 402 ? new Response(response.body, { status: 429, headers: response.headers }) : response;
