import type { Json } from "~/core/model";
import { cx } from "./cx";

type Line = { path: string; before?: string; after?: string };

/** Changed values of two documents, one per line. */
export function Diff({ before, after, className }: { before: Json | undefined; after: Json | undefined; className?: string }) {
  const lines = diffLines(before, after);
  if (lines.length === 0) return <p className="text-ink-muted text-xs">Nothing changed.</p>;
  return (
    <ul
      className={cx(
        "divide-y divide-line overflow-hidden rounded-control border border-line bg-surface font-mono text-xs leading-5",
        className,
      )}
    >
      {lines.map(({ path, before: was, after: is }) => (
        <li key={path} className="diff-line">
          <span title={path}>{path || "value"}</span>
          <span>
            {was !== undefined && (
              <del>
                <span className="sr-only">before: </span>
                <span aria-hidden="true">− </span>
                {was}
              </del>
            )}
            {is !== undefined && (
              <ins>
                <span className="sr-only">after: </span>
                <span aria-hidden="true">+ </span>
                {is}
              </ins>
            )}
          </span>
        </li>
      ))}
    </ul>
  );
}

export function diffLines(before: Json | undefined, after: Json | undefined): Line[] {
  const was = flatten(before);
  const is = flatten(after);
  return [...new Set([...was.keys(), ...is.keys()])]
    .map((path): Line => ({ path, before: was.get(path), after: is.get(path) }))
    .filter((line) => line.before !== line.after);
}

/** Maps paths to leaves as text. Lists of plain values stay on one line; empty lists and objects are leaves. */
function flatten(value: Json | undefined, path = "", into = new Map<string, string>()): Map<string, string> {
  if (value === undefined) return into;
  const isLeaf =
    value === null || typeof value !== "object" || (Array.isArray(value) && value.every((v) => v === null || typeof v !== "object"));
  const entries = isLeaf ? [] : Object.entries(value);
  if (entries.length === 0) into.set(path, JSON.stringify(value));
  for (const [key, child] of entries) flatten(child, path === "" ? key : `${path}.${key}`, into);
  return into;
}
