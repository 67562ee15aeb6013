import type { Instant } from "~/core/model";

/** Why a part of an act does not go back. */
export type UndoProblem = {
  /** Path in the document: "plan", "addOns/boost", "grants/gr_1", "plans/pro/entries/sso". */
  field: string;
  /** A sentence. */
  message: string;
  /** `refused`: something later depends on it. `settled`: nothing is left to undo. */
  kind: "refused" | "settled";
  /** A later change is the reason; its audit entry says by whom and when. */
  isChanged?: true;
};

/** `change` is null if nothing goes back. */
export type Reverted<Change> = { change: Change | null; problems: UndoProblem[] };

/** One change: the documents before and after it, and its instant. */
export type PastChange<Facts, Before = Facts> = { before: Before; after: Facts; at: Instant };

/** Collects the problems of one revert. */
export function createProblems() {
  const problems: UndoProblem[] = [];
  return {
    problems,
    refuse: (field: string, message: string) => void problems.push({ field, message, kind: "refused" }),
    refuseChanged: (field: string, message: string) => void problems.push({ field, message, kind: "refused", isChanged: true }),
    settle: (field: string, message: string) => void problems.push({ field, message, kind: "settled" }),
  };
}
export type Problems = ReturnType<typeof createProblems>;

/** "undo.trial.granted"; of an undo "redo.trial.granted", and of that "undo.trial.granted" again. */
export type Undone<Action extends string> = `undo.${Action}` | `redo.${Action}`;

const prefix = /^(undo|redo)\./;

/** The action without a prefix. */
export const undoneAction = (action: string): string => action.replace(prefix, "");

export const isUndo = (action: string): boolean => prefix.test(action);

/** The action of undoing an action. */
export const undoActionOf = (action: string) => `${action.startsWith("undo.") ? "redo" : "undo"}.${undoneAction(action)}` as Undone<string>;

export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** What was archived before the change may be given back as it was. */
export const isArchivedSince = ({ archivedAt }: { archivedAt: Instant | null }, at: Instant): boolean =>
  archivedAt !== null && archivedAt > at;
