import { type Catalogue, compileCatalogue } from "~/core/catalogue/catalogue";
import { sizeProblem } from "~/core/catalogue/catalogue-bounds";
import type { CatalogueChange } from "~/core/catalogue/catalogue-changes";
import { applyCatalogueChange } from "~/core/catalogue/catalogue-changes";
import type { TenantChange } from "~/core/decision/changes";
import type { Actor, CatalogueFacts, Instant, Stamp, TenantFacts } from "~/core/model";
import { type Outcome, type Refusal, refuse } from "~/core/outcome";
import { catalogueLock, catalogueSharedLock, type Queries, type TransactionOptions, tenantLock } from "~db/database";
import { writeCatalogueChange } from "~db/store/catalogue-writes.server";
import { readCatalogueFacts, readCatalogueRevision } from "~db/store/facts.server";
import { tenantOfGrant } from "~db/store/grants.server";
import { readTenantsByKey } from "~db/store/tenant-documents.server";
import { type TenantWrite, writeTenantChanges } from "~db/store/tenant-writes.server";
import { refusedOf, rightLocks } from "./authority.server";
import { findInvalidatedGrants, type InvalidatedGrants } from "./invalidated-grants.server";
import type { Settled } from "./process/request-batcher.server";
import type { KeepAnswer, Services } from "./services.server";

/** `changed` is false, and `change` null, if everything already had these values. A refusal wrote nothing. */
export type Changed<Facts, Change = unknown> = { ok: true; changed: boolean; facts: Facts; change: Change | null } | Refusal;
export type TenantChangeResult = Changed<TenantFacts | null, TenantChange>;
export type CatalogueChanged = Changed<CatalogueFacts, CatalogueChange>;

function stampFor({ newId, now }: Pick<Services, "now" | "newId">, actor: Actor, at = now()): Stamp {
  return { now: at, actor, newId };
}

/** What a change would do to the cached catalogue. Writes nothing. */
export const proposeCatalogue = (
  services: Services,
  actor: Actor,
  decide: (facts: CatalogueFacts, stamp: Stamp) => Outcome<CatalogueChange>,
): Outcome<CatalogueChange> => decide(services.facts.catalogueFacts(), stampFor(services, actor));

/** The actor with the request that is being answered, which PostHog's events of the change name. */
function withRequest({ posthog }: Pick<Services, "posthog">, actor: Actor): Actor {
  const request = posthog?.requests.changeTags();
  return request ? { ...actor, request } : actor;
}

/** The catalogue as of this transaction: the cached one unless another process changed it. */
export async function catalogueIn(services: Pick<Services, "db" | "facts">, tx: Queries): Promise<Catalogue> {
  const held = services.facts.catalogue();
  const revision = await readCatalogueRevision(tx, services.db.tables);
  return held.revision === revision ? held : compileCatalogue(await readCatalogueFacts(tx, services.db.tables));
}

type DecideTenant = (facts: TenantFacts | null, catalogue: Catalogue, stamp: Stamp) => Outcome<TenantChange>;
export type TenantChangeToWrite = { key: string; actor: Actor; decideChange: DecideTenant; keepAnswer?: KeepAnswer } & Pick<
  Services,
  "authority"
>;
type Parts = Pick<Services, "db" | "env" | "now" | "newId" | "facts" | "posthog">;

/**
 * Locks the tenant, reads its facts, runs the pure function, and writes rows, history, audit, feed and outbox in one
 * transaction, which may be shared with changes of other tenants. The cache is updated before this returns.
 */
export function changeTenant(services: Services, key: string, by: Actor, decideChange: DecideTenant): Promise<TenantChangeResult> {
  const actor = withRequest(services, by);
  return services.gathered.tenants({ key, actor, decideChange, keepAnswer: services.keepAnswer, authority: services.authority });
}

/** Decides changes of different tenants independently and writes them in one transaction. */
export async function writeTenants(
  parts: Parts,
  changes: TenantChangeToWrite[],
  options: TransactionOptions,
): Promise<Settled<TenantChangeResult>[]> {
  const { db, facts: cache } = parts;
  const keys = changes.map(({ key }) => key);
  const settled = await db.transaction(
    [catalogueSharedLock, ...keys.map(tenantLock), ...rightLocks(changes)],
    async (tx) => {
      const refused = await refusedOf(parts, tx, changes);
      const before = await readTenantsByKey(tx, db.tables, keys);
      const catalogue = await catalogueIn(parts, tx);
      const at = parts.now();
      const decided = changes.map((change) =>
        refused.has(change) ? { error: refused.get(change) } : decideOne(parts, change, before.get(change.key) ?? null, catalogue, at),
      );
      const settled = await writeDecided(parts, tx, changes, decided);
      for (const [i, one] of settled.entries()) if ("result" in one) await changes[i]?.keepAnswer?.(tx, one.result);
      return settled;
    },
    options,
  );
  for (const [i, one] of settled.entries()) {
    if ("result" in one && one.result.ok && one.result.changed) cache.putTenant(keys[i] as string, one.result.facts);
  }
  if (settled.some((one) => "result" in one && one.result.ok && one.result.changed)) parts.posthog?.wake();
  return settled;
}

