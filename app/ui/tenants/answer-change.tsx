import { ArrowRight } from "lucide-react";
import type { AnswerRow } from "~/core/decision/answer-row";
import type { Instant } from "~/core/model";
import { cx } from "~/ui/kit/cx";
import { DecisionMark } from "~/ui/kit/status";
import { ReasonLine } from "./reason-line";

type Props = { before: AnswerRow; after: AnswerRow; now: Instant; labels?: [string, string]; className?: string };

/** An answer before and after a change. */
export function AnswerChange({ before, after, now, labels = ["Before", "After"], className }: Props) {
  return (
    <div className={cx("grid items-start gap-x-3 gap-y-2 sm:grid-cols-[minmax(0,1fr)_auto_minmax(0,1fr)]", className)}>
      <Answer label={labels[0]} row={before} now={now} />
      <ArrowRight className="mt-6 size-4 text-ink-faint max-sm:hidden" aria-hidden="true" />
      <Answer label={labels[1]} row={after} now={now} />
    </div>
  );
}

function Answer({ label, row, now }: { label: string; row: AnswerRow; now: Instant }) {
  return (
    <div className="min-w-0">
      <p className="mb-1 text-ink-faint text-xs">{label}</p>
      <p className="flex min-w-0 items-center gap-2">
        <DecisionMark entitled={row.entitled} reason={row.reason} />
        {row.gives !== null && <span className="min-w-0 text-ink text-sm wrap-anywhere">{row.gives}</span>}
      </p>
      <ReasonLine reason={row.reason} entitled={row.entitled} expiresAt={row.expiresAt} now={now} className="mt-0.5">
        {row.message}
      </ReasonLine>
    </div>
  );
}
