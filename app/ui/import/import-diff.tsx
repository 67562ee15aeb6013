import type { DiffLine } from "~/core/import/catalogue-import";
import { Badge, type Tone } from "~/ui/kit/badge";
import { Details } from "~/ui/kit/details";
import { count } from "~/ui/kit/pagination";

type Kind = "added" | "changed" | "archived" | "restored" | "skipped";
type Section = { title: string; kind: Kind; lines: readonly DiffLine[]; more: number };

const tones: { [kind in Kind]: Tone } = { added: "yes", changed: "accent", archived: "warn", restored: "yes", skipped: "neutral" };
const kindWords: { [kind in Kind]: string } = {
  added: "added",
  changed: "changed",
  archived: "archived",
  restored: "restored",
  skipped: "left out",
};

/** Longer lists are collapsed. */
const openUpTo = 25;

/** An import's changes, list by list. */
export function ImportDiffList({ sections }: { sections: readonly Section[] }) {
  return (
    <ul className="divide-y divide-line">
      {sections.map(({ title, kind, lines, more }) => (
        <li key={`${title} ${kind}`} className="px-4 py-3">
          <Details
            open={lines.length <= openUpTo}
            summary={
              <span className="inline-flex items-center gap-2 text-sm">
                <span className="font-medium text-ink">{title}</span>
                <Badge tone={tones[kind]}>{`${count(lines.length + more)} ${kindWords[kind]}`}</Badge>
              </span>
            }
          >
            <ul className="flex flex-col gap-1 pl-5 text-sm">
              {lines.map((line) => (
                <Line key={line.key} line={line} />
              ))}
              {more > 0 && <li className="text-ink-muted">and {count(more)} more</li>}
            </ul>
          </Details>
        </li>
      ))}
    </ul>
  );
}

function Line({ line: { key, name, what } }: { line: DiffLine }) {
  return (
    <li className="wrap-anywhere">
      {name} {name !== key && <span className="font-mono text-ink-faint text-xs">{key}</span>}
      {what.length > 0 && <span className="block text-ink-muted text-xs">{what.join("; ")}</span>}
    </li>
  );
}