/** An error fails only its own change, not the batch. */
function decideOne(parts: Parts, change: TenantChangeToWrite, before: TenantFacts | null, catalogue: Catalogue, at: Instant) {
  try {
    return { before, outcome: change.decideChange(before, catalogue, stampFor(parts, change.actor, at)) };
  } catch (error) {
    return { error };
  }
}

async function writeDecided(
  { db }: Parts,
  tx: Queries,
  changes: TenantChangeToWrite[],
  decided: ReturnType<typeof decideOne>[],
): Promise<Settled<TenantChangeResult>[]> {
  const after = new Map<string, TenantFacts>();
  const byActor = new Map<string, { actor: Actor; writes: TenantWrite[] }>();
  for (const [i, one] of decided.entries()) {
    if ("error" in one || !one.outcome.ok || !one.outcome.change) continue;
    const { actor } = changes[i] as TenantChangeToWrite;
    const group = byActor.get(JSON.stringify(actor)) ?? { actor, writes: [] };
    group.writes.push({ before: one.before, change: one.outcome.change });
    byActor.set(JSON.stringify(actor), group);
  }
  for (const { actor, writes } of byActor.values()) {
    for (const facts of await writeTenantChanges(tx, db.tables, writes, actor)) after.set(facts.key, facts);
  }
  return decided.map((one, i): Settled<TenantChangeResult> => {
    if ("error" in one) return { error: one.error };
    const { before, outcome } = one;
    if (!outcome.ok) return { result: outcome };
    if (!outcome.change) return { result: { ok: true, changed: false, facts: before, change: null } };
    const facts = after.get((changes[i] as TenantChangeToWrite).key) ?? null;
    return { result: { ok: true, changed: true, facts, change: outcome.change } };
  });
}

/** For requests and links that name a grant but not its tenant. */
export async function changeTenantOfGrant(
  services: Services,
  grant: string,
  actor: Actor,
  decideChange: (facts: TenantFacts, stamp: Stamp) => Outcome<TenantChange>,
): Promise<TenantChangeResult> {
  const unknown = refuse("grant_not_found", `There is no grant ${grant}.`, "id");
  const tenant = await tenantOfGrant(services.db.read, services.db.tables, grant);
  if (tenant === null) return unknown;
  return changeTenant(services, tenant, actor, (facts, _catalogue, stamp) => (facts ? decideChange(facts, stamp) : unknown));
}

/** The catalogue's equivalent. `tx` is for counts a decision needs, such as tenants with a plan. */
export async function changeCatalogue(
  services: Services,
  actor: Actor,
  decideChange: (facts: CatalogueFacts, stamp: Stamp, tx: Queries) => Outcome<CatalogueChange> | Promise<Outcome<CatalogueChange>>,
): Promise<CatalogueChanged> {
  const { db, facts: cache } = services;
  const result = await db.transaction([catalogueLock], async (tx): Promise<CatalogueChanged> => {
    const before = await readCatalogueFacts(tx, db.tables);
    const outcome = await decideChange(before, stampFor(services, actor), tx);
    if (!outcome.ok) return outcome;
    const { change } = outcome;
    if (!change) return { ok: true, changed: false, facts: before, change };
    const tooLarge = sizeProblem(before, applyCatalogueChange(before, change, before.revision));
    if (tooLarge) return tooLarge;
    const unfit = await findInvalidatedGrants(tx, db.tables, before, change, change.at);
    if (unfit) return refuseInvalidated(unfit);
    return { ok: true, changed: true, facts: await writeCatalogueChange(tx, db.tables, before, change, actor), change };
  });
  if (result.ok && result.changed) {
    cache.putCatalogue(result.facts);
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

/**
 * Changes the catalogue and tenants together, all or nothing, as an import does. Each tenant occurs at most once. The
 * catalogue's lock excludes all other changes, because tenant changes share it.
 */
export async function changeMany(
  services: Services,
  by: Actor,
  tenantKeys: string[],
  decideChange: (catalogue: CatalogueFacts, tenants: Map<string, TenantFacts | null>, stamp: Stamp) => Outcome<Bundle>,
): Promise<Changed<CatalogueFacts>> {
  const { db, facts: cache } = services;
  const actor = withRequest(services, by);
  let written: TenantFacts[] = [];
  const result = await db.transaction([catalogueLock], async (tx): Promise<Changed<CatalogueFacts>> => {
    const before = await readCatalogueFacts(tx, db.tables);
    const tenants = await readTenantsByKey(tx, db.tables, tenantKeys);
    const outcome = decideChange(before, tenants, stampFor(services, actor));
    if (!outcome.ok) return outcome;
    if (!outcome.change) return { ok: true, changed: false, facts: before, change: null };
    const { catalogue, tenants: writes } = outcome.change;
    const unfit = catalogue && (await findInvalidatedGrants(tx, db.tables, before, catalogue, catalogue.at, endedBy(writes)));
    if (unfit) return refuseInvalidated(unfit);
    const facts = catalogue ? await writeCatalogueChange(tx, db.tables, before, catalogue, actor) : before;
    written = await writeTenantChanges(tx, db.tables, writes, actor);
    return { ok: true, changed: catalogue !== null || writes.length > 0, facts, change: outcome.change };
  });
  if (result.ok && result.changed) {
    cache.putCatalogue(result.facts);
    cache.replaceTenants(written);
    services.posthog?.wake();
  }
  return result;
}
