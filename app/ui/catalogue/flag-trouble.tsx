import type { Instant } from "~/core/model";
import { AutoRefresh } from "~/ui/kit/auto-refresh";
import { Notice } from "~/ui/kit/notice";
import { Time } from "~/ui/kit/time";
import { exactTime } from "~/ui/kit/time-words";

type Status = { trouble: { since: Instant; why: string } | null; restsOn: "definitions" | "last"; isAsking: boolean };

const meanwhile = {
  definitions: "Until it is back, flags are evaluated from the definitions that it gave last, and checks go on.",
  last: "Until it is back, answers rest on the last known value of each flag, and checks go on. One that grants counts for 24 hours.",
};

/** The basis of answers during an outage. Refreshes while PostHog is being asked. */
export function FlagTroubleNotice({ status, now, className }: { status: Status | null; now: Instant; className?: string }) {
  if (!status) return null;
  const { trouble, restsOn, isAsking } = status;
  return (
    <>
      {isAsking ? <AutoRefresh seconds={1} /> : trouble && <AutoRefresh seconds={5} />}
      {trouble && (
        <Notice kind="warning" role="status" title={trouble.why.replace(/\.$/, "")} className={className}>
          It has told nothing of flags since {exactTime(trouble.since)} (<Time at={trouble.since} now={now} />
          ). {meanwhile[restsOn]}
        </Notice>
      )}
    </>
  );
}
