import type { ReactNode } from "react";
import { Stat, StatRow } from "./key-value";
import { count } from "./pagination";

/** How many tenants gain, lose or get something else when a change is saved. */
export function ImpactCounts({ gains, loses, changes }: { gains: number; loses: number; changes: number }) {
  return (
    <StatRow className="shadow-none max-sm:grid-cols-1">
      <Stat label="Gain it" value={<Toned n={gains} tone="text-yes" />} unit={unit(gains)} />
      <Stat label="Lose it" value={<Toned n={loses} tone="text-no" />} unit={unit(loses)} />
      <Stat label="Get another value" value={<Toned n={changes} tone="text-warn" />} unit={unit(changes)} />
    </StatRow>
  );
}

const unit = (n: number) => (n === 1 ? "tenant" : "tenants");

function Toned({ n, tone }: { n: number; tone: string }): ReactNode {
  return <span className={n > 0 ? tone : "text-ink-faint"}>{count(n)}</span>;
}
