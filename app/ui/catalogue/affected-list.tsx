import { ArrowRightLeft, Minus, Plus } from "lucide-react";
import { cx } from "~/ui/kit/cx";
import { count } from "~/ui/kit/pagination";

type Row = { key: string; name: string; group: string | null; before: string | null; after: string | null };
type Props = { effect: "gains" | "loses" | "changes"; rows: readonly Row[] };

const looks = {
  gains: { label: "Gains", icon: Plus, head: "bg-yes-soft text-yes" },
  loses: { label: "Loses", icon: Minus, head: "bg-no-soft text-no" },
  changes: { label: "Gets something else of", icon: ArrowRightLeft, head: "bg-warn-soft text-warn" },
};

/** Names of features that a change gives or takes. */
function AffectedList({ effect, rows }: Props) {
  const { label, icon: Icon, head } = looks[effect];
  if (rows.length === 0) return null;
  return (
    <section aria-label={label} className="min-w-0 overflow-hidden rounded-control border border-line">
      <h3 className={cx("flex items-center gap-2 px-3 py-1.5 font-medium text-sm", head)}>
        <Icon className="size-4 shrink-0" aria-hidden="true" />
        {label} {count(rows.length)} {rows.length === 1 ? "feature" : "features"}
      </h3>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <ul tabIndex={0} aria-label={label} className="grid max-h-72 gap-x-6 overflow-y-auto px-3 py-1.5 sm:grid-cols-2">
        {rows.map(({ key, name, before, after }) => (
          <li key={key} className="flex min-w-0 items-baseline gap-2 py-1 text-sm">
            <span title={`${name} (${key})`} className="min-w-0 truncate text-ink">
              {name}
            </span>
            {(before !== null || after !== null) && (
              <span className="ml-auto min-w-0 text-right text-ink-muted text-xs wrap-anywhere">
                {before ?? "nothing"} → {after ?? "nothing"}
              </span>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

type AffectedListsProps = { [E in Props["effect"]]: readonly Row[] } & {
  /** Shown if no answer changes. */
  none: string;
};

/** What a change takes, gives and changes, what it takes first. */
export function AffectedLists({ gains, loses, changes, none }: AffectedListsProps) {
  if (gains.length + loses.length + changes.length === 0) return <p className="mb-4 text-ink-muted text-sm">{none}</p>;
  return (
    <div className="mb-5 grid gap-4">
      <AffectedList effect="loses" rows={loses} />
      <AffectedList effect="gains" rows={gains} />
      <AffectedList effect="changes" rows={changes} />
    </div>
  );
}
