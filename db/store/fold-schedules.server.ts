import { type Catalogue, compileCatalogue } from "~/core/catalogue/catalogue";
import type { CatalogueChange } from "~/core/catalogue/catalogue-changes";
import type { Actor, CatalogueFacts, Instant, TenantFacts } from "~/core/model";
import { type Folded, foldedChanges } from "~/core/schedules/schedule-changes";
import type { Queries } from "../database";
import type { Schema } from "../schema";
import { inBatches } from "./changes.server";
import { tenantsDueForPlans } from "./scheduled-changes.server";
import { readTenantsByKey } from "./tenant-documents.server";
import { type TenantWrite, writeTenantChanges } from "./tenant-writes.server";

/**
 * Writes the scheduled changes that are due into the rows of these tenants, in the name of who scheduled them. Call it with
 * their locks, before another change of them. Returns the new facts by key, of tenants that had any.
 */
export async function foldDue(
  tx: Queries,
  t: Schema,
  tenants: readonly TenantFacts[],
  catalogue: Catalogue,
  at: Instant,
): Promise<Map<string, TenantFacts>> {
  const folded = new Map<string, TenantFacts>();
  const waiting = tenants
    .map((facts) => ({ facts, changes: foldedChanges(facts, catalogue, at) }))
    .filter(({ changes }) => changes.length > 0);
  // A tenant is written once per round, because each change begins where the one before it ended.
  for (let round = 0; ; round += 1) {
    const writes = waiting.flatMap(({ facts, changes }) => {
      const one = changes[round];
      return one ? [{ one, before: folded.get(facts.key) ?? facts }] : [];
    });
    if (writes.length === 0) return folded;
    for (const { actor, group } of byActor(writes)) {
      for (const facts of await writeTenantChanges(tx, t, group, actor)) folded.set(facts.key, facts);
    }
  }
}

function byActor(writes: readonly { one: Folded; before: TenantFacts }[]) {
  const groups = new Map<string, { actor: Actor; group: TenantWrite[] }>();
  for (const { one, before } of writes) {
    const name = JSON.stringify(one.entry.by);
    const known = groups.get(name) ?? { actor: one.entry.by as Actor, group: [] as TenantWrite[] };
    known.group.push({ before, change: one.change });
    groups.set(name, known);
  }
  return groups.values();
}

/**
 * Before a plan is archived, restored or deleted, or the day of it is changed: writes what is due and gives that plan, so
 * that it counts with the catalogue as it was at its time. Call it with the catalogue's lock.
 */
export async function foldForCatalogue(tx: Queries, t: Schema, before: CatalogueFacts, change: CatalogueChange): Promise<TenantFacts[]> {
  const was = new Map(before.plans.map(({ key, archivedAt }) => [key, archivedAt]));
  const moved = change.plans.filter(({ key, archivedAt }) => was.has(key) && was.get(key) !== archivedAt).map(({ key }) => key);
  const created = change.plans.filter(({ key }) => !was.has(key)).map(({ key }) => key);
  const plans = [...moved, ...created, ...change.removedPlans];
  if (plans.length === 0) return [];
  const due = await tenantsDueForPlans(tx, t, plans, change.at);
  if (due.length === 0) return [];
  const catalogue = compileCatalogue(before);
  const folded: TenantFacts[] = [];
  // There are many only if the sweep was stopped at their time.
  await inBatches(due, async (batch) => {
    const tenants = [...(await readTenantsByKey(tx, t, batch)).values()].flatMap((facts) => facts ?? []);
    folded.push(...(await foldDue(tx, t, tenants, catalogue, change.at)).values());
  });
  return folded;
}
