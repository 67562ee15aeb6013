import { cx } from "~/ui/kit/cx";
import { cellLooks } from "./matrix-words";

const entries: [string, string][] = [
  ["p", "Plan"],
  ["a", "Add-on"],
  ["t", "Trial"],
  ["o", "Override"],
  ["f", "Flag"],
  ["l", "Full: limit reached"],
  ["d", "Denied by an override"],
  ["x", "Flag off"],
  ["s", "Suspended"],
  ["z", "Archived"],
  ["-", "– not included"],
];

/** What the tints, signs and words of the cells mean. */
export function MatrixLegend() {
  return (
    <ul aria-label="Legend" className={cx("mb-3 flex flex-wrap gap-1.5 text-xs", cellLooks)}>
      {entries.map(([letter, words]) => (
        <li key={letter} data-s={letter} className="rounded border border-line px-1.5 py-0.5 before:mr-1">
          {words}
        </li>
      ))}
    </ul>
  );
}
