import type { Logger } from "pino";
import type { Instant } from "~/core/model";
import { catalogueIn } from "~/server/changes/change.server";
import type { Services } from "~/server/services.server";
import { catalogueSharedLock, tenantLock } from "~db/database";
import { foldDue } from "~db/store/fold-schedules.server";
import { tenantsDue } from "~db/store/scheduled-changes.server";
import { readTenantsByKey } from "~db/store/tenant-documents.server";

/** In ms. Lists and filters are behind the answers by at most this and the time of one batch. */
const pollIntervalMs = 1_000;
/** Due changes that are looked up per transaction. All that are due of their tenants are written. */
const batchSize = 100;

/** `publishDue` publishes drafts of plans whose time has come, and returns how many. */
type Parts = Pick<Services, "db" | "facts"> & { now: () => Instant; wake: () => void; log: Logger; publishDue: () => Promise<number> };

/**
 * Publishes drafts that are due, and writes scheduled changes that are due into rows, for lists and filters, on which no answer depends. Several processes may
 * run it: the facts are read again under the tenants' locks, so each change is written once.
 */
export function createScheduleSweep({ db, facts, now, wake, log, publishDue }: Parts) {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<unknown> | undefined;
  let isStopping = false;

  async function foldBatch(keys: string[]): Promise<number> {
    const folded = await db.transaction([catalogueSharedLock, ...keys.map(tenantLock)], async (tx) => {
      const tenants = [...(await readTenantsByKey(tx, db.tables, keys)).values()].flatMap((tenant) => tenant ?? []);
      const catalogue = await catalogueIn({ db, facts }, tx);
      return [...(await foldDue(tx, db.tables, tenants, catalogue, now())).values()];
    });
    facts.replaceTenants(folded);
    return folded.length;
  }

  /** Returns how many tenants and drafts were changed. */
  async function sweep(): Promise<number> {
    // Changes of tenants do not wait for one that cannot be published.
    let changed = await publishDue().catch((err) => {
      log.warn({ err }, "drafts of plans were not published; trying again");
      return 0;
    });
    while (!isStopping) {
      const keys = await tenantsDue(db.readAside, db.tables, now(), batchSize);
      const folded = keys.length > 0 ? await foldBatch(keys) : 0;
      changed += folded;
      // Without progress another process was first, or the rows say something else than the facts.
      if (folded === 0) break;
      await new Promise(setImmediate);
    }
    if (changed > 0) wake();
    return changed;
  }

  async function run(): Promise<void> {
    await sweep().catch((err) => log.warn({ err }, "scheduled changes were not made; trying again"));
    if (!isStopping) schedule();
  }

  function schedule(): void {
    timer = setTimeout(() => {
      running = run();
    }, pollIntervalMs).unref();
  }

  return {
    sweep,
    start: schedule,
    async stop(): Promise<void> {
      isStopping = true;
      clearTimeout(timer);
      await running;
    },
  };
}
export type ScheduleSweep = ReturnType<typeof createScheduleSweep>;
