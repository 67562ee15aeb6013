import { compileCatalogue } from "~/core/catalogue/catalogue";
import { sizeProblem } from "~/core/catalogue/catalogue-bounds";
import type { CatalogueChange } from "~/core/catalogue/catalogue-changes";
import { applyCatalogueChange } from "~/core/catalogue/catalogue-changes";
import type { Actor, CatalogueFacts, Stamp, TenantFacts } from "~/core/model";
import { type Outcome, type Refusal, refuse } from "~/core/outcome";
import { whyPublicationWaits } from "~/server/approvals/publication-approval.server";
import type { Services } from "~/server/services.server";
import { catalogueLock, type Queries } from "~db/database";
import { deletePlanRows, writeCatalogueBeforeTenants, writeCatalogueChange } from "~db/store/catalogue-writes.server";
import { readCurrentTenants } from "~db/store/current-tenants.server";
import { readCatalogueFacts } from "~db/store/facts.server";
import { foldForCatalogue } from "~db/store/fold-schedules.server";
import { type TenantWrite, writeTenantChanges } from "~db/store/tenant-writes.server";
import { type ActorOfAct, type Changed, stampFor, withAct } from "./change.server";
import { findInvalidatedGrants, type InvalidatedGrants } from "./invalidated-grants.server";

export type CatalogueChanged = Changed<CatalogueFacts, CatalogueChange>;

/** What a change would do to the cached catalogue. Writes nothing. */
export const proposeCatalogue = (
  services: Services,
  actor: Actor,
  decide: (facts: CatalogueFacts, stamp: Stamp) => Outcome<CatalogueChange>,
): Outcome<CatalogueChange> => decide(services.facts.catalogueFacts(), stampFor(services, actor));

type CatalogueOptions = {
  /** Writes beside the change. */
  also?: (tx: Queries) => Promise<void>;
  /** Whether a second person makes the change, once it is decided. */
  isBySecondPerson?: () => boolean;
  /** Whether approvals bind it. If it is left out, they bind what a person or an API key does. */
  isBound?: boolean;
};

export type CatalogueParts = Pick<Services, "db" | "facts" | "now" | "newId" | "posthog" | "authority">;

/** The catalogue's equivalent. `tx` is for what a decision needs, such as tenants with a plan. */
export async function changeCatalogue(
  services: CatalogueParts,
  by: Actor,
  decideChange: (facts: CatalogueFacts, stamp: Stamp, tx: Queries) => Outcome<CatalogueChange> | Promise<Outcome<CatalogueChange>>,
  { also, isBySecondPerson, isBound = services.authority !== null }: CatalogueOptions = {},
): Promise<CatalogueChanged> {
  const { db, facts: cache } = services;
  const actor = withAct(services, by);
  let folded: TenantFacts[] = [];
  const result = await db.transaction([catalogueLock], async (tx): Promise<CatalogueChanged> => {
    const before = await readCatalogueFacts(tx, db.tables);
    const outcome = await decideChange(before, stampFor(services, actor), tx);
    if (!outcome.ok) return outcome;
    const { change } = outcome;
    if (!change) {
      await also?.(tx);
      return { ok: true, changed: false, facts: before, change };
    }
    const after = applyCatalogueChange(before, change, before.revision);
    const tooLarge = sizeProblem(before, after);
    if (tooLarge) return tooLarge;
    const waits = isBound && !isBySecondPerson?.() ? await whyPublicationWaits(tx, db.tables, before, after) : null;
    if (waits) return waits;
    const unfit = await findInvalidatedGrants(tx, db.tables, before, change, change.at);
    if (unfit) return refuseInvalidated(unfit);
    folded = await foldForCatalogue(tx, db.tables, before, change);
    const facts = await writeCatalogueChange(tx, db.tables, before, change, actor);
    await also?.(tx);
    return { ok: true, changed: true, facts, change };
  });
  if (result.ok && result.changed) {
    cache.putCatalogue(result.facts);
    cache.replaceTenants(folded);
    services.posthog?.wake();
  }
  return result;
}

/** Grants must fit their feature; a change that would break one is refused. */
function refuseInvalidated({ message }: InvalidatedGrants): Refusal {
  return refuse("value_invalid", `${message.charAt(0).toUpperCase()}${message.slice(1)}.`, "config");
}

/** Grants ended by these changes. */
export function endedBy(writes: TenantWrite[]): Set<string> {
  return new Set(writes.flatMap(({ change }) => change.grants.filter((g) => g.endedAt !== null).map((g) => g.id)));
}

export type Bundle = { catalogue: CatalogueChange | null; tenants: TenantWrite[] };

type DecideMany = (
  catalogue: CatalogueFacts,
  tenants: Map<string, TenantFacts | null>,
  stamp: Stamp,
  tx: Queries,
) => Outcome<Bundle> | Promise<Outcome<Bundle>>;

/**
 * Changes the catalogue and tenants together, all or nothing, as an import does. Each tenant occurs at most once. The
 * catalogue's lock excludes all other changes, because tenant changes share it.
 */
export async function changeMany(
  services: Services,
  by: Actor,
  tenantKeys: string[],
  decideChange: DecideMany,
): Promise<Changed<CatalogueFacts>> {
  const actor = withAct(services, by);
  const { result, onCommitted } = await services.db.transaction([catalogueLock], (tx) =>
    changeManyIn(services, tx, actor, tenantKeys, decideChange),
  );
  onCommitted();
  return result;
}

/** As `changeMany`, in a transaction that has the catalogue's lock. `onCommitted` is for after its commit. */
export async function changeManyIn(
  { db, facts: cache, now, newId, posthog }: Pick<Services, "db" | "facts" | "now" | "newId" | "posthog">,
  tx: Queries,
  actor: ActorOfAct,
  tenantKeys: string[],
  decideChange: DecideMany,
): Promise<{ result: Changed<CatalogueFacts>; onCommitted: () => void }> {
  const done = (result: Changed<CatalogueFacts>, onCommitted = () => {}) => ({ result, onCommitted });
  const before = await readCatalogueFacts(tx, db.tables);
  const stamp = stampFor({ now, newId }, actor);
  const current = await readCurrentTenants(tx, db.tables, tenantKeys, () => compileCatalogue(before), stamp.now);
  const outcome = await decideChange(before, current.facts, stamp, tx);
  if (!outcome.ok) return done(outcome);
  if (!outcome.change) return done({ ok: true, changed: false, facts: before, change: null });
  const { catalogue, tenants: writes } = outcome.change;
  const unfit = catalogue && (await findInvalidatedGrants(tx, db.tables, before, catalogue, catalogue.at, endedBy(writes)));
  if (unfit) return done(refuseInvalidated(unfit));
  // What is due by now counts with the catalogue as it was.
  const onTop = await current.foldBefore(writes);
  const others = catalogue ? await foldForCatalogue(tx, db.tables, before, catalogue) : [];
  const facts = catalogue ? await writeCatalogueBeforeTenants(tx, db.tables, before, catalogue, actor) : before;
  const written = [...others, ...(await writeTenantChanges(tx, db.tables, onTop, actor))];
  if (catalogue) await deletePlanRows(tx, db.tables, catalogue.removedPlans);
  if (catalogue === null && writes.length === 0) return done({ ok: true, changed: false, facts, change: outcome.change });
  return done({ ok: true, changed: true, facts, change: outcome.change }, () => {
    cache.putCatalogue(facts);
    cache.replaceTenants(written);
    posthog?.wake();
  });
}
