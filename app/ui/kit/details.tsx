import { ChevronRight } from "lucide-react";
import type { ReactNode } from "react";
import { cx } from "./cx";

/** Expandable content; works without JavaScript. */
export function Details({
  summary,
  children,
  open,
  className,
}: {
  summary: ReactNode;
  children: ReactNode;
  open?: boolean;
  className?: string;
}) {
  return (
    <details open={open} className={cx("group/details min-w-0", className)}>
      <summary className="flex w-fit max-w-full items-center gap-1 rounded-sm text-ink-muted text-xs hover:text-ink">
        <ChevronRight className="size-3.5 shrink-0 transition-transform group-open/details:rotate-90" aria-hidden="true" />
        <span className="truncate">{summary}</span>
      </summary>
      <div className="mt-2">{children}</div>
    </details>
  );
}
