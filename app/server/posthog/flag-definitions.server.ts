import { createHash } from "node:crypto";
import type { Logger } from "pino";
import type { FlagDefinitionCacheData, FlagDefinitionCacheProvider } from "posthog-node";
import type { Instant, Json } from "~/core/model";
import type { Database } from "~db/database";
import { giveUpLease, takeLease } from "~db/store/leases.server";
import { readSetting, writeSetting } from "~db/store/settings.server";
import type { PosthogSettings } from "./settings.server";

type Kept = { at: Instant; data: FlagDefinitionCacheData };

/**
 * Flag definitions in our own database: of many processes one fetches (each fetch is billed as ten flag requests), and a
 * restart while PostHog is away still has them.
 */
export function createFlagDefinitions(db: Database, settings: PosthogSettings, holder: string, now: () => Instant, log: Logger) {
  const project = createHash("sha256").update(settings.projectKey).digest("hex").slice(0, 16);
  const name = `${settings.definitionsPrefix}:flag_definitions:${project}`;
  let latest: FlagDefinitionCacheData | undefined;

  const provider: FlagDefinitionCacheProvider<FlagDefinitionCacheData> = {
    async getFlagDefinitions() {
      const kept = (await readSetting(db.read, db.tables, name)) as unknown as Kept | null;
      if (!kept) return undefined;
      if (settings.definitionsTtl > 0 && now() - kept.at > settings.definitionsTtl) return undefined;
      latest = kept.data;
      return kept.data;
    },
    // The lease lasts one poll: whoever has it fetches, everybody else reads what that one kept.
    shouldFetchFlagDefinitions: () => takeLease(db, name, holder, now(), Math.max(settings.definitionsLockTtl, settings.pollInterval)),
    async onFlagDefinitionsReceived(data) {
      latest = data;
      const kept: Kept = { at: now(), data };
      await db.transaction([], (tx) => writeSetting(tx, db.tables, name, kept as unknown as Json));
    },
    shutdown: () => giveUpLease(db, name, holder).catch((err) => log.debug({ err }, "lease not given up")),
  };

  return { provider, needsUser: (flag: string) => needsUser(latest, flag) };
}

type Condition = { aggregation_group_type_index?: number | null };
type Filters = { aggregation_group_type_index?: number | null; groups?: Condition[] };

/** Whether every condition is about persons, so that a tenant alone cannot be answered for. Unknown flags: no. */
function needsUser(data: FlagDefinitionCacheData | undefined, key: string): boolean {
  const flag = data?.flags.find((f) => f.key === key);
  if (!flag) return false;
  const filters = flag.filters as Filters | undefined;
  // A condition without the field inherits the flag's; null means persons.
  const levels = (filters?.groups ?? []).map((c) =>
    c.aggregation_group_type_index === undefined ? filters?.aggregation_group_type_index : c.aggregation_group_type_index,
  );
  return levels.length > 0
    ? levels.every((level) => level === undefined || level === null)
    : (filters?.aggregation_group_type_index ?? null) === null;
}
