import { type Catalogue, planChain } from "~/core/catalogue/catalogue";
import { applyCatalogueChange, type Cell, setPlanEntries } from "~/core/catalogue/catalogue-changes";
import { describeValue } from "~/core/catalogue/catalogue-words";
import type { GivenIn } from "~/core/catalogue/plan-grid";
import { valueProblem } from "~/core/decision/values";
import type { Actor, CatalogueFacts, Instant, Stamp, Value } from "~/core/model";
import { type Outcome, refuse } from "~/core/outcome";
import { sameJson } from "~/core/same-json";

/** `scheduled`: it is published at a set instant, and cannot be edited until then. */
export const draftStates = ["open", "scheduled", "published", "discarded"] as const;
export type DraftState = (typeof draftStates)[number];

/** `was`: the plan's own entry when the cell was edited, or null. */
export type DraftCell = Cell & { was: Value | null };

/** Edits of plan cells that are kept until they are published. */
export type PlanDraft = {
  id: string;
  name: string;
  owner: string;
  ownerName: string;
  cells: DraftCell[];
  /** The catalogue's revision when it was begun. */
  revision: number;
  /** Increases with each edit. */
  version: number;
  state: DraftState;
  createdAt: Instant;
  updatedAt: Instant;
  closedBy: string | null;
  closedAt: Instant | null;
  /** These are null unless it is scheduled. */
  publishAt: Instant | null;
  publisher: DraftPublisher | null;
  publishNote: string | null;
  /** Why it could not be published at its time, as a sentence, or null. */
  problem: string | null;
};

/** Who scheduled a publication. The change is made in their name. */
export type DraftPublisher = Pick<Actor, "kind" | "id" | "name">;

/** Drafts of all people that are scheduled at the same time. */
export const maxScheduledDrafts = 20;

export const maxDraftCells = 500;
export const maxDraftName = 100;
/** Max characters of all values of a draft, as JSON. */
export const maxDraftLength = 500_000;

const isAt = (cell: Pick<Cell, "plan" | "feature">) => (other: Pick<Cell, "plan" | "feature">) =>
  other.plan === cell.plan && other.feature === cell.feature;

function ownEntry({ gives }: Catalogue, { plan, feature }: Pick<Cell, "plan" | "feature">): Value | null {
  const given = gives.get(plan)?.get(feature);
  return given?.from === plan ? given.value : null;
}

/**
 * The draft's cells after these edits, all or none. A cell that becomes what the plan has now leaves the draft. One that
 * goes back to what it was before someone else changed it stays, as a conflict.
 */
export function editCells(cells: readonly DraftCell[], edits: readonly Omit<Cell, "was">[], catalogue: Catalogue): Outcome<DraftCell[]> {
  let next = [...cells];
  for (const edit of edits) {
    const { plan, feature, value } = edit;
    const problem = editProblem(edit, catalogue);
    if (problem !== null) return refuse("value_invalid", problem, "value");
    const before = next.find(isAt(edit));
    const now = ownEntry(catalogue, edit);
    next = next.filter((cell) => !isAt(edit)(cell));
    if (!sameJson(value, now)) next.push({ plan, feature, value, was: before ? before.was : now });
  }
  if (next.length > maxDraftCells) return refuse("value_invalid", `A draft has up to ${maxDraftCells} changes. Publish these first.`);
  if (JSON.stringify(next).length > maxDraftLength) return refuse("value_invalid", "The draft's values are too long. Publish these first.");
  return { ok: true, change: next };
}

function editProblem({ plan: planKey, feature: key, value }: Omit<Cell, "was">, { plans, features }: Catalogue): string | null {
  const plan = plans.get(planKey);
  const feature = features.get(key);
  if (!plan) return `There is no plan ${planKey}. It may have been deleted.`;
  if (!feature) return `There is no feature ${key}. It may have been renamed.`;
  if (value === null) return null;
  if (feature.archivedAt !== null) return `${feature.name} is archived. Restore it before you put it in a plan.`;
  const bad = valueProblem(feature, value);
  return bad === null ? null : `${feature.name} in ${plan.name} ${bad}.`;
}

