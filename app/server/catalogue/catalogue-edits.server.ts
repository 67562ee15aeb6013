import { type PlanForm, updatePlan } from "~/core/catalogue/plan-changes";
import type { Actor, CatalogueFacts, Instant, Json, Plan, Stamp } from "~/core/model";
import { sameJson } from "~/core/same-json";
import { changeCatalogue } from "~/server/changes/catalogue-change.server";
import type { Services } from "~/server/services.server";
import { listAuditHeads } from "~db/store/audit.server";
import { readCatalogueFactsAt } from "~db/store/facts.server";

/** The fields of a plan's own form. A concurrent change of a cell is not a conflict. */
function seenPlan({ plans }: CatalogueFacts, key: string): Json {
  const plan = plans.find((p: Plan) => p.key === key);
  return plan ? { name: plan.name, description: plan.description, includes: plan.includes, rank: plan.rank } : null;
}

function seenFeature({ features }: CatalogueFacts, key: string): Json {
  const feature = features.find((f) => f.key === key);
  if (!feature) return null;
  // The times of changes of the reset period are not in the form.
  const { key: _, revision: __, periodChanges: ___, archivedAt, ...fields } = { periodChanges: undefined, ...feature };
  return { ...fields, archived: archivedAt !== null };
}

const seen = { plan: seenPlan, feature: seenFeature };

/** The update of a plan's form. `expected` is the plan's revision when the form was opened. */
export async function planUpdate({ db, facts }: Services, key: string, form: PlanForm, expected: number) {
  const current = facts.catalogueFacts().plans.find((plan) => plan.key === key);
  // A past catalogue may be megabytes, and an unchanged plan needs no comparison.
  const base = current?.revision === expected ? null : await readCatalogueFactsAt(db.readAside, db.tables, expected);
  return (facts: CatalogueFacts, stamp: Stamp) => {
    const isSame = base !== null && sameJson(seenPlan(base, key), seenPlan(facts, key));
    return updatePlan(facts, key, form, stamp, isSame ? undefined : expected);
  };
}

export async function savePlan(services: Services, actor: Actor, key: string, form: PlanForm, expected: number) {
  const save = async () => changeCatalogue(services, actor, await planUpdate(services, key, form, expected));
  const result = await save();
  // The plan was changed while this was saved, perhaps only in a cell.
  return !result.ok && result.code === "stale" ? save() : result;
}

/** A concurrent change by someone else. */
export type ConcurrentCatalogueChange = { before: Json; after: Json; by: string | null; at: Instant | null };

/** `expected` is the revision when the form was opened. */
export async function theirChange(
  services: Services,
  kind: "plan" | "feature",
  key: string,
  expected: number,
): Promise<ConcurrentCatalogueChange> {
  const { db, facts } = services;
  const base = await readCatalogueFactsAt(db.readAside, db.tables, expected);
  const [alone] = await listAuditHeads(db.readAside, db.tables, { subjectKind: kind, subject: key }, { size: 1 });
  const [imported] = await listAuditHeads(db.readAside, db.tables, { action: "catalogue.imported" }, { size: 1 });
  const last = (imported?.seq ?? 0) > (alone?.seq ?? 0) ? imported : alone;
  return {
    before: base ? seen[kind](base, key) : {},
    after: seen[kind](facts.catalogueFacts(), key),
    by: last?.actorName ?? null,
    at: last?.at.getTime() ?? null,
  };
}
