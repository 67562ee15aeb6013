import type { Logger } from "pino";
import type { Instant } from "~/core/model";
import type { Database } from "~db/database";
import type { CheckCounts } from "./check-counts.server";
import type { Env } from "./env.server";
import type { FactsCache } from "./facts-cache.server";

/** Built once for each process and passed on; nothing here is global. */
export type Services = {
  env: Env;
  log: Logger;
  db: Database;
  /** The only clock. Tests hand in their own. */
  now: () => Instant;
  newId: (prefix: string) => string;
  facts: FactsCache;
  counts: CheckCounts;
};
