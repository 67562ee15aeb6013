import type { ReactNode } from "react";
import { cx } from "./cx";

export type KeyValueItem = { label: string; value: ReactNode };

/** Terms and descriptions of one object. */
export function KeyValue({ items, className }: { items: KeyValueItem[]; className?: string }) {
  return (
    <dl className={cx("grid grid-cols-[minmax(6rem,auto)_minmax(0,1fr)] gap-x-6 gap-y-2 text-sm", className)}>
      {items.map(({ label, value }) => (
        <div key={label} className="contents">
          <dt className="text-ink-muted">{label}</dt>
          <dd className="min-w-0 text-ink wrap-anywhere">{value ?? <span className="text-ink-faint">None</span>}</dd>
        </div>
      ))}
    </dl>
  );
}

/** A number with its unit. Group several in a <StatRow>. */
export function Stat({ label, value, unit, hint }: { label: string; value: ReactNode; unit?: string; hint?: ReactNode }) {
  return (
    <div className="min-w-0 bg-surface px-4 py-3">
      <dt className="truncate text-ink-muted text-xs">{label}</dt>
      <dd className="mt-0.5 truncate font-semibold text-ink text-xl tracking-tight">
        {value}
        {unit && <span className="ml-1 font-normal text-ink-muted text-xs tracking-normal">{unit}</span>}
      </dd>
      {hint && <dd className="mt-0.5 truncate text-ink-muted text-xs">{hint}</dd>}
    </div>
  );
}

export function StatRow({ children, className }: { children: ReactNode; className?: string }) {
  return (
    <dl
      className={cx(
        "grid grid-cols-2 gap-px overflow-hidden rounded-card border border-line bg-line shadow-card sm:grid-flow-col sm:auto-cols-fr sm:grid-cols-none",
        className,
      )}
    >
      {children}
    </dl>
  );
}
