import { cx } from "~/ui/kit/cx";

/** A key whose bit looks like a check mark. */
export function BrandMark({ className }: { className?: string }) {
  return (
    <svg viewBox="0 0 24 24" className={cx("shrink-0", className ?? "size-6")} aria-hidden="true">
      <rect width="24" height="24" rx="6" className="fill-accent" />
      <g fill="none" strokeWidth="2.2" strokeLinecap="round" strokeLinejoin="round" className="stroke-accent-on">
        <circle cx="8.6" cy="9" r="3.1" />
        <path d="M10.9 11.2l6.3 6.3M14.2 14.5l2.5-2.5M17.2 17.5l1.6-1.6" />
      </g>
    </svg>
  );
}

export function Brand() {
  return (
    <span className="inline-flex items-center gap-2 font-semibold text-ink tracking-tight">
      <BrandMark />
      Latchkey
    </span>
  );
}
