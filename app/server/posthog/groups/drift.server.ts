import type { Logger } from "pino";
import { type Catalogue, compileCatalogue } from "~/core/catalogue/catalogue";
import { type Actor, type Instant, type Json, tenantKeyPattern } from "~/core/model";
import { type GroupDrift, type GroupProperties, groupDrift, groupProperties } from "~/core/posthog/group-properties";
import { PosthogUnavailable } from "~/server/posthog/rest.server";
import type { PosthogSettings } from "~/server/posthog/settings.server";
import type { Database, Queries } from "~db/database";
import type { Schema } from "~db/schema";
import { writeAudit } from "~db/store/audit.server";
import { readCatalogueFacts } from "~db/store/facts.server";
import { addHeldProperties, type ForSync, nextForSync, readForSync, waitingAmong } from "~db/store/group-syncs.server";
import { giveUpLease, readLease, takeLease } from "~db/store/leases.server";
import { readSetting, writeSetting } from "~db/store/settings.server";
import { theirGroups, whyNoGroups } from "./group-list.server";
import { readMetadataChoice } from "./synced-metadata.server";

const setting = "posthog_drift";
const leaseName = "posthog drift check";
/** Longer than one page with its retries, in ms. */
const leaseTtl = 300_000;
/** Upper bounds on groups read per comparison and on differences kept for display. */
const maxGroups = 20_000;
const maxShown = 100;
const pageSize = 100;

/** `missing`: PostHog has no such group. `unknown`: we have no such tenant. */
export type DriftRow = { key: string } & ({ kind: "missing" | "unknown" } | ({ kind: "different" } & GroupDrift));
export type DriftResult = {
  by: string;
  startedAt: Instant;
  /** Null while it runs. */
  finishedAt: Instant | null;
  /** Groups read from PostHog. `isCut` is true if it has more. */
  read: number;
  isCut: boolean;
  same: number;
  /** Tenants skipped because their changes are queued. */
  waiting: number;
  missing: number;
  unknown: number;
  different: number;
  rows: DriftRow[];
  error: string | null;
};

export async function readDrift(q: Queries, t: Schema): Promise<DriftResult | null> {
  return (await readSetting(q, t, setting)) as DriftResult | null;
}

type Parts = { db: Database; settings: PosthogSettings; holder: string; now: () => Instant; log: Logger };

