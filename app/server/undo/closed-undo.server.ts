import type { Actor } from "~/core/model";
import { type Refusal, refuse } from "~/core/outcome";
import { railedKindOfUndo } from "~/core/rails/closed-undo";
import { closedTo } from "~/core/rails/guard-rails";
import { readRails } from "~/server/rails/rails.server";
import type { Queries } from "~db/database";
import type { Schema } from "~db/schema";
import type { ChangeSetRow } from "~db/store/change-sets.server";
import { readAdminRights } from "~db/store/rights.server";

type UndoneEntry = Pick<ChangeSetRow, "action" | "actorKind" | "actorId">;

/** Refuses an undo that does what guard rails close to the person's role. Their own acts can always be taken back. */
export async function whyClosedUndo(q: Queries, t: Schema, by: Actor, entries: readonly UndoneEntry[]): Promise<Refusal | null> {
  if (by.kind !== "admin") return null;
  const others = entries.filter(({ actorKind, actorId }) => actorKind !== by.kind || actorId !== by.id);
  const kinds = [...new Set(others.flatMap(({ action }) => railedKindOfUndo(action) ?? []))];
  if (kinds.length === 0) return null;
  const [rules, rights] = [await readRails(q, t), await readAdminRights(q, t, by.id)];
  const closed = kinds.map((kind) => closedTo(rights?.role ?? "viewer", kind, rules)).find((sentence) => sentence !== null);
  return closed ? refuse("guard_rail", `${closed} Ask an admin to undo this.`) : null;
}
