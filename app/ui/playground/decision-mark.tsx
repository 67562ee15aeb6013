import { Minus } from "lucide-react";
import type { ReasonCode } from "~/core/decision/decide";
import { YesNo } from "~/ui/kit/status";

/** Yes, no, or a quiet dash for a feature that nothing gives. */
export function DecisionMark({ entitled, reason }: { entitled: boolean; reason: ReasonCode }) {
  if (entitled || reason !== "not_in_plan") return <YesNo yes={entitled} compact />;
  return (
    <span className="grid size-5 shrink-0 place-items-center rounded-full bg-sunken text-ink-faint">
      <Minus className="size-3.5" aria-hidden="true" />
      <span className="sr-only">No</span>
    </span>
  );
}
