import type { SubmissionResult } from "@conform-to/react";
import { parseWithZod } from "@conform-to/zod/v4";
import { type Catalogue, compileCatalogue } from "~/core/catalogue/catalogue";
import { applyCatalogueChange, type Cell, setPlanEntries } from "~/core/catalogue/catalogue-changes";
import { describeValue } from "~/core/catalogue/catalogue-words";
import type { ChangeEffects } from "~/core/catalogue/effect-words";
import type { Given } from "~/core/decision/given";
import type { Actor, Feature, Value } from "~/core/model";
import type { Refusal } from "~/core/outcome";
import { sameJson } from "~/core/same-json";
import { cellForm } from "~/forms/catalogue/plan-cell";
import type { Services } from "~/server/services.server";
import { catalogueNow, findFeature, findPlan } from "./catalogue-pages.server";
import { effectsOf } from "./change-effects.server";

/** `self` is the plan of the page, whose entries are its own. */
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
    /** What the plan gives without its own entry. */
    inherited: givenBy(catalogue, plan.includes, feature, plan.key),
    includes: plan.includes === null ? null : (catalogue.plans.get(plan.includes)?.name ?? plan.includes),
  };
}

export type CellProposal = {
  result: SubmissionResult;
  /** Null if the input is invalid; `result` says why. */
  preview: CellPreview | null;
  /** The current cell, if it changed since the form was opened. */
  stale: string | null;
};

/** Previews the form in the URL. Null if the URL contains no form. */
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
  /** `along`: names of plans that inherit the cell and change too. `changed` is false if nothing changes. */
  | { ok: true; changed: boolean; before: Given; after: Given; along: string[]; effects: ChangeEffects };

/** Based on the current catalogue. Writes nothing. */
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
