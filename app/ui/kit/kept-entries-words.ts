import type { KeptForm, KeptReason } from "./kept-entries";

/** Title of a notice about a form that could not be saved. */
export function keptTitle(reason: KeptReason, idleMinutes: number | null = null): string {
  if (reason === "lost") return "The connection was lost";
  if (reason === "failed") return "The server could not answer";
  if (idleMinutes === null) return "You were signed out";
  return `Signed out after ${idleMinutes} ${idleMinutes === 1 ? "minute" : "minutes"} of inactivity`;
}

const outcomes: Record<KeptReason, string> = {
  "signed-out": "Nothing was saved.",
  lost: "Your change may not have been saved.",
  failed: "Your change may not have been saved.",
};

/** `isStale`: the edited object has changed since the form was sent. */
export function keptSentences({ reason, fields, omitted }: Pick<KeptForm, "reason" | "fields" | "omitted">, isStale: boolean): string {
  return [
    outcomes[reason],
    fields.length > 0 && "Your entries are kept.",
    omitted.includes("file") && "Choose the file again.",
    omitted.includes("long") && "Long entries could not be kept.",
    isStale && "The saved values have changed since then: check before you save.",
  ]
    .filter(Boolean)
    .join(" ");
}
