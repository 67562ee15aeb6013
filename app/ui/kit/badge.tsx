import type { ReactNode } from "react";
import { cx } from "./cx";

const tones = {
  neutral: "bg-sunken text-ink-muted",
  accent: "bg-accent-soft text-accent",
  yes: "bg-yes-soft text-yes",
  no: "bg-no-soft text-no",
  warn: "bg-warn-soft text-warn",
  trial: "bg-trial-soft text-trial",
  override: "bg-override-soft text-override",
  flag: "bg-flag-soft text-flag",
};
export type Tone = keyof typeof tones;

type BadgeProps = { tone?: Tone; children: ReactNode; icon?: ReactNode; dot?: boolean; title?: string; className?: string };

export function Badge({ tone = "neutral", children, icon, dot, title, className }: BadgeProps) {
  return (
    <span
      title={title ?? (typeof children === "string" ? children : undefined)}
      className={cx(
        "inline-flex h-5 min-w-0 max-w-full items-center gap-1 rounded-full px-2 align-middle font-medium text-xs [&_svg]:size-3 [&_svg]:shrink-0",
        tones[tone],
        className,
      )}
    >
      {dot && <span className="size-1.5 shrink-0 rounded-full bg-current" aria-hidden="true" />}
      {icon}
      <span className="truncate">{children}</span>
    </span>
  );
}
