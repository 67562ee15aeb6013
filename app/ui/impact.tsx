import type { ReactNode } from "react";
import { Stat, StatRow } from "./key-value";
import { count } from "./pagination";

type Props = {
  gains: number;
  loses: number;
  changes: number;
  /** Not every tenant was evaluated. */
  isLowerBound: boolean;
  /** What they gain or lose. */
  noun?: string;
};

/** How many tenants gain, lose or get another value when a change is saved. */
export function ImpactCounts({ gains, loses, changes, isLowerBound, noun = "it" }: Props) {
  const toned = (n: number, tone: string) => <Toned n={n} tone={tone} prefix={isLowerBound ? "at least " : ""} />;
  return (
    <StatRow className="shadow-none max-sm:grid-cols-1">
      <Stat label={`Gain ${noun}`} value={toned(gains, "text-yes")} unit={unit(gains)} />
      <Stat label={`Lose ${noun}`} value={toned(loses, "text-no")} unit={unit(loses)} />
      <Stat label="Get another value" value={toned(changes, "text-warn")} unit={unit(changes)} />
    </StatRow>
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
