import type { ReactNode } from "react";
import { type ChangeEffects, effectNotes } from "~/core/catalogue/effect-words";
import { Stat, StatRow } from "~/ui/kit/key-value";
import { count } from "~/ui/kit/pagination";

type Props = {
  effects: ChangeEffects;
  /** What they gain or lose. */
  noun?: string;
  className?: string;
  /** How to see who they are. */
  children?: ReactNode;
};

/** How many tenants gain, lose or get another value when a change is saved, and how many use it. */
export function EffectsOnTenants({ effects, noun = "it", className, children }: Props) {
  const { gains, loses, changes, isApproximate } = effects.impact;
  const toned = (n: number, tone: string) => <Toned n={n} tone={tone} prefix={isApproximate ? "about " : ""} />;
  return (
    <section aria-label="Effects on tenants" className={className}>
      <StatRow className="shadow-none max-sm:grid-cols-1">
        <Stat label={`Gain ${noun}`} value={toned(gains, "text-yes")} unit={unit(gains)} />
        <Stat label={`Lose ${noun}`} value={toned(loses, "text-no")} unit={unit(loses)} />
        <Stat label="Get another value or limit" value={toned(changes, "text-warn")} unit={unit(changes)} />
      </StatRow>
      <ul className="mt-2 flex flex-col gap-1 text-ink-muted text-xs">
        {effectNotes(effects, noun === "it" ? noun : undefined).map((note) => (
          <li key={note} className="wrap-anywhere">
            {note}
          </li>
        ))}
      </ul>
      {children}
    </section>
  );
}

const unit = (n: number) => (n === 1 ? "tenant" : "tenants");

function Toned({ n, tone, prefix }: { n: number; tone: string; prefix: string }): ReactNode {
  return (
    <span className={n > 0 ? tone : "text-ink-faint"}>
      {prefix && <span className="font-normal text-ink-muted text-sm">{prefix}</span>}
      {count(n)}
    </span>
  );
}
