import type { ReactNode } from "react";
import { cx } from "./cx";

type CardProps = { children: ReactNode; className?: string; flush?: boolean; roomy?: boolean };

/** A white panel. `flush` for tables and lists that reach its edges, `roomy` for a page of one panel. */
export function Card({ children, className, flush, roomy }: CardProps) {
  return (
    <div
      className={cx(
        "min-w-0 rounded-card border border-line bg-surface shadow-card",
        flush ? "overflow-hidden" : roomy ? "p-6 sm:p-7" : "p-4 sm:p-5",
        className,
      )}
    >
      {children}
    </div>
  );
}

type SectionProps = {
  title: ReactNode;
  description?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
  flush?: boolean;
  /** Without a panel. */
  bare?: boolean;
  id?: string;
  className?: string;
};

/** A section with a title. */
export function Section({ title, description, actions, children, flush, bare, id, className }: SectionProps) {
  return (
    <section id={id} aria-labelledby={id && `${id}-title`} className={cx("min-w-0", className)}>
      <div className="flex flex-wrap items-end justify-between gap-x-4 gap-y-2 not-last:mb-2.5">
        <div className="min-w-0">
          <h2 id={id && `${id}-title`} className="font-semibold text-ink text-sm">
            {title}
          </h2>
          {description && <p className="mt-0.5 max-w-prose text-ink-muted text-xs">{description}</p>}
        </div>
        {actions && <div className="flex flex-wrap items-center gap-2 empty:hidden">{actions}</div>}
      </div>
      {bare ? children : <Card flush={flush}>{children}</Card>}
    </section>
  );
}

/** A form's buttons, the primary first. */
export function FormActions({ children, className }: { children: ReactNode; className?: string }) {
  return <div className={cx("flex flex-wrap items-center gap-2 pt-2", className)}>{children}</div>;
}
