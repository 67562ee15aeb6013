import type { Json } from "~/core/model";
import { listWords } from "~/core/text";
import { isUndo, undoneAction } from "~/core/undo/reverted";

const nouns: Readonly<Record<string, string>> = {
  "trial.granted": "the trial",
  "trial.extended": "the extension",
  "trial.ended": "the end of the trial",
  "trial.converted": "the conversion",
  "override.set": "the override",
  "override.extended": "the extension",
  "override.ended": "the end of the override",
  "tenant.created": "the creation",
  "tenant.updated": "a change",
  "tenant.plan_changed": "a change of the plan",
  "tenant.suspended": "the suspension",
  "tenant.reinstated": "the reinstatement",
  "tenant.archived": "the archiving",
  "feature.created": "the creation",
  "feature.updated": "a change",
  "feature.archived": "the archiving",
  "feature.restored": "the restoring",
  "plan.created": "the creation",
  "plan.updated": "a change",
  "plan.entries_changed": "a change of features",
  "plan.archived": "the archiving",
  "plan.restored": "the restoring",
  "plan.deleted": "the deletion",
};

const maxNamed = 3;

/**
 * "undid the trial of Single sign-on for Acme", or null if the action is no undo. `subject` follows "of"; it is null on
 * the subject's own page.
 */
export function undoPhrase(
  action: string,
  after: Json,
  { subject, feature }: { subject: string | null; feature: (key: string) => string },
): string | null {
  if (!isUndo(action)) return null;
  const verb = action.startsWith("undo.") ? "undid" : "redid";
  const base = undoneAction(action);
  if (base === "catalogue.imported") return `${verb} an import of a catalogue`;
  const noun = nouns[base] ?? "a change";
  if (!base.startsWith("trial.") && !base.startsWith("override."))
    return subject === null ? `${verb} ${noun}` : `${verb} ${noun} of ${subject}`;
  const keys = featuresIn(after);
  const names = keys.slice(0, maxNamed).map(feature);
  const features = listWords(keys.length > maxNamed ? [...names, `${keys.length - maxNamed} more`] : names);
  return `${verb} ${noun}${features && ` of ${features}`}${subject === null ? "" : ` for ${subject}`}`;
}

function featuresIn(after: Json): string[] {
  const grants = typeof after === "object" && after !== null && !Array.isArray(after) ? after.grants : undefined;
  const list = Array.isArray(grants) ? (grants as { feature: string }[]) : [];
  return [...new Set(list.map(({ feature }) => feature))];
}
