import { applyCatalogueChange, setPlanEntries } from "~/core/catalogue/catalogue-changes";
import { cellsToPublish, maxScheduledDrafts, type PlanDraft } from "~/core/drafts/plan-draft";
import type { Actor, Instant } from "~/core/model";
import { type Refusal, refuse } from "~/core/outcome";
import { whyPublicationWaits } from "~/server/approvals/publication-approval.server";
import { stampFor } from "~/server/changes/change.server";
import type { Services } from "~/server/services.server";
import { catalogueSharedLock, type Queries } from "~db/database";
import { writeAudit } from "~db/store/audit.server";
import { draftsLock, openDraftOf, readDraft, scheduledDrafts, updateDraft } from "~db/store/drafts.server";
import { readCatalogueFacts } from "~db/store/facts.server";
import { draftGone, draftOver, unscheduled } from "./drafts.server";

export type DraftToSchedule = { version: number; at: Instant; note: string | null };
export type DraftScheduled = { ok: true; draft: PlanDraft } | Refusal;

const locks = [catalogueSharedLock, draftsLock];

/**
 * Schedules the publication of an open draft, or moves one that is scheduled. What could not be published now is refused;
 * the same is asked at its time.
 */
export function scheduleDraft(
  services: Services,
  actor: Actor,
  id: string,
  { version, at, note }: DraftToSchedule,
): Promise<DraftScheduled> {
  const { db, now } = services;
  const t = db.tables;
  return db.transaction(locks, async (tx): Promise<DraftScheduled> => {
    const draft = await readDraft(tx, t, id);
    if (!draft) return draftGone;
    const isMove = draft.state === "scheduled";
    const over = isMove ? null : draftOver(draft);
    if (over) return over;
    const moment = now();
    if (at <= moment) return refuse("schedule_in_past", "Choose a time in the future, or publish the draft now.", "at");
    if (draft.version !== version) return refuse("stale", "The draft was changed since you looked. Review it again, then schedule it.");
    if (!isMove && (await scheduledDrafts(tx, t)).length >= maxScheduledDrafts)
      return refuse("schedule_full", `${maxScheduledDrafts} drafts are scheduled, which is the most. Cancel one first.`);
    const problem = await whyNotPublish(services, tx, draft, actor);
    if (problem) return problem;
    const { kind, id: by, name } = actor;
    const set = { state: "scheduled" as const, publishAt: at, publisher: { kind, id: by, name }, publishNote: note, problem: null };
    await updateDraft(tx, t, id, { ...set, updatedAt: moment });
    const action = isMove ? "draft.publication_moved" : "draft.publication_scheduled";
    const before = isMove ? { publishAt: draft.publishAt } : null;
    const about = { subjectKind: "catalogue", subject: draft.name, before, after: { publishAt: at }, why: note } as const;
    await writeAudit(tx, t, { ...about, action, at: moment, actor });
    return { ok: true, draft: { ...draft, ...set } };
  });
}

/** Why the draft could not be published now by this person, or null. */
async function whyNotPublish(services: Services, tx: Queries, draft: PlanDraft, actor: Actor): Promise<Refusal | null> {
  if (draft.cells.length === 0) return refuse("value_invalid", "The draft has no changes, so there is nothing to publish.");
  const facts = await readCatalogueFacts(tx, services.db.tables);
  const outcome = setPlanEntries(facts, cellsToPublish(draft.cells, facts), stampFor(services, actor));
  if (!outcome.ok) return outcome;
  if (!outcome.change || draft.owner !== actor.id) return null;
  return whyPublicationWaits(tx, services.db.tables, facts, applyCatalogueChange(facts, outcome.change, facts.revision));
}

/** Makes a scheduled draft an open one again. Its owner has one at a time. */
export function cancelPublication({ db, now }: Services, actor: Actor, id: string): Promise<DraftScheduled> {
  const t = db.tables;
  return db.transaction(locks, async (tx): Promise<DraftScheduled> => {
    const draft = await readDraft(tx, t, id);
    if (!draft) return draftGone;
    if (draft.state !== "scheduled") return draftOver(draft) ?? refuse("stale", `The publication of ${draft.name} is not scheduled.`);
    const other = await openDraftOf(tx, t, draft.owner);
    if (other && other.cells.length > 0)
      return refuse("stale", `${draft.ownerName} has another draft, ${other.name}. Publish or discard that one first.`);
    if (other) await updateDraft(tx, t, other.id, { state: "discarded", closedBy: actor.name, closedAt: now(), updatedAt: now() });
    await updateDraft(tx, t, id, { ...unscheduled, state: "open", updatedAt: now() });
    const about = { subjectKind: "catalogue", subject: draft.name, before: { publishAt: draft.publishAt } } as const;
    await writeAudit(tx, t, { ...about, action: "draft.publication_cancelled", at: now(), actor });
    return { ok: true, draft: { ...draft, ...unscheduled, state: "open" } };
  });
}
