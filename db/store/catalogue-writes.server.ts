import { eq, inArray, sql } from "drizzle-orm";
import { applyCatalogueChange, type CatalogueChange } from "~/core/catalogue/catalogue-changes";
import type { Actor, CatalogueFacts, Feature, Json, Plan } from "~/core/model";
import type { Queries } from "../database";
import type { AuditSubject, Schema } from "../schema";
import { writeAudit } from "./audit.server";
import { appendChange, inBatches } from "./changes.server";
import { dateOrNull } from "./dates";
import { recordCatalogue } from "./facts.server";
import { wakeGroupSyncOfAll } from "./outbox.server";

/**
 * Writes rows, history, audit, feed and outbox of a catalogue change in the caller's transaction. The caller deletes the
 * removed plans' rows, when no tenant has them any more, with `deletePlanRows`.
 */
export async function writeCatalogueBeforeTenants(
  tx: Queries,
  t: Schema,
  before: CatalogueFacts,
  change: CatalogueChange,
  actor: Actor,
): Promise<CatalogueFacts> {
  const revision = await appendChange(tx, t, "catalogue", "", change.at);
  const after = applyCatalogueChange(before, change, revision);
  const features = new Set(change.features.map((f) => f.key));
  const plans = new Set(change.plans.map((p) => p.key));
  await putFeatures(
    tx,
    t,
    after.features.filter((f) => features.has(f.key)),
  );
  await putPlans(
    tx,
    t,
    after.plans.filter((p) => plans.has(p.key)),
  );
  await recordCatalogue(tx, t, after, change.at);
  const { action, at, why } = change;
  await writeAudit(tx, t, { at, actor, action, ...subjectOf(change), ...catalogueDifference(before, after, change), why, revision });
  await wakeGroupSyncOfAll(tx, t, revision, change.at);
  return after;
}

/** Variant for changes of the catalogue alone. */
export async function writeCatalogueChange(...args: Parameters<typeof writeCatalogueBeforeTenants>): Promise<CatalogueFacts> {
  const [tx, t, , change] = args;
  await deletePlanRows(tx, t, change.removedPlans);
  return writeCatalogueBeforeTenants(...args);
}

async function putFeatures(tx: Queries, t: Schema, list: Feature[]): Promise<void> {
  const rows = list.map((f) => ({
    key: f.key,
    name: f.name,
    description: f.description,
    group: f.group,
    type: f.type,
    settings: f.type === "config" ? f.config : f.type === "metered" ? f.meter : null,
    flag: f.flag,
    archivedAt: dateOrNull(f.archivedAt),
    revision: f.revision,
  }));
  await inBatches(rows, (batch) =>
    tx
      .insert(t.features)
      .values(batch)
      .onConflictDoUpdate({
        target: t.features.key,
        set: {
          name: sql`excluded.name`,
          description: sql`excluded.description`,
          group: sql`excluded.group_name`,
          settings: sql`excluded.settings`,
          flag: sql`excluded.flag`,
          archivedAt: sql`excluded.archived_at`,
          revision: sql`excluded.revision`,
        },
      }),
  );
}

async function putPlans(tx: Queries, t: Schema, list: Plan[]): Promise<void> {
  if (list.length === 0) return;
  const rows = list.map(({ entries: _, archivedAt, ...plan }) => ({ ...plan, archivedAt: dateOrNull(archivedAt) }));
  await inBatches(rows, (batch) =>
    tx
      .insert(t.plans)
      .values(batch)
      .onConflictDoUpdate({
        target: t.plans.key,
        set: {
          name: sql`excluded.name`,
          description: sql`excluded.description`,
          rank: sql`excluded.rank`,
          includes: sql`excluded.includes`,
          archivedAt: sql`excluded.archived_at`,
          revision: sql`excluded.revision`,
        },
      }),
  );
  // Plan entries are not soft-deleted: the history has them.
  await tx.delete(t.planFeatures).where(
    inArray(
      t.planFeatures.plan,
      list.map((p) => p.key),
    ),
  );
  const entries = list.flatMap((p) => p.entries.map(({ feature, value }) => ({ plan: p.key, feature, value })));
  await inBatches(entries, (batch) => tx.insert(t.planFeatures).values(batch));
}

export async function deletePlanRows(tx: Queries, t: Schema, keys: string[]): Promise<void> {
  for (const key of keys) {
    await tx.delete(t.planFeatures).where(eq(t.planFeatures.plan, key));
    await tx.delete(t.plans).where(eq(t.plans.key, key));
  }
}

/** The only changed object, or the whole catalogue. */
function subjectOf({ features, plans, removedPlans }: CatalogueChange): { subjectKind: AuditSubject; subject: string } {
  const feature = features[0];
  const plan = plans[0]?.key ?? removedPlans[0];
  if (feature && features.length === 1 && plan === undefined) return { subjectKind: "feature", subject: feature.key };
  if (plan !== undefined && features.length === 0 && plans.length + removedPlans.length === 1)
    return { subjectKind: "plan", subject: plan };
  return { subjectKind: "catalogue", subject: "" };
}

/** Changed features and plans, before and after. */
function catalogueDifference(before: CatalogueFacts, after: CatalogueFacts, change: CatalogueChange): { before: Json; after: Json } {
  const features = new Set(change.features.map((f) => f.key));
  const plans = new Set([...change.plans.map((p) => p.key), ...change.removedPlans]);
  const of = (facts: CatalogueFacts): Json => {
    const touched = {
      features: facts.features.filter((f) => features.has(f.key)),
      plans: facts.plans.filter((p) => plans.has(p.key)),
    };
    return touched.features.length + touched.plans.length > 0 ? (touched as unknown as Json) : null;
  };
  return { before: of(before), after: of(after) };
}