/** Compares PostHog's groups with the expected properties, in the background. The result is stored in the database. */
export function createDriftCheck({ db, settings, holder, now, log }: Parts) {
  const { readAside: read, tables: t } = db;
  const stopping = new AbortController();
  let running: Promise<void> | undefined;

  const save = (result: DriftResult) => db.transaction([], (tx) => writeSetting(tx, t, setting, result as unknown as Json));

  function note(result: DriftResult, row: DriftRow): void {
    result[row.kind] += 1;
    if (result.rows.length < maxShown) result.rows.push(row);
  }

  async function check(result: DriftResult): Promise<void> {
    const catalogue = compileCatalogue(await readCatalogueFacts(read, t));
    const metadata = await readMetadataChoice(read, t);
    const expected = ({ facts, sent }: ForSync, c: Catalogue): GroupProperties => ({
      ...Object.fromEntries(Object.keys(sent ?? {}).map((name) => [name, null])),
      ...groupProperties(facts, c, now(), metadata),
    });
    const seen = new Set<string>();
    for await (const groups of theirGroups({ settings, stop: stopping.signal })) {
      const keys = groups.map((g) => g.key).filter((key) => tenantKeyPattern.test(key));
      const ours = new Map((await readForSync(read, t, keys)).map((row) => [row.facts.key, row]));
      const waiting = await waitingAmong(read, t, keys);
      for (const { key, properties } of groups) {
        seen.add(key);
        const row = ours.get(key);
        const drift = row && groupDrift(expected(row, catalogue), properties);
        if (!row) note(result, { key, kind: "unknown" });
        else if (waiting.has(key)) result.waiting += 1;
        else if (drift) {
          note(result, { key, kind: "different", ...drift });
          await keepSeen(row, drift);
        } else result.same += 1;
      }
      result.read += groups.length;
      if (result.read >= maxGroups) {
        result.isCut = true;
        return;
      }
      if (!(await takeLease(db, leaseName, holder, now(), leaseTtl))) throw new Error("another process took over the check");
      await save(result);
    }
    await findMissing(result, seen);
  }

  /** Records the properties that PostHog has and the tenant lacks, so that a resync can empty them. */
  async function keepSeen({ facts, sent }: ForSync, { ours }: GroupDrift): Promise<void> {
    const held = Object.keys(ours).filter((name) => ours[name] === "" && !Object.hasOwn(sent ?? {}, name));
    if (held.length > 0) await db.transaction([], (tx) => addHeldProperties(tx, t, facts.key, held));
  }

  async function findMissing(result: DriftResult, seen: ReadonlySet<string>): Promise<void> {
    for (let after = ""; ; ) {
      const page = await nextForSync(read, t, after, pageSize);
      const last = page.at(-1);
      if (!last || stopping.signal.aborted) return;
      const absent = page.map((row) => row.facts.key).filter((key) => !seen.has(key));
      const waiting = await waitingAmong(read, t, absent);
      for (const key of absent) {
        if (waiting.has(key)) result.waiting += 1;
        else note(result, { key, kind: "missing" });
      }
      after = last.facts.key;
      await new Promise(setImmediate);
    }
  }

  async function run(result: DriftResult): Promise<void> {
    try {
      await check(result);
    } catch (error) {
      if (stopping.signal.aborted) return;
      if (!(error instanceof PosthogUnavailable)) log.error({ err: error }, "the comparison with PostHog failed");
      result.error = error instanceof PosthogUnavailable ? error.message : "Something went wrong; the log has the reason.";
    }
    if (stopping.signal.aborted) return;
    await save({ ...result, finishedAt: now() });
    await giveUpLease(db, leaseName, holder);
  }

  return {
    /** Returns false if a comparison is already running. `transaction` checks the caller's rights. */
    async start({ transaction }: Pick<Database, "transaction">, actor: Actor): Promise<boolean> {
      if (running || !(await takeLease(db, leaseName, holder, now(), leaseTtl))) return false;
      const counts = { read: 0, isCut: false, same: 0, waiting: 0, missing: 0, unknown: 0, different: 0 };
      const at = now();
      const result: DriftResult = { by: actor.name, startedAt: at, finishedAt: null, ...counts, rows: [], error: null };
      try {
        await transaction([], async (tx) => {
          await writeSetting(tx, t, setting, result as unknown as Json);
          const about = { subjectKind: "settings", subject: "posthog" } as const;
          await writeAudit(tx, t, { at, actor, action: "posthog.drift_compared", ...about });
        });
      } catch (error) {
        await giveUpLease(db, leaseName, holder).catch((err) => log.debug({ err }, "lease not given up"));
        throw error;
      }
      running = run(result)
        .catch((err) => log.warn({ err }, "the result of a comparison with PostHog was not kept"))
        .finally(() => {
          running = undefined;
        });
      return true;
    },
    /** True if a process holds the lease. The lease of a process that died expires. */
    isRunning: async () => (await readLease(read, t, leaseName, now())) !== null,
    async stop(): Promise<void> {
      stopping.abort();
      if (!running) return;
      await running;
      await giveUpLease(db, leaseName, holder).catch((err) => log.debug({ err }, "lease not given up"));
    },
  };
}

export type DriftCheck = ReturnType<typeof createDriftCheck>;

/** The last result for the page, or the reason there can be none. */
export async function driftStatus(posthog: { settings: PosthogSettings; drift: DriftCheck }, { read, tables }: Database) {
  const whyNot = whyNoGroups(posthog.settings);
  const result = await readDrift(read, tables);
  return { whyNot, result, isRunning: result?.finishedAt === null && (await posthog.drift.isRunning()) };
}
