import type { CatalogueDifference } from "~/core/impact/catalogue-difference";
import type { Instant } from "~/core/model";
import type { Services } from "~/server/services.server";
import { type AffectedTenant, countTenantsOf, readForImpact, tenantKeysOf } from "~db/store/affected-tenants.server";
import type { Pace } from "./pace.server";

/** Tenants read at a time. */
const batchSize = 100;

type Walk = { now: Instant; maxTenants: number; hasFlags: boolean; pace: Pace };

/**
 * Yields, in batches and each once, the tenants with a grant of a changed feature, an add-on that gives one, or a value
 * of a linked flag, except those in `seen`. The consumer answers each batch with whether to continue. Returns an upper
 * bound of the tenants not yielded.
 */
export async function* affectedTenants(
  { db }: Pick<Services, "db">,
  difference: CatalogueDifference,
  seen: Set<string>,
  { now, maxTenants, hasFlags, pace }: Walk,
): AsyncGenerator<AffectedTenant[], number, boolean | undefined> {
  const { features, addOns } = difference;
  const flags = hasFlags ? difference.flags : [];
  const sources: ({ feature: string } | { addOn: string } | { flag: string })[] = [
    ...addOns.map((addOn) => ({ addOn })),
    ...[...features].map((feature) => ({ feature })),
    ...flags.map((flag) => ({ flag })),
  ];
  const before = seen.size;
  let isWithinBound = true;
  let skipped = 0;
  for (const source of sources) {
    let after = "";
    let isThrough = false;
    while (isWithinBound && !isThrough) {
      await pace();
      const keys = await tenantKeysOf(db.readAside, db.tables, source, after, batchSize, now);
      const fresh = keys.filter((key) => !seen.has(key));
      for (const key of fresh) seen.add(key);
      after = keys.at(-1) ?? after;
      isThrough = keys.length < batchSize;
      if (fresh.length === 0) continue;
      const wanted = yield await readForImpact(db.readAside, db.tables, fresh, { features, flags });
      isWithinBound = wanted === true && seen.size - before < maxTenants;
    }
    if (isThrough) continue;
    await pace();
    skipped += await countTenantsOf(db.readAside, db.tables, source, after);
  }
  return skipped;
}
