import { Ban, Check, CircleSlash, Flag, Hourglass, Layers, PackagePlus, ShieldCheck, X } from "lucide-react";
import type { SourceKind } from "~/core/decision/sources";
import type { TenantStatus } from "~/core/model";
import { Badge, type Tone } from "./badge";
import { cx } from "./cx";

const statusLooks: Record<TenantStatus, { tone: Tone; label: string }> = {
  active: { tone: "yes", label: "Active" },
  suspended: { tone: "warn", label: "Suspended" },
  archived: { tone: "neutral", label: "Archived" },
};

export function StatusPill({ status }: { status: TenantStatus }) {
  const { tone, label } = statusLooks[status];
  return (
    <Badge tone={tone} dot>
      {label}
    </Badge>
  );
}

/** The decision. `compact` keeps the word for screen readers only. */
export function YesNo({ yes, compact, className }: { yes: boolean; compact?: boolean; className?: string }) {
  const Icon = yes ? Check : X;
  return (
    <span className={cx("inline-flex items-center gap-1.5 font-medium text-sm", yes ? "text-yes" : "text-no", className)}>
      <span className={cx("grid size-5 shrink-0 place-items-center rounded-full", yes ? "bg-yes-soft" : "bg-no-soft")}>
        <Icon className="size-3.5" strokeWidth={2.5} aria-hidden="true" />
      </span>
      <span className={compact ? "sr-only" : undefined}>{yes ? "Yes" : "No"}</span>
    </span>
  );
}

const sourceLooks = {
  plan: { tone: "neutral", label: "Plan", icon: Layers },
  add_on: { tone: "neutral", label: "Add-on", icon: PackagePlus },
  trial: { tone: "trial", label: "Trial", icon: Hourglass },
  override: { tone: "override", label: "Override", icon: ShieldCheck },
  flag: { tone: "flag", label: "Flag", icon: Flag },
} as const satisfies Record<SourceKind, { tone: Tone; label: string; icon: typeof Flag }>;

/** The source of an answer; `label` has details ("Starter", "Trial until Friday"). */
export function SourceBadge({
  source,
  label,
  denies,
  className,
}: {
  source: SourceKind;
  label?: string;
  denies?: boolean;
  className?: string;
}) {
  const look = sourceLooks[source];
  const Icon = denies ? Ban : look.icon;
  return (
    <Badge tone={look.tone} icon={<Icon aria-hidden="true" />} className={className}>
      {label ?? look.label}
    </Badge>
  );
}

/** Shown if there is no source. */
export function NoSource() {
  return (
    <Badge tone="neutral" icon={<CircleSlash aria-hidden="true" />}>
      Nothing grants it
    </Badge>
  );
}
