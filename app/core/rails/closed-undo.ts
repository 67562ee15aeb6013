import { undoneAction } from "~/core/undo/reverted";
import type { RailedKind } from "./guard-rails";

const opposites: Readonly<Record<string, RailedKind>> = { "trial.granted": "end", "trial.extended": "extend", "trial.ended": "grant" };
const same: Readonly<Record<string, RailedKind>> = { "trial.granted": "grant", "trial.extended": "extend", "trial.ended": "end" };

/** What the undo of an action does to trials: the undo of a grant ends one. Null if it does nothing to them. */
export function railedKindOfUndo(action: string): RailedKind | null {
  const isUndo = action.startsWith("undo.");
  return (isUndo ? same : opposites)[undoneAction(action)] ?? null;
}
