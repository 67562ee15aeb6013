import { compileCatalogue } from "~/core/catalogue/catalogue";
import { isJobOver } from "~/core/jobs/job";
import type { Actor, CatalogueFacts, Instant, TenantFacts } from "~/core/model";
import { type Refusal, refuse } from "~/core/outcome";
import type { Act } from "~/core/permissions";
import { type CatalogueUse, type PastEntry, type UndonePart, undoEntries } from "~/core/undo/undo-change-set";
import { whyUndone } from "~/core/undo/undo-params";
import { sentence } from "~/core/undo/undo-words";
import { actToUndoAll } from "~/core/undo/undoable";
import { changeMany } from "~/server/changes/catalogue-change.server";
import type { Services } from "~/server/services.server";
import { actionsOfChangeSet, type ChangeSetRow, changeSetOf } from "~db/store/change-sets.server";
import { readCurrentTenants } from "~db/store/current-tenants.server";
import { readCatalogueFacts } from "~db/store/facts.server";
import { readJob } from "~db/store/jobs.server";
import { whyClosedUndo } from "./closed-undo.server";
import { nameLaterChanges } from "./later-changes.server";
import { readPastEntries, whyNeverUndone } from "./past-entries.server";
import { itemsOf, type UndoItem, undoDigest } from "./undo-items.server";
import { readUse, whyBlocked } from "./undo-limits.server";

/** Entries of one act that are undone in one transaction. */
const maxUndoneEntries = 500;

/**
 * An act that may be undone, and the right that its undo needs. `rows`: its entries, oldest first, of a large act only
 * the first ones. A large act is undone by a job.
 */
export type FoundAct = { ok: true; seq: number; rows: ChangeSetRow[]; act: Act; entries: number; isLarge: boolean };

/** The act of an entry. Null if there is no such entry. */
export async function findAct({ db }: Pick<Services, "db">, seq: number): Promise<FoundAct | Refusal | null> {
  if (!Number.isSafeInteger(seq)) return null;
  const rows = await changeSetOf(db.readAside, db.tables, seq, maxUndoneEntries + 1);
  if (rows.length === 0) return null;
  const changeSet = rows[0]?.changeSet ?? null;
  const isLarge = rows.length > maxUndoneEntries && changeSet !== null;
  const actions = isLarge ? await actionsOfChangeSet(db.readAside, db.tables, changeSet) : rows.map(({ action }) => ({ action, count: 1 }));
  for (const one of actions) {
    const never = whyNeverUndone(one);
    if (never !== null) return refuse("not_undoable", never);
  }
  const job = changeSet === null ? null : await readJob(db.readAside, db.tables, changeSet);
  if (job && !isJobOver(job)) {
    return refuse("not_undoable", "This is part of a job that still runs. Cancel it or wait for its end, then undo.");
  }
  const act = actToUndoAll(actions.map(({ action }) => action)) as Act;
  const entries = actions.reduce((sum, { count }) => sum + count, 0);
  return { ok: true, seq, rows, act, entries, isLarge };
}

const tooLarge = () => refuse("not_undoable", "This act is too large to be undone in one transaction. Its undo is a job.");

export type UndoPreview = {
  ok: true;
  items: UndoItem[];
  /** Parts that stay because something later depends on them. */
  refused: number;
  /** Tenants that change, and the catalogue. */
  changed: number;
  /** Equal as long as the undo would do the same. */
  digest: string;
  /** Why nothing can be written although parts could go back, or null. */
  blocked: string | null;
};

type Undone = { part: UndonePart; items: UndoItem[]; refused: number; changed: number; digest: string };

function compute(
  now: { catalogue: CatalogueFacts; tenants: Map<string, TenantFacts | null> },
  entries: PastEntry[],
  use: CatalogueUse,
  how: Parameters<typeof undoEntries>[3],
): Undone {
  const part = undoEntries(now, entries, use, how);
  const items = itemsOf(part, now.catalogue);
  const refused = items.reduce((sum, { problems }) => sum + problems.filter((p) => p.kind === "refused").length, 0);
  return { part, items, refused, changed: items.filter((item) => item.changes).length, digest: undoDigest(part) };
}

const tenantsOf = (entries: readonly PastEntry[]) => [...new Set(entries.flatMap((e) => (e.kind === "tenant" ? [e.key] : [])))];

const writesOf = ({ part }: Undone) => part.tenants.flatMap(({ before, change }) => (change ? [{ before, change }] : []));

const blockable = (undone: Undone, at: Instant) => ({ change: undone.part.catalogue?.change, writes: writesOf(undone), at });