/** A draft's cell beside the catalogue as it is now. */
export type ReviewedCell = {
  plan: string;
  planName: string;
  feature: string;
  featureName: string;
  /** As text; null for no entry of its own. `now`: only if the cell was changed after this edit. */
  was: string | null;
  is: string | null;
  now?: string | null;
  /** Why the cell cannot be published, or null. */
  problem: string | null;
  /** The cell is already as the draft would make it. */
  isSettled: boolean;
};

/** Each cell with what it changes now, and what keeps it from being published. */
export function reviewCells(cells: readonly DraftCell[], catalogue: Catalogue): ReviewedCell[] {
  return cells.map((cell) => {
    const { plan, feature: key, value, was } = cell;
    const feature = catalogue.features.get(key);
    const text = (of: Value | null) => (of === null ? null : describeValue(feature, of));
    const now = ownEntry(catalogue, cell);
    const isSettled = sameJson(now, value);
    const isMoved = !isSettled && !sameJson(now, was);
    const gone = editProblem(cell, catalogue);
    return {
      plan,
      planName: catalogue.plans.get(plan)?.name ?? plan,
      feature: key,
      featureName: feature?.name ?? key,
      was: text(was),
      is: text(value),
      ...(isMoved ? { now: text(now) } : {}),
      problem: gone ?? (isMoved ? "Someone else changed this cell meanwhile." : null),
      isSettled,
    };
  });
}

/** Decides one cell that someone else changed. `mine`: the draft's value goes on top of theirs. */
export function resolveCell(
  cells: readonly DraftCell[],
  at: Pick<Cell, "plan" | "feature">,
  keep: "mine" | "theirs",
  catalogue: Catalogue,
) {
  const others = cells.filter((cell) => !isAt(at)(cell));
  const cell = cells.find(isAt(at));
  if (!cell || keep === "theirs") return others;
  const was = ownEntry(catalogue, at);
  return sameJson(was, cell.value) ? others : cells.map((one) => (one === cell ? { ...cell, was } : one));
}

/** The cells as they are published. One that is already as the draft would make it conflicts with nothing. */
export function cellsToPublish(cells: readonly DraftCell[], { plans }: CatalogueFacts): Cell[] {
  const byKey = new Map(plans.map((plan) => [plan.key, plan]));
  return cells.map(({ was, ...cell }) => {
    const own = byKey.get(cell.plan)?.entries.find(({ feature }) => feature === cell.feature)?.value ?? null;
    return sameJson(own, cell.value) ? cell : { ...cell, was };
  });
}

/** The cells that can be published as they are, whatever they were. */
export function publishableCells({ cells }: Pick<PlanDraft, "cells">, catalogue: Catalogue): Omit<Cell, "was">[] {
  const reviewed = reviewCells(cells, catalogue);
  return cells.flatMap(({ was: _, ...cell }, i) => (reviewed[i]?.problem === null ? [cell] : []));
}

/**
 * Looks up what plans give with the draft's cells that can be published. Compiles nothing: it walks the included plans
 * of a cell whose feature the draft has.
 */
export function draftedGives(catalogue: Catalogue, draft: Pick<PlanDraft, "cells">): GivenIn {
  const byFeature = new Map<string, Map<string, Value | null>>();
  for (const { plan, feature, value } of publishableCells(draft, catalogue)) {
    const plans = byFeature.get(feature) ?? new Map<string, Value | null>();
    byFeature.set(feature, plans.set(plan, value));
  }
  return (plan, feature) => {
    const edited = byFeature.get(feature);
    if (!edited) return catalogue.gives.get(plan)?.get(feature);
    for (const { key } of planChain(catalogue.plans, plan)) {
      const value = edited.has(key) ? edited.get(key) : ownEntry(catalogue, { plan: key, feature });
      if (value !== null && value !== undefined) return { value, from: key };
    }
    return undefined;
  };
}

const nobody: Stamp = { now: 0, actor: { kind: "system", id: "draft", name: "Draft" }, newId: () => "" };

/** The catalogue as it would be with the cells that can be published. */
export function drafted(facts: CatalogueFacts, catalogue: Catalogue, draft: Pick<PlanDraft, "cells">): CatalogueFacts {
  const outcome = setPlanEntries(facts, publishableCells(draft, catalogue), nobody);
  return outcome.ok && outcome.change ? applyCatalogueChange(facts, outcome.change, facts.revision) : facts;
}
