import type { CatalogueFacts, TenantFacts } from "~/core/model";
import type { PastEntry } from "~/core/undo/undo-change-set";
import { actToUndo, whyNotUndoable } from "~/core/undo/undoable";
import type { Queries } from "~db/database";
import type { Schema } from "~db/schema";
import { type ChangeSetRow, documentsAround, revisionMadeAt } from "~db/store/change-sets.server";
import { emptyCatalogue } from "~db/store/facts.server";

/** Why an entry cannot be undone at all, from its head alone, or null. */
export const whyNeverUndone = ({ action }: Pick<ChangeSetRow, "action">): string | null =>
  actToUndo(action) === null ? whyNotUndoable(action) : null;

const noHistory = "This entry is older than the history it would be undone from.";

/** Reads the documents around each entry. A string says why that is not possible. */
export async function readPastEntries(q: Queries, t: Schema, rows: readonly ChangeSetRow[]): Promise<PastEntry[] | string> {
  const entries: PastEntry[] = [];
  for (const row of rows) {
    const entry = await readPastEntry(q, t, row);
    if (typeof entry === "string") return entry;
    entries.push(entry);
  }
  return entries;
}

export async function readPastEntry(q: Queries, t: Schema, row: ChangeSetRow): Promise<PastEntry | string> {
  const { seq, action } = row;
  const never = whyNeverUndone(row);
  if (never !== null) return never;
  const isTenant = row.subjectKind === "tenant";
  const of = isTenant ? { kind: "tenant" as const, subject: row.subject } : { kind: "catalogue" as const, subject: "" };
  const at = row.at.getTime();
  const revision = row.revision ?? (await revisionMadeAt(q, t, of, at));
  const documents = revision === null ? null : await documentsAround(q, t, of, revision);
  if (!documents) return noHistory;
  if (isTenant) {
    const past = { at, before: documents.before as TenantFacts | null, after: documents.after as TenantFacts };
    return { seq, action, kind: "tenant", key: row.subject, past };
  }
  const past = { at, before: (documents.before as CatalogueFacts | null) ?? emptyCatalogue, after: documents.after as CatalogueFacts };
  return { seq, action, kind: "catalogue", past };
}
