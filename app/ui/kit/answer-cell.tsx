import { Ban, CircleSlash, Flag, Gauge, Hourglass, Layers, type LucideIcon, PackagePlus, PauseCircle, ShieldCheck } from "lucide-react";
import type { AnswerCell, CellState } from "~/core/decision/answer-cell";
import { Badge, type Tone } from "./badge";

type Look = { label: string; tone: Tone; icon: LucideIcon };

const looks: Record<Exclude<CellState, "not_included">, Look> = {
  plan: { label: "Plan", tone: "neutral", icon: Layers },
  add_on: { label: "Add-on", tone: "accent", icon: PackagePlus },
  trial: { label: "Trial", tone: "trial", icon: Hourglass },
  override: { label: "Override", tone: "override", icon: ShieldCheck },
  flag: { label: "Flag", tone: "flag", icon: Flag },
  limit_reached: { label: "Limit reached", tone: "no", icon: Gauge },
  denied: { label: "Denied", tone: "no", icon: Ban },
  flag_off: { label: "Flag off", tone: "flag", icon: CircleSlash },
  suspended: { label: "Suspended", tone: "no", icon: PauseCircle },
  archived: { label: "Archived", tone: "neutral", icon: CircleSlash },
};

/** Value or limit, and the source as a word with its own sign and colour. */
export function AnswerMark({ cell: { state, text } }: { cell: AnswerCell }) {
  if (state === "not_included") {
    return (
      <span className="text-ink-faint">
        <span aria-hidden="true">–</span>
        <span className="sr-only">Not included</span>
      </span>
    );
  }
  const { label, tone, icon: Icon } = looks[state];
  return (
    <span className="flex min-w-0 flex-wrap items-center gap-x-2 gap-y-0.5">
      {text !== null && (
        <span title={text} className="min-w-0 truncate">
          {text}
        </span>
      )}
      <Badge tone={tone} icon={<Icon aria-hidden="true" />} className="shrink-0">
        {label}
      </Badge>
    </span>
  );
}