/** What an undo would do now. Writes nothing. `zone` is the reader's. */
export async function previewUndo(services: Services, actor: Actor, found: FoundAct, zone: string): Promise<UndoPreview | Refusal> {
  const { db, now, newId } = services;
  if (found.isLarge) return tooLarge();
  const entries = await readPastEntries(db.readAside, db.tables, found.rows);
  if (typeof entries === "string") return refuse("not_undoable", entries);
  const catalogue = await readCatalogueFacts(db.readAside, db.tables);
  const at = now();
  const current = await readCurrentTenants(db.readAside, db.tables, tenantsOf(entries), () => compileCatalogue(catalogue), at);
  const use = await readUse(db.readAside, services, entries);
  const undone = compute({ catalogue, tenants: current.facts }, entries, use, { stamp: { now: at, actor, newId }, why: "" });
  const items = await nameLaterChanges(db.readAside, db.tables, undone.items, { after: lastSeq(found), zone, now: at });
  const stopped =
    (await whyClosedUndo(db.readAside, db.tables, actor, found.rows)) ??
    (await whyBlocked(db.readAside, services, catalogue, blockable(undone, at)));
  const { refused, changed, digest } = undone;
  return { ok: true, items, refused, changed, digest, blocked: stopped?.message ?? null };
}

const lastSeq = ({ rows }: FoundAct) => Math.max(...rows.map((row) => row.seq));

export type UndoOptions = {
  /** Goes on although parts stay. */
  partial?: boolean;
  /** The digest of the preview that was looked at. */
  reviewed?: string;
  note?: string | null;
  zone?: string;
};

export type UndoDone = { ok: true; items: UndoItem[]; refused: number; changed: number; changeSet: string };

/** Undoes an act as a new change set, in one transaction. */
export async function undoAct(services: Services, by: Actor, found: FoundAct, options: UndoOptions = {}): Promise<UndoDone | Refusal> {
  const { db, now, newId } = services;
  if (found.isLarge) return tooLarge();
  const entries = await readPastEntries(db.readAside, db.tables, found.rows);
  if (typeof entries === "string") return refuse("not_undoable", entries);
  const actor = { ...by, changeSet: by.changeSet ?? newId("cs") };
  const { refusal, undone } = await undoStep(services, actor, found, entries, options);
  if (refusal && !undone) return refusal;
  const items = await nameLaterChanges(db.readAside, db.tables, undone?.items ?? [], {
    ...{ after: lastSeq(found), zone: options.zone ?? "UTC", now: now() },
  });
  const { refused = 0, changed = 0 } = undone ?? {};
  if (refusal) return refusal.code === "undo_refused" ? (whyRefused({ items, refused, changed }, options) ?? refusal) : refusal;
  return { ok: true, items, refused, changed, changeSet: actor.changeSet };
}

/** Undoes entries of an act, all those of a tenant together. */
async function undoStep(
  services: Services,
  actor: Actor & { changeSet: string },
  { seq, rows }: Pick<FoundAct, "seq" | "rows">,
  entries: PastEntry[],
  { partial, reviewed, note }: UndoOptions,
): Promise<{ refusal: Refusal | null; undone: Undone | undefined }> {
  const why = whyUndone(seq, note);
  let undone: Undone | undefined;
  const result = await changeMany(services, actor, tenantsOf(entries), async (catalogue, tenants, stamp, tx) => {
    const closed = await whyClosedUndo(tx, services.db.tables, actor, rows);
    if (closed) return closed;
    const use = await readUse(tx, services, entries);
    undone = compute({ catalogue, tenants }, entries, use, { stamp, why });
    if (reviewed !== undefined && reviewed !== undone.digest) {
      return refuse("stale", "Something was changed since you looked. Look at what the undo would do now.");
    }
    const blocked = whyRefused(undone, { partial }) ?? (await whyBlocked(tx, services, catalogue, blockable(undone, stamp.now)));
    if (blocked) return blocked;
    return { ok: true, change: { catalogue: undone.part.catalogue?.change ?? null, tenants: writesOf(undone) } };
  });
  return { refusal: result.ok ? null : result, undone };
}

type Parts = Pick<Undone, "items" | "refused" | "changed">;

/** Nothing would go back, or parts would stay without being asked for. */
function whyRefused(parts: Parts, { partial = false }: UndoOptions): Refusal | null {
  if (parts.changed === 0) return refuse("undo_refused", nothingLeft(parts));
  return parts.refused > 0 && !partial ? refuse("undo_refused", firstReason(parts)) : null;
}

function firstReason({ items, refused }: Parts): string {
  const problem = items.flatMap(({ problems }) => problems).find((p) => p.kind === "refused");
  const rest = refused > 1 ? ` ${refused - 1} more ${refused === 2 ? "part stays" : "parts stay"} too.` : "";
  return `${sentence(problem?.message ?? "")}${rest}`;
}

function nothingLeft(undone: Parts): string {
  if (undone.refused > 0) return firstReason(undone);
  const settled = undone.items.flatMap(({ problems }) => problems)[0];
  return settled ? sentence(settled.message) : "Nothing is left to undo.";
}
