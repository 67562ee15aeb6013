import type { SubmissionResult } from "@conform-to/react";
import { parseWithZod } from "@conform-to/zod/v4";
import { type Catalogue, compileCatalogue } from "~/core/catalogue";
import { applyCatalogueChange, type Cell, setPlanEntries } from "~/core/catalogue-changes";
import { describeValue } from "~/core/catalogue-words";
import type { ChangeEffects } from "~/core/effect-words";
import type { Given } from "~/core/given";
import type { Actor, Feature, Value } from "~/core/model";
import type { Refusal } from "~/core/outcome";
import { sameJson } from "~/core/same-json";
import { cellForm } from "~/forms/cell";
import { catalogueNow, findFeature, findPlan } from "./catalogue-pages.server";
import { effectsOf } from "./change-effects.server";
import type { Services } from "./services.server";

/** `self`: the plan that the page is about, whose entries are its own. */
function givenBy(catalogue: Catalogue, plan: string | null, feature: Feature, self: string): Given {
  const given = plan === null ? undefined : catalogue.gives.get(plan)?.get(feature.key);
  if (!given) return null;
  const from = catalogue.plans.get(given.from)?.name ?? given.from;
  return { value: given.value, text: describeValue(feature, given.value), from, own: given.from === self };
}

export async function readCellPage(services: Services, planKey: string, featureKey: string) {
  const { catalogue } = await catalogueNow(services);
  const plan = findPlan(services, planKey);
  const feature = findFeature(services, featureKey);
  return {
    plan: { key: plan.key, name: plan.name, kind: plan.kind, archivedAt: plan.archivedAt },
    feature,
    own: plan.entries.find((e) => e.feature === feature.key)?.value ?? null,
    given: givenBy(catalogue, plan.key, feature, plan.key),
    /** What the plan gives without an entry of its own. */
    inherited: givenBy(catalogue, plan.includes, feature, plan.key),
    includes: plan.includes === null ? null : (catalogue.plans.get(plan.includes)?.name ?? plan.includes),
  };
}

export type CellProposal = {
  result: SubmissionResult;
  /** Null: what was entered does not fit, as `result` says. */
  preview: CellPreview | null;
  /** Somebody changed the cell since the form was opened: what it is now. */
  stale: string | null;
};

/** What the form in the address would do, were it saved now. Null: the address holds no form. */
export async function proposeCell(
  services: Services,
  actor: Actor,
  cell: { plan: { key: string; name: string }; feature: Feature; own: Value | null },
  params: URLSearchParams,
  signal: AbortSignal,
): Promise<CellProposal | null> {
  if (!params.has("gives")) return null;
  const { plan, feature, own } = cell;
  const submission = parseWithZod(params, { schema: cellForm(feature) });
  if (submission.status !== "success") return { result: submission.reply(), preview: null, stale: null };
  const { value, was } = submission.value;
  const preview = await previewCell(services, { plan: plan.key, feature: feature.key, value }, actor, signal);
  const is = own === null ? "has no entry of its own" : `is ${describeValue(feature, own)}`;
  const stale = sameJson(was, own) ? null : `${feature.name} in ${plan.name} was changed while you were editing: it now ${is}.`;
  return { result: submission.reply(), preview, stale };
}

export type CellPreview =
  | Refusal
  /** `along`: names of other plans that inherit it, and change too. `changed` false: it is as asked already. */
  | { ok: true; changed: boolean; before: Given; after: Given; along: string[]; effects: ChangeEffects };

/** Worked out on the catalogue as it is now. Writes nothing. */
async function previewCell(services: Services, cell: Cell, actor: Actor, signal: AbortSignal): Promise<CellPreview> {
  const { facts, catalogue } = await catalogueNow(services);
  const feature = findFeature(services, cell.feature);
  const outcome = setPlanEntries(facts, [cell], { now: services.now(), actor, newId: services.newId });
  if (!outcome.ok) return outcome;
  const after = outcome.change ? applyCatalogueChange(facts, outcome.change, facts.revision) : facts;
  const next = compileCatalogue(after);
  const gives = (c: Catalogue, plan: string) => c.gives.get(plan)?.get(feature.key)?.value;
  const along = [...catalogue.plans.values()].filter(({ key }) => key !== cell.plan && !sameJson(gives(catalogue, key), gives(next, key)));
  return {
    ok: true,
    changed: outcome.change !== null,
    before: givenBy(catalogue, cell.plan, feature, cell.plan),
    after: givenBy(next, cell.plan, feature, cell.plan),
    along: along.map((plan) => plan.name),
    effects: await effectsOf(services, { catalogue: outcome.change, tenants: [] }, { signal }),
  };
}
