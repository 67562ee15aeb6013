import { Ban, Check, CircleSlash, Flag, Hourglass, Layers, Minus, PackagePlus, ShieldCheck, X } from "lucide-react";
import type { ReasonCode } from "~/core/decision/decide";
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

const markLooks = {
  yes: { icon: Check, text: "text-yes", circle: "bg-yes-soft" },
  no: { icon: X, text: "text-no", circle: "bg-no-soft" },
  absent: { icon: Minus, text: "text-ink-muted", circle: "bg-sunken" },
};

/** Yes, no, or a quiet dash for a feature that nothing gives. `compact` keeps the word for screen readers only. */
export function DecisionMark({ entitled, reason, compact }: { entitled: boolean; reason: ReasonCode; compact?: boolean }) {
  const { icon: Icon, text, circle } = markLooks[entitled ? "yes" : reason === "not_in_plan" ? "absent" : "no"];
  return (
    <span className={cx("inline-flex items-center gap-1.5 font-medium text-sm", text)}>
      <span className={cx("grid size-5 shrink-0 place-items-center rounded-full", circle)}>
        <Icon className="size-3.5" strokeWidth={2.5} aria-hidden="true" />
      </span>
      <span className={compact ? "sr-only" : undefined}>{entitled ? "Yes" : "No"}</span>
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
