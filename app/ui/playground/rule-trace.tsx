import { Ban, Check, CircleDot, CircleSlash, Minus } from "lucide-react";
import type { Considered } from "~/core/decision/considered-rules";
import type { ReasonCode } from "~/core/decision/decide";
import { cx } from "~/ui/kit/cx";

const words = { no: "no", yes: "yes", decides: "decides", not_reached: "not reached" } as const;

/** Every rule in order, with its answer. */
export function RuleTrace({ rules, entitled, reason }: { rules: readonly Considered[]; entitled: boolean; reason: ReasonCode }) {
  const decided = entitled ? "bg-yes-soft text-yes" : reason === "not_in_plan" ? "bg-sunken text-ink" : "bg-no-soft text-no";
  return (
    <ol className="grid gap-1">
      {rules.map(({ rule, asks, answer }) => {
        const decides = answer === "decides";
        const Icon = decides ? (entitled ? CircleDot : reason === "not_in_plan" ? CircleSlash : Ban) : answer === "yes" ? Check : Minus;
        return (
          <li
            key={rule}
            className={cx(
              "flex items-start gap-2 rounded-control px-2 py-1 text-sm",
              decides ? decided : answer === "not_reached" ? "text-ink-faint" : "text-ink-muted",
            )}
          >
            <Icon className="mt-0.5 size-4 shrink-0" aria-hidden="true" />
            <span className="min-w-0 flex-1">{asks}</span>
            <span className={cx("shrink-0 text-xs leading-5", decides && "font-medium")}>{words[answer]}</span>
          </li>
        );
      })}
    </ol>
  );
}
