import type { ChangeEffects } from "~/core/catalogue/effect-words";
import { drafted, type PlanDraft, publishableCells, reviewCells } from "~/core/drafts/plan-draft";
import type { ImpactParams } from "~/core/impact/impact-result";
import type { Actor } from "~/core/model";
import { refuse } from "~/core/outcome";
import type { TypedCell } from "~/forms/catalogue/draft";
import { readTypedCells } from "~/forms/catalogue/draft";
import { findJob } from "~/server/jobs/job-reads.server";
import type { JobCreated } from "~/server/jobs/jobs.server";
import type { Services } from "~/server/services.server";
import { catalogueNow } from "./catalogue-pages.server";
import { effectsOf } from "./change-effects.server";
import { type DraftSaved, editDraft, findDraft, othersDrafts, ownDraft } from "./drafts.server";
import { readImpactView } from "./impact-page.server";
import { createImpact } from "./impacts.server";

const cellsPerPage = 50;

const summaryOf = ({ id, name, owner, ownerName, cells, version }: PlanDraft) => ({
  id,
  name,
  owner,
  ownerName,
  version,
  changes: cells.length,
});

/** What the plans page shows of drafts: the reader's own, and those of others. */
export async function draftsForGrid(services: Services, owner: string) {
  const own = await ownDraft(services, owner);
  const others = (await othersDrafts(services, owner)).filter(({ cells }) => cells.length > 0);
  return { own: own && own.cells.length > 0 ? own : null, others: others.map(summaryOf) };
}

/** Edits what was typed into the grid. */
export async function editTypedCells(services: Services, actor: Actor, typed: readonly TypedCell[]): Promise<DraftSaved> {
  const { catalogue } = await catalogueNow(services);
  const cells = readTypedCells(typed, catalogue);
  return typeof cells === "string" ? refuse("value_invalid", cells, "value") : editDraft(services, actor, cells);
}

/** What a draft would do to tenants, estimated. Null if it would change nothing. */
export async function draftEffects(services: Services, draft: PlanDraft, signal: AbortSignal): Promise<ChangeEffects | null> {
  const { facts, catalogue } = await catalogueNow(services);
  const after = drafted(facts, catalogue, draft);
  const plans = after.plans.filter((plan, i) => plan !== facts.plans[i]);
  if (plans.length === 0) return null;
  const change = { action: "plan.entries_changed" as const, features: [], plans, removedPlans: [], at: services.now(), why: null };
  return effectsOf(services, { catalogue: change, tenants: [] }, { signal });
}

/** Begins to name the tenants that a draft affects. */
export async function startDraftImpact(services: Services, actor: Actor, draft: PlanDraft): Promise<JobCreated> {
  const { catalogue } = await catalogueNow(services);
  const cells = publishableCells(draft, catalogue);
  const { id, name, version } = draft;
  return createImpact(services, actor, { title: name, source: { kind: "cells", cells }, draft: { id, version } });
}

/** Names of tenants, only if they were found for this version of the draft and the catalogue as it is. */
async function impactOfDraft(services: Services, { id, version }: PlanDraft, revision: number, impact: string) {
  const job = await findJob(services, impact);
  const { draft, revision: foundAt } = (job?.kind === "impact" ? job.params : {}) as Partial<ImpactParams>;
  const isCurrent = draft?.id === id && draft.version === version && foundAt === revision;
  return isCurrent ? readImpactView(services, impact, {}) : null;
}

/** A draft's page: one page of its cells, conflicts in front. Null if there is no such draft. */
export async function readDraftView(services: Services, id: string, query: { page: number; impact?: string }, signal: AbortSignal) {
  const draft = await findDraft(services, id);
  if (!draft) return null;
  const { catalogue } = await catalogueNow(services);
  const all = reviewCells(draft.cells, catalogue);
  const isOpen = draft.state === "open";
  const isPending = isOpen || draft.state === "scheduled";
  const cells = isPending ? [...all.filter((cell) => cell.problem !== null), ...all.filter((cell) => cell.problem === null)] : all;
  const last = Math.max(1, Math.ceil(cells.length / cellsPerPage));
  const page = Math.min(query.page, last);
  const impact = isOpen && query.impact !== undefined ? await impactOfDraft(services, draft, catalogue.revision, query.impact) : null;
  const { cells: _, revision: __, ...shown } = draft;
  return {
    draft: shown,
    cells: cells.slice((page - 1) * cellsPerPage, page * cellsPerPage),
    changes: cells.length,
    problems: isPending ? all.filter((cell) => cell.problem !== null).length : 0,
    page,
    pageSize: cellsPerPage,
    impact,
    effects: isOpen && impact === null ? await draftEffects(services, draft, signal) : null,
    now: services.now(),
  };
}
