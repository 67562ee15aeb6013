import { type Catalogue, compileCatalogue } from "~/core/catalogue/catalogue";
import { sizeProblem } from "~/core/catalogue/catalogue-bounds";
import type { CatalogueChange } from "~/core/catalogue/catalogue-changes";
import { applyCatalogueChange } from "~/core/catalogue/catalogue-changes";
import type { TenantChange } from "~/core/decision/changes";
import type { Actor, CatalogueFacts, Instant, Stamp, TenantFacts } from "~/core/model";
import { type Outcome, type Refusal, refuse } from "~/core/outcome";
import type { TrialBounds } from "~/core/rails/within-rails";
import { catalogueLock, catalogueSharedLock, type Queries, type TransactionOptions, tenantLock } from "~db/database";
import { deletePlanRows, writeCatalogueBeforeTenants, writeCatalogueChange } from "~db/store/catalogue-writes.server";
import { type CurrentTenants, readCurrentTenants } from "~db/store/current-tenants.server";
import { readCatalogueFacts, readCatalogueRevision } from "~db/store/facts.server";
import { foldForCatalogue } from "~db/store/fold-schedules.server";
import { tenantOfGrant } from "~db/store/grants.server";
import { type TenantWrite, writeTenantChanges } from "~db/store/tenant-writes.server";
import { holdForApproval } from "./approvals/keep-request.server";
import { whyPublicationWaits } from "./approvals/publication-approval.server";
import { refusedOf, rightLocks } from "./authority.server";
import { findInvalidatedGrants, type InvalidatedGrants } from "./invalidated-grants.server";
import type { Settled } from "./process/request-batcher.server";
import { boundsOf } from "./rails/rails.server";
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
export function withRequest({ posthog }: Pick<Services, "posthog">, actor: Actor): Actor {
  const request = posthog?.requests.changeTags();
  return request ? { ...actor, request } : actor;
}

/** An actor whose changes are part of a known act. */
export type ActorOfAct = Actor & { changeSet: string };

/** The actor with its request and with the act: a new one unless it has one. */
const withAct = (services: Pick<Services, "posthog" | "newId">, actor: Actor): ActorOfAct => ({
  ...withRequest(services, actor),
  changeSet: actor.changeSet ?? services.newId("cs"),
});

/** The catalogue as of this transaction: the cached one unless another process changed it. */
export async function catalogueIn(services: Pick<Services, "db" | "facts">, tx: Queries): Promise<Catalogue> {
  const held = services.facts.catalogue();
  const revision = await readCatalogueRevision(tx, services.db.tables);
  return held.revision === revision ? held : compileCatalogue(await readCatalogueFacts(tx, services.db.tables));
}

type Basis = { before: TenantFacts | null; catalogue: Catalogue; at: Instant; bounds: TrialBounds | null; refusal?: Refusal };
type DecideTenant = (facts: TenantFacts | null, catalogue: Catalogue, stamp: Stamp, bounds: TrialBounds | null) => Outcome<TenantChange>;
export type ChangeOptions = {
  /** Guard rails are read for it. */
  isBound?: boolean;
  /** Why it is refused, from what its transaction reads. `at`: the instant of the change. */
  whyNot?: (tx: Queries, at: Instant) => Promise<Refusal | null>;
  /** Runs in its transaction, unless it is refused. */
  onDone?: (tx: Queries, at: Instant) => Promise<void>;
};
export type TenantChangeToWrite = { key: string; actor: ActorOfAct; decideChange: DecideTenant; keepAnswer?: KeepAnswer } & ChangeOptions &
  Pick<Services, "authority">;
type Parts = Pick<Services, "db" | "env" | "now" | "newId" | "facts" | "posthog">;

/**
 * Locks the tenant, reads its facts, runs the pure function, and writes rows, history, audit, feed and outbox in one
 * transaction, which may be shared with changes of other tenants. The cache is updated before this returns.
 */
