import { ArrowRightLeft, Minus, Plus } from "lucide-react";
import { cx } from "~/ui/kit/cx";
import { count } from "~/ui/kit/pagination";

/** `checks`: in 30 days. `over`: what was used, if it is more than the limit will be, or null. */
type Row = { key: string; name: string; before: string | null; after: string | null; checks: number; over: number | null };
type Props = { effect: "gains" | "loses" | "changes"; rows: readonly Row[] };

const looks = {
  gains: { label: "Gains", icon: Plus, head: "bg-yes-soft text-yes" },
  loses: { label: "Loses", icon: Minus, head: "bg-no-soft text-no" },
  changes: { label: "Gets something else of", icon: ArrowRightLeft, head: "bg-warn-soft text-warn" },
};

/** Checks of what is gained were mostly refused, so they are not called use. */
const inUseWords = (effect: Props["effect"], features: number) =>
  `${count(features)} ${effect === "gains" ? "asked for" : "in use"} in 30 days`;

function checkWords(effect: Props["effect"], checks: number): string {
  const noun = checks === 1 ? "check" : "checks";
  return `${count(checks)} ${noun}${effect === "gains" ? " before" : ""}`;
}

/** Names of features that a change gives or takes. */
function AffectedList({ effect, rows }: Props) {
  const { label, icon: Icon, head } = looks[effect];
  if (rows.length === 0) return null;
  const inUse = rows.filter(({ checks }) => checks > 0).length;
  return (
    <section aria-label={label} className="min-w-0 overflow-hidden rounded-control border border-line">
      <h3 className={cx("flex items-center gap-2 px-3 py-1.5 font-medium text-sm", head)}>
        <Icon className="size-4 shrink-0" aria-hidden="true" />
        {label} {count(rows.length)} {rows.length === 1 ? "feature" : "features"}
        {inUse > 0 && <span className="ml-auto font-normal text-xs">{inUseWords(effect, inUse)}</span>}
      </h3>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <ul tabIndex={0} aria-label={label} className="grid max-h-72 gap-x-6 overflow-y-auto px-3 py-1.5 sm:grid-cols-2">
        {rows.map(({ key, name, before, after, checks, over }) => (
          <li key={key} className="flex min-w-0 items-baseline gap-2 py-1 text-sm">
            <span title={`${name} (${key})`} className="min-w-0 truncate text-ink">
              {name}
            </span>
            <span className="ml-auto min-w-0 text-right text-ink-muted text-xs wrap-anywhere">
              {(before !== null || after !== null) && `${before ?? "nothing"} → ${after ?? "nothing"}`}
              {over !== null && <span className="block font-medium text-no">{count(over)} used: over the new limit</span>}
              {checks > 0 && <span className="block">{checkWords(effect, checks)}</span>}
            </span>
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
