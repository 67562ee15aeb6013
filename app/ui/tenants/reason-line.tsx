import { Check, CircleSlash, Clock, Flag, Gauge, Hourglass, Layers, PackagePlus, ShieldCheck, X } from "lucide-react";
import type { ReactNode } from "react";
import type { ReasonCode } from "~/core/decision/decide";
import type { Instant } from "~/core/model";
import { cx } from "~/ui/kit/cx";
import { Time } from "~/ui/kit/time";

const icons: Partial<Record<ReasonCode, typeof Flag>> = {
  override: ShieldCheck,
  plan: Layers,
  add_on: PackagePlus,
  trial: Hourglass,
  flag_on: Flag,
  flag_off: Flag,
  limit_reached: Gauge,
  not_in_plan: CircleSlash,
};

type ReasonLineProps = {
  reason: ReasonCode;
  entitled: boolean;
  /** The sentence from core. */
  children: ReactNode;
  /** End of the winning source. */
  expiresAt?: Instant | null;
  now: Instant;
  className?: string;
};

/** Why, and until when. */
export function ReasonLine({ reason, entitled, children, expiresAt, now, className }: ReasonLineProps) {
  const Icon = icons[reason] ?? (entitled ? Check : X);
  return (
    <span className={cx("inline-flex min-w-0 flex-wrap items-center gap-x-3 gap-y-0.5 text-ink-muted text-sm", className)}>
      <span className="inline-flex min-w-0 items-start gap-1.5">
        <Icon className="mt-[3px] size-3.5 shrink-0 text-ink-faint" aria-hidden="true" />
        <span className="min-w-0 wrap-anywhere">{children}</span>
      </span>
      {expiresAt != null && (
        <span className="inline-flex items-center gap-1 text-xs">
          <Clock className="size-3 shrink-0" aria-hidden="true" />
          ends <Time at={expiresAt} now={now} />
        </span>
      )}
    </span>
  );
}
