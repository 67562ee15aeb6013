import { and, eq, inArray, sql } from "drizzle-orm";
import { applyChange, type TenantChange } from "~/core/decision/changes";
import { tenantDifference } from "~/core/decision/difference";
import type { Actor, Grant, TenantFacts } from "~/core/model";
import { foldText } from "~/core/plain-text";
import type { Queries } from "../database";
import type { Schema } from "../schema";
import { type AuditEntry, writeAudit } from "./audit.server";
import { appendTenantChanges, inBatches } from "./changes.server";
import { dateOrNull } from "./dates";
import { recordTenants } from "./facts.server";
import { wakeGroupSync } from "./outbox.server";
import { putScheduledRows } from "./scheduled-changes.server";
import { putMetadataRows } from "./tenant-metadata.server";
import { putSearchRows, searchRowOf } from "./tenant-search.server";
import { addTenantStats } from "./tenant-stats.server";

/** `changeSet`: of this write, if the actor's other writes belong to other acts. */
export type TenantWrite = { before: TenantFacts | null; change: TenantChange; changeSet?: string };

/** Text for search and sorting; changing it needs a new `searchTextVersion`. */
export function searchTextOf({ name, key }: Pick<TenantFacts, "name" | "key">): string {
  return foldText(`${name}\n${key}`);
}

/**
 * Writes rows, history, audit, feed and outbox of tenant changes in the caller's transaction, each tenant once. Returns
 * the new facts in the same order.
 */
export async function writeTenantChanges(tx: Queries, t: Schema, writes: TenantWrite[], actor: Actor): Promise<TenantFacts[]> {
  const at = writes[0]?.change.at;
  if (at === undefined) return [];
  const revisions = await appendTenantChanges(
    tx,
    t,
    writes.map((w) => w.change.key),
    at,
  );
  const facts = writes.map(({ before, change }) => applyChange(before, change, revisions.get(change.key) as number));
  await putTenants(tx, t, facts);
  await putSearchRows(tx, t, changedSearchRows(writes, facts));
  await putMetadataRows(tx, t, changedMetadata(writes, facts));
  const created = writes.flatMap(({ before, change }) => (before ? [] : [change.key]));
  await addTenantStats(tx, t, created);
  await putAddOns(tx, t, writes, facts);
  await putScheduledRows(tx, t, changedSchedules(writes, facts));
  await putGrants(tx, t, writes, actor);
  await recordTenants(tx, t, facts, at);
  const entries = writes.map((write, i) => auditEntry(write, facts[i] as TenantFacts, actor));
  await inBatches(entries, (batch) => writeAudit(tx, t, ...batch));
  await wakeGroupSync(tx, t, facts, at);
  return facts;
}

async function putTenants(tx: Queries, t: Schema, facts: TenantFacts[]): Promise<void> {
  const { tenants } = t;
  const rows = facts.map(({ key, name, status, plan, metadata, createdAt, usageAnchor, revision }) => ({
    key,
    name,
    status,
    plan,
    metadata,
    usageAnchor: dateOrNull(usageAnchor ?? null),
    searchText: searchTextOf({ name, key }),
    createdAt: new Date(createdAt),
    revision,
  }));
  await inBatches(rows, (batch) =>
    tx
      .insert(tenants)
      .values(batch)
      .onConflictDoUpdate({
        target: tenants.key,
        set: {
          name: sql`excluded.name`,
          status: sql`excluded.status`,
          plan: sql`excluded.plan`,
          metadata: sql`excluded.metadata`,
          usageAnchor: sql`excluded.usage_anchor`,
          searchText: sql`excluded.search_text`,
          revision: sql`excluded.revision`,
        },
      }),
  );
}

/** Most changes touch none of what search reads. */
function changedSearchRows(writes: TenantWrite[], facts: TenantFacts[]) {
  return facts.flatMap((after, i) => {
    const before = writes[i]?.before;
    if (before && before.name === after.name && before.metadata === after.metadata) return [];
    return [searchRowOf(after)];
  });
}

function changedMetadata(writes: TenantWrite[], facts: TenantFacts[]) {
  return facts.flatMap((tenant, i) => {
    const before = writes[i]?.before ?? null;
    return before?.metadata === tenant.metadata ? [] : [{ tenant, isNew: before === null }];
  });
}

function changedSchedules(writes: TenantWrite[], facts: TenantFacts[]) {
  return writes.flatMap(({ before, change }, i) => {
    if (change.set.scheduled === undefined) return [];
    return [{ facts: facts[i] as TenantFacts, isNew: before?.scheduled === undefined }];
  });
}

async function putAddOns(tx: Queries, t: Schema, writes: TenantWrite[], facts: TenantFacts[]): Promise<void> {
  const added: { tenant: string; plan: string; addedAt: Date }[] = [];
  for (const [i, { before, change }] of writes.entries()) {
    if (!change.set.addOns) continue;
    const old = new Set(before?.addOns.map((a) => a.plan));
    const now = (facts[i] as TenantFacts).addOns;
    for (const a of now) if (!old.delete(a.plan)) added.push({ tenant: change.key, plan: a.plan, addedAt: new Date(a.addedAt) });
    if (old.size > 0)
      await tx.delete(t.tenantAddOns).where(and(eq(t.tenantAddOns.tenant, change.key), inArray(t.tenantAddOns.plan, [...old])));
  }
  await inBatches(added, (batch) => tx.insert(t.tenantAddOns).values(batch));
}

async function putGrants(tx: Queries, t: Schema, writes: TenantWrite[], actor: Actor): Promise<void> {
  const rows = writes.flatMap(({ change }) => change.grants.map((g) => grantRow(change.key, g, actor)));
  await inBatches(rows, (batch) =>
    tx
      .insert(t.grants)
      .values(batch)
      .onConflictDoUpdate({ target: t.grants.id, set: { endedAt: sql`excluded.ended_at`, endedBy: sql`excluded.ended_by` } }),
  );
}

function grantRow(tenant: string, grant: Grant, actor: Actor): Schema["grants"]["$inferInsert"] {
  const bundle = grant.kind === "trial" ? grant.bundle : undefined;
  return {
    id: grant.id,
    tenant,
    feature: grant.feature,
    kind: grant.kind,
    effect: grant.kind === "override" ? grant.effect : null,
    value: "value" in grant ? grant.value : null,
    startsAt: new Date(grant.startsAt),
    endsAt: dateOrNull(grant.endsAt),
    endedAt: dateOrNull(grant.endedAt),
    endedBy: grant.endedAt === null ? null : actor.name,
    extends: grant.extends,
    restores: grant.restores ?? null,
    note: grant.note,
    createdAt: new Date(grant.createdAt),
    createdBy: grant.createdBy,
    bundle: bundle?.id ?? null,
    bundlePlan: bundle?.plan ?? null,
  };
}

function auditEntry({ before, change, changeSet }: TenantWrite, after: TenantFacts, by: Actor): AuditEntry {
  const { action, key, at, why } = change;
  const actor = changeSet === undefined ? by : { ...by, changeSet };
  const difference = tenantDifference(before, after, change);
  return { at, actor, action, subjectKind: "tenant", subject: key, ...difference, why, revision: after.revision };
}
