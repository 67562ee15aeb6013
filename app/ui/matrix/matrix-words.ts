import type { CellLetter } from "~/core/matrix/matrix-cell";

/** What a cell says of its state. Nothing is included if there is no word. */
export const cellWords: Record<CellLetter, string> = {
  p: "Plan",
  a: "Add-on",
  t: "Trial",
  o: "Override",
  f: "Flag",
  l: "Full",
  d: "Denied",
  x: "Flag off",
  s: "Suspended",
  z: "Archived",
  "-": "–",
};

/** Classes of a table's cells by `data-s`: a tint and a mark at the edge, of another kind for each state. */
export const cellLooks = [
  "[&_[data-s=p]]:bg-surface [&_[data-s=p]]:text-ink",
  "[&_[data-s=a]]:bg-accent-soft [&_[data-s=a]]:text-accent [&_[data-s=a]]:before:content-['+']",
  "[&_[data-s=t]]:bg-trial-soft [&_[data-s=t]]:text-trial [&_[data-s=t]]:before:content-['◷']",
  "[&_[data-s=o]]:bg-override-soft [&_[data-s=o]]:text-override [&_[data-s=o]]:before:content-['◆']",
  "[&_[data-s=f]]:bg-flag-soft [&_[data-s=f]]:text-flag [&_[data-s=f]]:before:content-['⚑']",
  "[&_[data-s=x]]:bg-flag-soft [&_[data-s=x]]:text-flag [&_[data-s=x]]:before:content-['⚐']",
  "[&_[data-s=l]]:bg-warn-soft [&_[data-s=l]]:text-warn [&_[data-s=l]]:before:content-['▮']",
  "[&_[data-s=d]]:bg-no-soft [&_[data-s=d]]:text-no [&_[data-s=d]]:before:content-['⊘']",
  "[&_[data-s=s]]:bg-sunken [&_[data-s=s]]:text-ink-muted [&_[data-s=s]]:before:content-['‖']",
  "[&_[data-s=z]]:bg-sunken [&_[data-s=z]]:text-ink-muted",
  "[&_[data-s='-']]:text-ink-faint",
];
