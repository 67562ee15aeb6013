import type { Catalogue } from "~/core/catalogue/catalogue";
import type { TenantChange } from "~/core/decision/changes";
import type { Actor, Instant, Stamp, TenantFacts } from "~/core/model";
import { type Outcome, type Refusal, refuse } from "~/core/outcome";
import type { TrialBounds } from "~/core/rails/within-rails";
import { holdForApproval } from "~/server/approvals/keep-request.server";
import { refusedOf, rightLocks } from "~/server/authority.server";
import type { Settled } from "~/server/process/request-batcher.server";
import { boundsOf } from "~/server/rails/rails.server";
import type { KeepAnswer, Services } from "~/server/services.server";
import { catalogueSharedLock, type Queries, type TransactionOptions, tenantLock } from "~db/database";
import { type CurrentTenants, readCurrentTenants } from "~db/store/current-tenants.server";
import { tenantOfGrant } from "~db/store/grants.server";
import { type TenantWrite, writeTenantChanges } from "~db/store/tenant-writes.server";
import { type ActorOfAct, type Changed, catalogueIn, stampFor, withAct } from "./change.server";

export type TenantChangeResult = Changed<TenantFacts | null, TenantChange>;

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
