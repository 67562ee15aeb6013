import type { Cell } from "~/core/catalogue/catalogue-changes";
import { editCells, maxDraftName, type PlanDraft, resolveCell } from "~/core/drafts/plan-draft";
import type { Actor } from "~/core/model";
import { type Outcome, type Refusal, refuse } from "~/core/outcome";
import { catalogueIn } from "~/server/changes/change.server";
import type { Services } from "~/server/services.server";
import { catalogueSharedLock, type Queries } from "~db/database";
import { writeAudit } from "~db/store/audit.server";
import { draftsLock, insertDraft, openDraftOf, openDrafts, readDraft, updateDraft } from "~db/store/drafts.server";

type Person = Pick<Actor, "id" | "name">;

/** Others' drafts that the plans page names. */
const maxOthers = 10;

export const findDraft = ({ db }: Pick<Services, "db">, id: string) => readDraft(db.readAside, db.tables, id);
export const ownDraft = ({ db }: Pick<Services, "db">, owner: string) => openDraftOf(db.readAside, db.tables, owner);

/** Open drafts of other people. */
export async function othersDrafts({ db }: Pick<Services, "db">, owner: string): Promise<PlanDraft[]> {
  const found = await openDrafts(db.readAside, db.tables, maxOthers + 1);
  return found.filter((draft) => draft.owner !== owner).slice(0, maxOthers);
}

export type DraftSaved = { ok: true; draft: PlanDraft } | Refusal;

/** Edits cells in the person's open draft, and begins one if there is none. All edits are made, or none. */
export async function editDraft(services: Services, { id: owner, name }: Person, edits: readonly Omit<Cell, "was">[]): Promise<DraftSaved> {
  const { db, now, newId } = services;
  return db.transaction([catalogueSharedLock, draftsLock], async (tx): Promise<DraftSaved> => {
    const catalogue = await catalogueIn(services, tx);
    const open = await openDraftOf(tx, db.tables, owner);
    const edited = editCells(open?.cells ?? [], edits, catalogue);
    if (!edited.ok) return edited;
    const cells = edited.change ?? [];
    const at = now();
    if (open) {
      const set = { cells, version: open.version + 1, updatedAt: at };
      await updateDraft(tx, db.tables, open.id, set);
      return { ok: true, draft: { ...open, ...set } };
    }
    const draft: PlanDraft = {
      id: newId("dr"),
      name: `Draft of ${name}`.slice(0, maxDraftName),
      owner,
      ownerName: name,
      cells,
      revision: catalogue.revision,
      version: 1,
      state: "open",
      createdAt: at,
      updatedAt: at,
      closedBy: null,
      closedAt: null,
      ...unscheduled,
    };
    if (cells.length > 0) await insertDraft(tx, db.tables, draft);
    return { ok: true, draft };
  });
}

/** What a draft has that is not scheduled. */
export const unscheduled = { publishAt: null, publisher: null, publishNote: null, problem: null };

export const draftGone = refuse("stale", "There is no such draft.");

const longDate = (at: number) => new Date(at).toISOString().slice(0, 16).replace("T", " ");

/** Why a draft can no longer be changed or published, or null. */
export function draftOver({ state, closedBy, closedAt, name }: PlanDraft): Refusal | null {
  if (state === "open") return null;
  if (state === "scheduled") return refuse("stale", `The publication of ${name} is scheduled. Cancel that first.`);
  const what = state === "published" ? "published" : "discarded";
  return refuse("stale", `${closedBy ?? "Somebody"} ${what} ${name} at ${longDate(closedAt ?? 0)} UTC. Nothing was done now.`);
}

type DraftEdit = Outcome<Parameters<typeof updateDraft>[3]>;
type Edit = (draft: PlanDraft, tx: Queries) => DraftEdit | Promise<DraftEdit>;

/** Changes an open draft. `othersMay`: also one of someone else. */
async function changeDraft({ db, now }: Services, by: Person, id: string, edit: Edit, othersMay = false): Promise<DraftSaved> {
  return db.transaction([catalogueSharedLock, draftsLock], async (tx): Promise<DraftSaved> => {
    const draft = await readDraft(tx, db.tables, id);
    if (!draft) return draftGone;
    const over = draftOver(draft);
    if (over) return over;
    if (draft.owner !== by.id && !othersMay) return refuse("stale", `This is ${draft.ownerName}'s draft: only they can edit it.`);
    const outcome = await edit(draft, tx);
    if (!outcome.ok) return outcome;
    const set = { ...outcome.change, version: draft.version + 1, updatedAt: now() };
    await updateDraft(tx, db.tables, id, set);
    return { ok: true, draft: { ...draft, ...set } };
  });
}

export const renameDraft = (services: Services, by: Person, id: string, name: string) =>
  changeDraft(services, by, id, () => ({ ok: true, change: { name } }));

/** `version` is the one that was shown. */
type Discarding = { version?: number; confirmed?: "on" };

/** Discards a draft. That of someone else only if it is confirmed, and with an entry in the audit log. */
export function discardDraft(services: Services, by: Actor, id: string, { version, confirmed }: Discarding = {}): Promise<DraftSaved> {
  const { db, now } = services;
  const discard: Edit = async (draft, tx) => {
    const at = now();
    if (draft.owner !== by.id) {
      if (!confirmed) return refuse("value_invalid", `Confirm that you discard what ${draft.ownerName} edited.`, "confirmed");
      if (draft.version !== version) return refuse("stale", "The draft was changed since you looked. Review it again, then discard it.");
      const before = { owner: draft.ownerName, changes: draft.cells.length };
      const about = { subjectKind: "catalogue", subject: draft.name, before } as const;
      await writeAudit(tx, db.tables, { ...about, action: "draft.discarded", at, actor: by });
    }
    return { ok: true, change: { state: "discarded", closedBy: by.name, closedAt: at } };
  };
  return changeDraft(services, by, id, discard, true);
}

/** Decides a cell that someone else changed: the draft's value goes on top, or leaves the draft. */
export const resolveDraftCell = (services: Services, by: Person, id: string, at: Pick<Cell, "plan" | "feature">, keep: "mine" | "theirs") =>
  changeDraft(services, by, id, async ({ cells }, tx) => {
    const catalogue = await catalogueIn(services, tx);
    return { ok: true, change: { cells: resolveCell(cells, at, keep, catalogue) } };
  });
