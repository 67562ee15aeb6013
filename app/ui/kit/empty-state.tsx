import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { cx } from "./cx";

/** What to do first if there is nothing to show. */
export function EmptyState(props: { icon: LucideIcon; title: string; children?: ReactNode; action?: ReactNode; className?: string }) {
  const { icon: Icon } = props;
  return (
    <div className={cx("flex flex-col items-center px-6 text-center", props.className ?? "py-12")}>
      <span className="grid size-10 place-items-center rounded-full bg-sunken text-ink-faint">
        <Icon className="size-5" aria-hidden="true" />
      </span>
      <p className="mt-3 font-semibold text-ink text-sm">{props.title}</p>
      {props.children && <div className="mt-1 max-w-sm text-ink-muted text-sm">{props.children}</div>}
      {props.action && <div className="mt-4 flex flex-wrap justify-center gap-2">{props.action}</div>}
    </div>
  );
}
