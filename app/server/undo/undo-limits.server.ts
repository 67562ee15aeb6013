import { sizeProblem } from "~/core/catalogue/catalogue-bounds";
import { applyCatalogueChange, type CatalogueChange } from "~/core/catalogue/catalogue-changes";
import type { CatalogueFacts, Instant } from "~/core/model";
import { type Refusal, refuse } from "~/core/outcome";
import { type CatalogueUse, createdByEntries, type PastEntry } from "~/core/undo/undo-change-set";
import { planHolders } from "~/server/catalogue/catalogue-pages.server";
import { endedBy } from "~/server/changes/catalogue-change.server";
import { findInvalidatedGrants } from "~/server/changes/invalidated-grants.server";
import type { Services } from "~/server/services.server";
import type { Queries } from "~db/database";
import { grantsInForce } from "~db/store/change-sets.server";
import type { TenantWrite } from "~db/store/tenant-writes.server";

/** Of a feature; the undo of its creation is refused for more. */
const maxGrantsRead = 1_000;

type Parts = Pick<Services, "db" | "now">;

/** Use of what the entries created, now. */
export async function readUse(q: Queries, { db, now }: Parts, entries: readonly PastEntry[]): Promise<CatalogueUse> {
  const created = createdByEntries(entries);
  const tenants = new Map<string, number>();
  for (const plan of created.plans) {
    const { having, scheduled } = await planHolders({ db }, q, plan);
    tenants.set(plan, having + scheduled);
  }
  const grants = new Map<string, string[]>();
  for (const feature of created.features) grants.set(feature, await grantsInForce(q, db.tables, feature, now(), maxGrantsRead));
  return { tenants, grants };
}

/** The catalogue would be too large, or grants would no longer fit it. */
export async function whyBlocked(
  q: Queries,
  { db }: Pick<Parts, "db">,
  before: CatalogueFacts,
  { change, writes, at }: { change: CatalogueChange | null | undefined; writes: TenantWrite[]; at: Instant },
): Promise<Refusal | null> {
  if (!change) return null;
  const unfit = await findInvalidatedGrants(q, db.tables, before, change, at, endedBy(writes));
  if (unfit) return refuse("undo_refused", `${unfit.message.charAt(0).toUpperCase()}${unfit.message.slice(1)}.`);
  const tooLarge = sizeProblem(before, applyCatalogueChange(before, change, before.revision));
  return tooLarge && refuse("undo_refused", tooLarge.message);
}
