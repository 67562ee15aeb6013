import type { Catalogue } from "~/core/catalogue/catalogue";
import type { Instant, TenantFacts } from "~/core/model";
import { effective } from "~/core/schedules/effective";
import { noFill } from "~/core/usage/limit-fill";
import type { Database, Queries } from "~db/database";
import { putFullest, type Window } from "~db/store/check-figures.server";
import { readTenantsByKey } from "~db/store/tenant-documents.server";
import { putTrialEnds, readTrialEnds, storedTrialEnds, type TrialEnds } from "~db/store/tenant-stats.server";
import { type LevelRow, readLevels, writeLevels } from "~db/store/usage-levels.server";
import { type UsageLevel, usageLevelsOf } from "./usage-levels.server";

/** Tenants per transaction. */
const batchSize = 100;

type Parts = {
  now: () => Instant;
  /** Undefined if this process may no longer write. */
  step: (work: (tx: Queries) => Promise<true>) => Promise<true | undefined>;
  windowAt: (now: Instant) => Window;
};

/** Computes how full the limits of tenants are and when their trials end, and writes what differs. */
export function createLevelWriter(db: Database, { now, step, windowAt }: Parts) {
  async function computeBatch(keys: string[], catalogue: Catalogue): Promise<boolean> {
    const at = now();
    const tenants = await readTenantsByKey(db.readAside, db.tables, keys);
    const levels = await usageLevelsOf({ db, catalogue, now: at }, keys);
    const before = await readLevels(db.readAside, db.tables, keys);
    const after = [...levels.values()].flat().map(rowOf);
    const known = new Map(before.map((row) => [idOf(row), row]));
    const put = after.filter((row) => !isSame(row, known.get(idOf(row))));
    const present = new Set(after.map(idOf));
    const gone = before.filter((row) => !present.has(idOf(row)));
    const planAt = (tenant: TenantFacts | null | undefined) => (tenant ? (effective(tenant, catalogue, at).plan ?? "") : "");
    const plans = keys.map((tenant) => ({ tenant, plan: planAt(tenants.get(tenant)) }));
    const touched = new Set([...put, ...gone].map(({ tenant }) => tenant));
    const fullest = [...touched].map((tenant) => ({
      tenant,
      fullestLimit: Math.max(noFill, ...(levels.get(tenant) ?? []).map(({ fill }) => fill)),
    }));
    const stored = new Map((await storedTrialEnds(db.readAside, db.tables, keys)).map((one) => [one.tenant, one]));
    const listed = keys.filter((key) => tenants.get(key) || stored.has(key));
    const ends = (await readTrialEnds(db.readAside, db.tables, listed, at)).filter((one) => !isSameEnd(one, stored.get(one.tenant)));
    const done = await step(async (tx) => {
      await putTrialEnds(tx, db.tables, ends);
      await writeLevels(tx, db.tables, { put, gone, plans });
      await putFullest(tx, db.tables, fullest, windowAt(at), at);
      return true;
    });
    return done === true;
  }

  return {
    /** Returns false if this process may no longer write. */
    async compute(keys: string[], catalogue: Catalogue): Promise<boolean> {
      for (let at = 0; at < keys.length; at += batchSize) {
        if (!(await computeBatch(keys.slice(at, at + batchSize), catalogue))) return false;
        await new Promise(setImmediate);
      }
      return true;
    },
  };
}

const idOf = ({ tenant, feature }: LevelRow) => `${tenant}\n${feature}`;
const rowOf = ({ tenant, feature, fill, dueAt }: UsageLevel): LevelRow => ({
  ...{ tenant: tenant.key, feature: feature.key, plan: tenant.plan ?? "", fill, dueAt },
});
const isSameEnd = (a: TrialEnds, b: TrialEnds | undefined) => b !== undefined && a.nextTrialEnd === b.nextTrialEnd && a.dueAt === b.dueAt;
const isSame = (a: LevelRow, b: LevelRow | undefined) => b !== undefined && a.fill === b.fill && a.plan === b.plan && a.dueAt === b.dueAt;
