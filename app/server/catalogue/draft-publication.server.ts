import { setPlanEntries } from "~/core/catalogue/catalogue-changes";
import { cellsToPublish, type PlanDraft } from "~/core/drafts/plan-draft";
import type { Actor, Instant } from "~/core/model";
import { type Refusal, refuse } from "~/core/outcome";
import { type CatalogueChanged, type CatalogueParts, changeCatalogue } from "~/server/changes/catalogue-change.server";
import type { Services } from "~/server/services.server";
import { draftsLock, dueDrafts, readDraft, updateDraft } from "~db/store/drafts.server";
import { draftGone, draftOver, unscheduled } from "./drafts.server";

export type Publication = {
  /** The version that was reviewed. */
  version: number;
  note: string | null;
};

type Publishing = {
  actor: Actor;
  note: string | null;
  /** Why the draft may not be published in this way, or null. */
  whyNot: (draft: PlanDraft) => Refusal | null;
  isBound?: boolean;
};

/** Publishes a draft as one change set, whole or not at all. Someone else than its owner is the second person that approvals ask for. */
function publish(services: CatalogueParts, id: string, { actor, note, whyNot, isBound }: Publishing): Promise<CatalogueChanged> {
  const { db, now } = services;
  let isBySecondPerson = false;
  const closed = () => ({ ...unscheduled, state: "published" as const, closedBy: actor.name, closedAt: now(), updatedAt: now() });
  return changeCatalogue(
    services,
    actor,
    async (facts, stamp, tx) => {
      const draft = await readDraft(tx, db.tables, id);
      if (!draft) return draftGone;
      const problem = whyNot(draft);
      if (problem) return problem;
      if (draft.cells.length === 0) return refuse("value_invalid", "The draft has no changes, so there is nothing to publish.");
      isBySecondPerson = draft.owner !== actor.id;
      const why = note === null ? draft.name : `${draft.name}: ${note}`;
      return setPlanEntries(facts, cellsToPublish(draft.cells, facts), stamp, why);
    },
    {
      also: (tx) => updateDraft(tx, db.tables, id, closed()),
      isBySecondPerson: () => isBySecondPerson,
      isBound,
    },
  );
}

const edited = refuse("stale", "The draft was changed since you looked. Review it again, then publish.");

/** Publishes an open draft now. All who may change the catalogue may publish; the second one gets a sentence. */
export const publishDraft = (
  services: CatalogueParts,
  actor: Actor,
  id: string,
  { version, note }: Publication,
): Promise<CatalogueChanged> =>
  publish(services, id, { actor, note, whyNot: (draft) => draftOver(draft) ?? (draft.version === version ? null : edited) });

/**
 * Publishes drafts whose time has come, in the name of who scheduled them, whose right is not asked for again. One that
 * is refused stays with the reason until it is moved or cancelled. Returns how many were published.
 */
export async function publishDueDrafts(services: Omit<CatalogueParts, "authority">): Promise<number> {
  const { db, now } = services;
  const t = db.tables;
  let published = 0;
  for (const id of await dueDrafts(db.readAside, t, now())) {
    const draft = await readDraft(db.readAside, t, id);
    if (!draft?.publisher) continue;
    const { publisher, publishNote: note, publishAt } = draft;
    const at = now();
    const isStillDue = (found: PlanDraft) => found.state === "scheduled" && found.publishAt === publishAt && found.problem === null;
    let isOver = false;
    const done = await publish({ ...services, authority: null }, id, {
      ...{ actor: publisher, note, isBound: true },
      whyNot(found) {
        isOver = !isStillDue(found) || at < (found.publishAt as Instant);
        return isOver ? draftGone : null;
      },
    });
    if (done.ok) published++;
    else if (!isOver) await noteProblem(services, id, publishAt, done.message);
  }
  return published;
}

/** Notes why it was not published. Does nothing if it was moved, cancelled or published since. */
async function noteProblem({ db }: Pick<Services, "db">, id: string, publishAt: Instant | null, problem: string): Promise<void> {
  await db.transaction([draftsLock], async (tx) => {
    const draft = await readDraft(tx, db.tables, id);
    if (draft?.state === "scheduled" && draft.publishAt === publishAt) await updateDraft(tx, db.tables, id, { problem });
  });
}