export function changeTenant(
  services: Services,
  key: string,
  by: Actor,
  decideChange: DecideTenant,
  options: ChangeOptions = {},
): Promise<TenantChangeResult> {
  const actor = withAct(services, by);
  const { keepAnswer, authority } = services;
  return services.gathered.tenants({ key, actor, decideChange, keepAnswer, authority, ...options });
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
      const catalogue = await catalogueIn(parts, tx);
      const bounds = await boundsOf(db, tx, changes);
      const at = parts.now();
      const refusals = await refusalsOf(tx, changes, at);
      const current = await readCurrentTenants(tx, db.tables, keys, () => catalogue, at);
      const decided = changes.map((change) =>
        refused.has(change)
          ? { error: refused.get(change) }
          : decideOne(parts, change, {
              before: current.facts.get(change.key) ?? null,
              catalogue,
              at,
              bounds: bounds.get(change) ?? null,
              refusal: refusals.get(change),
            }),
      );
      const settled = await holdSome(parts, tx, at, changes, await writeDecided(parts, tx, changes, decided, current));
      for (const [i, one] of settled.entries()) {
        if (!("result" in one)) continue;
        if (one.result.ok) await changes[i]?.onDone?.(tx, at);
        await changes[i]?.keepAnswer?.(tx, one.result);
      }
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

/** What needs a second person is kept as a request. */
async function holdSome(
  { db: { tables: t }, newId }: Parts,
  tx: Queries,
  at: Instant,
  changes: readonly TenantChangeToWrite[],
  settled: Settled<TenantChangeResult>[],
): Promise<Settled<TenantChangeResult>[]> {
  const held: Settled<TenantChangeResult>[] = [];
  for (const [i, one] of settled.entries()) {
    const { actor, key } = changes[i] as TenantChangeToWrite;
    const refusal = "result" in one && !one.result.ok && one.result.held ? one.result : null;
    held.push(refusal ? { result: await holdForApproval({ tx, t, at, newId, actor }, key, refusal) } : one);
  }
  return held;
}

async function refusalsOf(tx: Queries, changes: readonly TenantChangeToWrite[], at: Instant): Promise<Map<TenantChangeToWrite, Refusal>> {
  const refusals = new Map<TenantChangeToWrite, Refusal>();
  for (const change of changes) {
    const refusal = await change.whyNot?.(tx, at);
    if (refusal) refusals.set(change, refusal);
  }
  return refusals;
}

/** An error fails only its own change, not the batch. */
function decideOne(parts: Parts, change: TenantChangeToWrite, { before, catalogue, at, bounds, refusal }: Basis) {
  if (refusal) return { before, outcome: refusal };
  try {
    return { before, outcome: change.decideChange(before, catalogue, stampFor(parts, change.actor, at), bounds) };
  } catch (error) {
    return { error };
  }
}

async function writeDecided(
  { db }: Parts,
  tx: Queries,
  changes: TenantChangeToWrite[],
  decided: ReturnType<typeof decideOne>[],
  current: CurrentTenants,
): Promise<Settled<TenantChangeResult>[]> {
  const after = new Map<string, TenantFacts>();
  const decidedWrites = decided.flatMap((one, i) => {
    if ("error" in one || !one.outcome.ok || !one.outcome.change) return [];
    const { changeSet, ...actor } = (changes[i] as TenantChangeToWrite).actor;
    return [{ actor, before: one.before, change: one.outcome.change, changeSet }];
  });
  const byActor = new Map<string, { actor: Actor; writes: TenantWrite[] }>();
  for (const { actor, ...write } of await current.foldBefore(decidedWrites)) {
    const group = byActor.get(JSON.stringify(actor)) ?? { actor, writes: [] as TenantWrite[] };
    group.writes.push(write);
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
  decideChange: (facts: TenantFacts, stamp: Stamp, bounds: TrialBounds | null, catalogue: Catalogue) => Outcome<TenantChange>,
  options: ChangeOptions = {},
): Promise<TenantChangeResult> {
  const unknown = refuse("grant_not_found", `There is no grant ${grant}.`, "id");
  const tenant = await tenantOfGrant(services.db.read, services.db.tables, grant);
  if (tenant === null) return unknown;
  return changeTenant(
    services,
    tenant,
    actor,
    (facts, catalogue, stamp, bounds) => (facts ? decideChange(facts, stamp, bounds, catalogue) : unknown),
    options,
  );
}

type CatalogueOptions = {
  /** Writes beside the change. */
  also?: (tx: Queries) => Promise<void>;
  /** Whether a second person makes the change, once it is decided. */
  isBySecondPerson?: () => boolean;
};

/** The catalogue's equivalent. `tx` is for what a decision needs, such as tenants with a plan. */
export async function changeCatalogue(
  services: Services,
  by: Actor,
  decideChange: (facts: CatalogueFacts, stamp: Stamp, tx: Queries) => Outcome<CatalogueChange> | Promise<Outcome<CatalogueChange>>,
  { also, isBySecondPerson }: CatalogueOptions = {},
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
    const isBound = services.authority !== null && !isBySecondPerson?.();
    const waits = isBound ? await whyPublicationWaits(tx, db.tables, before, after) : null;
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
